"""Checks a plan of groups from the members and the spec alone: every hard rule, everybody's place, every number.

Rules are asked one by one of the profiles (:mod:`matcher.grouping.rules`), in a form that no search uses; meeting times
are worked out from calendars. Of a solver nothing is imported and nothing believed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from matcher.embedding.population import FacetMeans
from matcher.errors import VerificationError
from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.plan import GroupPlan, LocalTime, PlannedGroup, Terms
from matcher.grouping.plan_rules import moved, must_leave, plan_violations
from matcher.grouping.rules import Violation, draft_of, group_violations
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from matcher.verification.group_bound import RowBound, row_bound
from matcher.verification.group_terms import GroupWorth, group_worth, target_shares, terms_of

_SHOWN = 5
_ROUNDING = 1e-9
"""Of a member's fit, and for each member placed of a sum: sums of floats depend on their order."""


def verify_groups(
    members: Iterable[MemberProfile], spec: GroupSpec, plan: GroupPlan, *, means: FacetMeans | None = None
) -> None:
    """Check a plan, of :func:`form_groups` or changed by hand.

    * every group: size, who may be in it and who may lead it, the rules between any two, language, region, meeting
      time (offered, and everybody can come in every week), nobody alone, thresholds;
    * all groups: how many, nobody twice, facilitators' loads and times, together, locks, what is kept, churn;
    * everybody who is to be placed, or is asked for and left out, is in exactly one group, or leads, or is unplaced;
    * the numbers: fits, worst fits, make-up, all terms, and who is moved or must leave;
    * times: the meetings in UTC, and what every member's clock shows;
    * the bound: not below the plan, the gap the one between them, ``optimal`` only without one. For up to 900 members
      it is computed anew (:mod:`matcher.verification.group_bound`) and the plan's may not be below that. A dozen
      members may have a lower one, from looking at every plan, which is not done again here; nor is a bound of more.

    Args:
        members: all members that were given to the solver, in any order.
        spec: what was asked for.
        plan: the plan.
        means: what unknown facets score, if they were given to the solver; else estimated from ``members``.

    Raises:
        VerificationError: naming the first promise that is broken: the group, the rule, the members' ids.

    Cost: some 200 microseconds a member, half of it to read profiles, and up to 900 members once more for the bound; a
    minute for 100,000 members is ample.
    """
    _require(plan.spec_hash == spec.fingerprint(), "spec_hash: the plan is of another spec")
    community = Community.of(members, spec, plan.as_of, means)
    drafts = [draft_of(group) for group in plan.groups]
    _check_order(plan)
    for draft in drafts:
        _refuse(f"group {draft.name!r}", group_violations(draft, community))
    _refuse("plan", plan_violations(drafts, community))
    _check_places(plan, drafts, community)
    _check_moves(plan, drafts, community)
    targets = target_shares(community)
    worths = [group_worth(draft.members, community, targets) for draft in drafts]
    for group, worth in zip(plan.groups, worths, strict=True):
        _check_worth(group, worth)
        _check_times(group, community)
    _check_terms(plan.terms, terms_of(worths, len(plan.moved), community))
    _check_bound(plan, row_bound(community))


def _require(holds: bool, broken: str) -> None:
    if not holds:
        raise VerificationError(broken)


def _refuse(where: str, violations: Sequence[Violation]) -> None:
    if violations:
        first = violations[0]
        # Together with somebody's id, the text could say in a log what only their coordinator may know.
        raise VerificationError(f"{where}: breaks {first.rule}: {_listed(first.members) or first.text}")


def _listed(names: Iterable[str]) -> str:
    """The first few of some ids."""
    found = sorted(names)
    return ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")


def _check_order(plan: GroupPlan) -> None:
    _require(_is_sorted([group.name for group in plan.groups]), "groups: not in order of their names")
    _require(_is_sorted([left.member_id for left in plan.unplaced]), "unplaced: not each once, in order of their ids")
    for group in plan.groups:
        _require(_is_sorted(group.member_ids), f"group {group.name!r}: members not each once, in order of their ids")
        _require(_is_sorted(group.facilitators), f"group {group.name!r}: facilitators not each once, in order")


def _is_sorted(names: Sequence[str]) -> bool:
    return all(one < other for one, other in itertools.pairwise(names))


def _check_places(plan: GroupPlan, drafts: Sequence[GroupDraft], community: Community) -> None:
    settled = {person for draft in drafts for person in (*draft.members, *draft.facilitators)}
    expected = {
        name
        for name in community.members
        if name not in settled and {"who", "leads"}.isdisjoint(community.barriers(name))
    }
    listed = {left.member_id for left in plan.unplaced}
    strangers = listed - expected
    _require(not strangers, f"unplaced: placed, leading, or not to be placed at all: {_listed(strangers)}")
    missing = expected - listed
    _require(not missing, f"unplaced: in no group and not listed: {_listed(missing)}")
    for left in plan.unplaced:
        _require(bool(left.code and left.text), f"unplaced: no reason given for {left.member_id}")
    _require(
        plan.diagnosis is None or plan.diagnosis.unplaced == len(plan.unplaced) > 0,
        "diagnosis: of another number of unplaced members",
    )


def _check_moves(plan: GroupPlan, drafts: Sequence[GroupDraft], community: Community) -> None:
    _require(plan.must_leave == must_leave(community), "must_leave: not those whom a rule takes out of their group")
    _require(plan.moved == moved(drafts, community), "moved: not those who could stay in their group and do not")
    for group in plan.groups:
        existing = community.existing.get(group.name)
        if existing is not None:
            _require(group.locked or not existing.locked, f"group {group.name!r}: locked, and not shown as such")


def _check_worth(group: PlannedGroup, worth: GroupWorth) -> None:
    where, fits = f"group {group.name!r}", worth.fits.tolist()
    for place, fit in zip(group.members, fits, strict=True):
        _require(_close(place.fit, fit, 1), f"{where}: fit: not the mean score with the others: {place.member_id}")
    _require(_close(group.fit, math.fsum(fits) / len(fits), 1), f"{where}: fit: not the mean of its members' fits")
    _require(_close(group.worst_fit, min(fits), 1), f"{where}: worst_fit: not the smallest of its members' fits")
    rows = [(row.attribute, row.rule, row.counts) for row in worth.mix]
    _require([(row.attribute, row.rule, row.counts) for row in group.mix] == rows, f"{where}: mix: wrong counts")
    for shown, row in zip(group.mix, worth.mix, strict=True):
        _require(_close(shown.penalty, row.penalty, 1), f"{where}: mix: wrong penalty for {row.attribute}")


def _check_times(group: PlannedGroup, community: Community) -> None:
    where, attendance, slot = f"group {group.name!r}", community.attendance, group.slot
    shown: Callable[[str], tuple[LocalTime, ...]] = lambda _: ()  # noqa: E731
    if attendance is not None and slot is not None:
        meeting = attendance.meeting
        kept = (slot.time_zone, slot.length_minutes) == (meeting.time_zone, meeting.length_minutes)
        _require(kept, f"{where}: slot: not on the clock, or not of the length, that the spec asks for")
        _require(slot.utc == attendance.starts(slot), f"{where}: slot: not the meetings in UTC")
        shown = lambda zone: attendance.local_times(slot, zone)  # noqa: E731
    for place in group.members:
        zone = community.members[place.member_id].time_zone
        times = () if zone is None else shown(zone)
        _require(place.local_times == times, f"{where}: local_times: not what the clock shows of {place.member_id}")


def _check_terms(shown: Terms, terms: Terms) -> None:
    _require(shown.placed == terms.placed, "terms: placed: not the number of members in groups")
    size = max(1, terms.placed)
    for name in ("fit", "worst", "size", "churn"):
        _require(
            _close(getattr(shown, name), getattr(terms, name), size), f"terms: {name}: not the sum over the groups"
        )
    _require(
        len(shown.mix) == len(terms.mix) and all(map(lambda a, b: _close(a, b, size), shown.mix, terms.mix)),
        "terms: mix: not the sums over the groups",
    )


def _check_bound(plan: GroupPlan, best: RowBound | None) -> None:
    bound, total, size = plan.upper_bound, plan.terms.total, max(1, plan.terms.placed)
    _require(math.isfinite(bound), "upper_bound: not a number")
    _require(bound >= total - _ROUNDING * size, "upper_bound: below the plan itself")
    if best is not None:
        low = best.value - _ROUNDING * max(1.0, best.value)
        _require(not best.tightest or bound >= low, "upper_bound: below what members could fit at best")
    gap = (bound - total) / abs(bound) if bound else 0.0
    _require(_close(plan.gap, gap, 1), "gap: not the one between plan and bound")
    _require(plan.status != "optimal" or _close(bound, total, size), "status: optimal, but the bound is higher")


def _close(shown: float, value: float, size: int) -> bool:
    return abs(shown - value) <= _ROUNDING * size
