"""Where somebody who comes late could still go, without changing anything else of a plan."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidRequest, Problem, UnknownMember
from matcher.grouping.draft import GroupDraft
from matcher.grouping.evaluation import describe
from matcher.grouping.plan import GroupPlan, LocalTime, PlannedGroup
from matcher.grouping.rules import draft_of
from matcher.grouping.spec import GroupSpec
from matcher.grouping.standing_plan import StandingPlan
from matcher.members.profile import MemberProfile

MOST_PLACES = 100


@dataclass(frozen=True, slots=True)
class Placement:
    """A group that could take the latecomer in.

    Attributes:
        group: its name.
        size: members with the latecomer.
        placed, change: how the plan's :class:`~matcher.grouping.plan.Terms` would change: members placed, and total.
            A group that is the worse for one more can have a negative ``change``.
        fit: the latecomer's mean score with the others.
        worst_fit: of the member who would then fit least.
        reasons: why the latecomer fits, made only of what the others agreed to show.
        local_times: when they would meet, on the latecomer's clock.
        warnings: what a coordinator should look at in the group as it would be.
    """

    group: str
    size: int
    placed: int
    change: float
    fit: float
    worst_fit: float
    reasons: tuple[str, ...]
    local_times: tuple[LocalTime, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LatecomerPlaces:
    """Where a latecomer could go.

    Attributes:
        member_id: who.
        placements: the best groups, best first.
        possible: groups that could take them in.
        open_groups: groups of the plan that are open to latecomers and not locked.
        why_not: for the open groups that cannot, how many there are by the code of the first rule that stands in the
            way, commonest first; ``size`` for those that are full.
    """

    member_id: str
    placements: tuple[Placement, ...]
    possible: int
    open_groups: int
    why_not: tuple[tuple[str, int], ...]


def place_latecomer(
    members: Sequence[MemberProfile],
    spec: GroupSpec,
    plan: GroupPlan,
    latecomer: MemberProfile | str,
    *,
    means: FacetMeans | None = None,
    k: int = 5,
) -> LatecomerPlaces:
    """Rank the open groups of a plan that have room for one more. No rule is bent, and nobody else is moved.

    Members who are in the plan and may be in no group any more are counted as gone. Cost: some 100 microseconds a
    member of the plan, and a second to estimate ``means``.

    Args:
        members: the community, with or without the latecomer.
        spec: what the plan answers.
        plan: the plan.
        latecomer: a profile, or the id of one of ``members``.
        means: what unknown facets score; as the community has it if not given.
        k: at most so many groups are described, from 1 to 100.

    Raises:
        UnknownMember: if nobody has that id.
        InvalidRequest: if the latecomer is placed already, leads groups, or k is out of range.
        InvalidProblem: if the spec names somebody who is not there.
    """
    if not 1 <= k <= MOST_PLACES:
        raise InvalidRequest(Problem("k", "out of range", f"1 to {MOST_PLACES}"))
    profile = _profile(members, latecomer)
    own = profile.member_id
    if any(own in group.member_ids or own in group.facilitators for group in plan.groups):
        raise InvalidRequest(Problem("latecomer", "is in a group already, or leads one", "somebody without a group"))
    standing = StandingPlan.of(members, spec, plan, means, (profile,))
    is_open = [group for group in plan.groups if group.open and not group.locked]
    if not standing.community.in_cohort(own) or own not in standing.cohort.position:
        code = (*standing.community.barriers(own), "region")[0]
        return LatecomerPlaces(own, (), 0, len(is_open), ((code, len(is_open)),) if is_open else ())
    return _Arrival(standing, plan, own).ranked(is_open, k)


def _profile(members: Sequence[MemberProfile], latecomer: MemberProfile | str) -> MemberProfile:
    if isinstance(latecomer, MemberProfile):
        return latecomer
    found = next((member for member in members if member.member_id == latecomer), None)
    if found is None:
        raise UnknownMember(latecomer)
    return found


class _Arrival:
    """One latecomer and one plan."""

    def __init__(self, standing: StandingPlan, plan: GroupPlan, own: str) -> None:
        self._standing, self._own = standing, own
        self._conflicts = standing.community.conflicts_of(own)
        group_of = plan.group_of()
        friends = {friend for bundle in standing.spec.bundles() if own in bundle for friend in bundle} - {own}
        self._only = {group_of.get(friend) for friend in friends}
        left = {group.name for group in standing.spec.groups if own in group.members} if own in plan.moved else set()
        self._left = left

    def ranked(self, groups: Sequence[PlannedGroup], k: int) -> LatecomerPlaces:
        why_not: Counter[str] = Counter()
        possible: list[tuple[GroupDraft, GroupDraft]] = []
        for group in groups:
            before = self._without_those_who_left(draft_of(group))
            after = dataclasses.replace(before, members=tuple(sorted((*before.members, self._own))))
            obstacle = self._obstacle(before, after)
            if obstacle is None:
                possible.append((before, after))
            else:
                why_not[obstacle] += 1
        change = self._changes(possible)
        order = np.lexsort((np.arange(len(possible)), -change))[:k].tolist()  # groups are in the order of their names
        placements = self._described([possible[place][1] for place in order], change[order].tolist())
        counts = tuple(sorted(why_not.items(), key=lambda one: (-one[1], one[0])))
        return LatecomerPlaces(self._own, placements, len(possible), len(groups), counts)

    def _without_those_who_left(self, draft: GroupDraft) -> GroupDraft:
        position = self._standing.cohort.position
        if all(member in position for member in draft.members):
            return draft
        return dataclasses.replace(draft, members=tuple(member for member in draft.members if member in position))

    def _obstacle(self, before: GroupDraft, after: GroupDraft) -> str | None:
        """The code of the first rule in the way: first what costs little to look at."""
        community, own = self._standing.community, self._own
        if not before.members:
            return "size"
        if len(after.members) > community.spec.enrolled_sizes()[2]:
            return "size"
        if self._only not in (set(), {before.name}):
            return "together"
        if not community.speaks(own, before.language):
            return "language"
        if before.slot is not None and not community.can_come(own, before.slot):
            return "no_time"
        leaders = [person for person in before.facilitators if person in community.members]
        for other in (*before.members, *leaders):
            broken = self._conflicts(other)
            if broken:
                return broken[0]
        found = self._standing.new_violations(before, after)
        found = tuple(violation for violation in found if violation.rule != "size")  # of a group that stays small
        return found[0].rule if found else None

    def _changes(self, possible: Sequence[tuple[GroupDraft, GroupDraft]]) -> npt.NDArray[np.float64]:
        before = self._standing.worth_each([before for before, _ in possible])
        after = self._standing.worth_each([after for _, after in possible])
        back = np.array([draft.name in self._left for draft, _ in possible], np.float64)
        return np.asarray(after - before + self._standing.spec.preferences.churn * back)

    def _described(self, drafts: Sequence[GroupDraft], change: Sequence[float]) -> tuple[Placement, ...]:
        groups = describe(self._standing.cohort, drafts, times=self._standing.times).groups
        by_name = {group.name: group for group in groups}
        found = []
        for draft, gained in zip(drafts, change, strict=True):
            group = by_name[draft.name]
            place = next(place for place in group.members if place.member_id == self._own)
            found.append(
                Placement(
                    group=group.name,
                    size=len(group.members),
                    placed=1,
                    change=gained,
                    fit=place.fit,
                    worst_fit=group.worst_fit,
                    reasons=place.reasons,
                    local_times=place.local_times,
                    warnings=group.warnings,
                )
            )
        return tuple(found)
