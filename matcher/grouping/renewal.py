"""A plan some time later: which rules it still keeps, and the same groups with the numbers of today.

Members change between the day when groups were formed and the day when they begin: they withdraw, block somebody, get
older, come to be. Groups are kept as they are here; who is to change them is asked elsewhere.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Sequence

from matcher.embedding.population import FacetMeans
from matcher.grouping.cohort import gather
from matcher.grouping.community import Community
from matcher.grouping.evaluation import describe
from matcher.grouping.plan import GroupPlan, Unplaced
from matcher.grouping.plan_locks import locked_members, with_locks
from matcher.grouping.plan_rules import moved, must_leave, plan_violations
from matcher.grouping.rules import Violation, draft_of, group_violations
from matcher.grouping.spec import GroupSpec
from matcher.members.fingerprints import members_hash
from matcher.members.profile import MemberProfile

Broken = tuple[str | None, Violation]
"""A rule that is broken, and the name of the group; ``None`` for a rule of the plan as a whole."""


def broken_by_now(
    members: Sequence[MemberProfile], spec: GroupSpec, plan: GroupPlan, as_of: datetime.date, means: FacetMeans
) -> tuple[Broken, ...]:
    """Every hard rule that a plan breaks, with the members as they are on a day; some 200 microseconds a member.

    Args:
        members: the community as it is.
        spec: what the plan answers.
        plan: the plan.
        as_of: the day for ages and stages.
        means: what unknown facets score.
    """
    community = Community.of(members, spec, as_of, means)
    drafts = [draft_of(group) for group in plan.groups]
    found: list[Broken] = [(one.name, broken) for one in drafts for broken in group_violations(one, community)]
    return (*found, *((None, broken) for broken in plan_violations(drafts, community)))


def broken_near(
    names: Collection[str],
    members: Sequence[MemberProfile],
    spec: GroupSpec,
    plan: GroupPlan,
    as_of: datetime.date,
    means: FacetMeans,
) -> tuple[Broken, ...]:
    """The same of a plan that broke no rule until some members changed: it is enough to ask their groups.

    Args:
        names: ids of the members who have changed, or have gone.
        members, spec, plan, as_of, means: as in :func:`broken_by_now`; the day is the one before.
    """
    drafts = [draft_of(group) for group in plan.groups]
    near = [one for one in drafts if any(person in names for person in (*one.members, *one.facilitators))]
    needed = {person for one in near for person in (*one.members, *one.facilitators)}
    if spec.churn is not None:  # who could stay and is moved is asked of all who were in groups
        needed.update(person for group in spec.groups for person in (*group.members, *group.facilitators))
    community = Community.of((one for one in members if one.member_id in needed), spec, as_of, means)
    found: list[Broken] = [(one.name, broken) for one in near for broken in group_violations(one, community)]
    return (*found, *((None, broken) for broken in plan_violations(drafts, community)))


def renewed(
    members: Sequence[MemberProfile], spec: GroupSpec, plan: GroupPlan, as_of: datetime.date, means: FacetMeans
) -> GroupPlan:
    """The groups of a plan that breaks no rule, described as of another day: fits, times, worth, who has no group.

    The plan itself if nothing has changed. Otherwise its bound, which was for other members, gives way to one that
    holds for any. Cost: some 100 microseconds a member.

    Args:
        members, spec, plan, as_of, means: as in :func:`broken_by_now`.

    Raises:
        InvalidProblem: if the spec names somebody who is not there any more.
    """
    now = members_hash(members)
    if (now, as_of) == (plan.members_hash, plan.as_of):
        return plan
    cohort, community = gather(members, spec, as_of, means), Community.of(members, spec, as_of, means)
    drafts = [draft_of(group) for group in plan.groups]
    gone = moved(drafts, community)
    groups, terms = describe(cohort, drafts, moved=len(gone), times=cohort.times())
    held = locked_members(plan, spec)
    unplaced = _unplaced(plan, community, {one.member_id: one for one in cohort.left_out})
    bound = max(len(cohort.members) * (1 + spec.preferences.worst), terms.total)
    same_people = [one.member_id for one in unplaced] == [one.member_id for one in plan.unplaced]
    return dataclasses.replace(
        plan,
        groups=tuple(with_locks(group, held) for group in groups),
        unplaced=unplaced,
        terms=terms,
        upper_bound=bound,
        gap=(bound - terms.total) / abs(bound) if bound else 0.0,
        status="feasible" if plan.status == "optimal" else plan.status,
        as_of=as_of,
        members_hash=now,
        moved=gone,
        must_leave=must_leave(community),
        diagnosis=plan.diagnosis if same_people else None,
    )


def _unplaced(plan: GroupPlan, community: Community, left_out: dict[str, Unplaced]) -> tuple[Unplaced, ...]:
    """Everybody who is to be placed, or is asked for and left out, and has no group."""
    settled = {name for group in plan.groups for name in (*group.member_ids, *group.facilitators)}
    known = {one.member_id: one for one in plan.unplaced}
    names = [
        name
        for name in sorted(community.members)
        if name not in settled and {"who", "leads"}.isdisjoint(community.barriers(name))
    ]
    return tuple(left_out.get(name) or known.get(name) or came_later(name) for name in names)


def came_later(name: str) -> Unplaced:
    """Somebody without a group whom the plan knows nothing of."""
    what = "could be placed only after the groups were formed"
    return Unplaced(name, "came_later", what, "look where they could still go, or solve again around the plan")
