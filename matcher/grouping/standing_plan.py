"""A plan together with the members and the spec it stands on, prepared once for many questions about changes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.embedding.population import FacetMeans
from matcher.grouping.cohort import Cohort, gather
from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.group_measures import measured
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.mix_penalties import MixRows
from matcher.grouping.plan import GroupPlan, PlannedGroup, Terms
from matcher.grouping.rules import Violation, group_violations
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile


@dataclass(frozen=True, slots=True, eq=False)
class StandingPlan:
    """What a change of a plan is checked against and priced with.

    Attributes:
        spec: what the plan answers.
        cohort: who is to be placed.
        community: the same members for the hard rules.
        times: the meeting times of the spec, if it has any.
    """

    spec: GroupSpec
    cohort: Cohort
    community: Community
    times: MeetingTimes | None

    @classmethod
    def of(
        cls,
        members: Iterable[MemberProfile],
        spec: GroupSpec,
        plan: GroupPlan,
        means: FacetMeans | None = None,
        newcomers: Collection[MemberProfile] = (),
    ) -> StandingPlan:
        """Prepare. Some 50 microseconds for everybody whom plan and spec name, and a second to estimate ``means``.

        Args:
            members: the community, as it was given to the solver.
            spec: what was asked.
            plan: the answer.
            means: what unknown facets score; as the community has it if not given.
            newcomers: members who are not of the community yet, or whose profile is another now.

        Raises:
            InvalidProblem: if the spec names somebody who is not there.
        """
        changed = {member.member_id: member for member in newcomers}
        everybody = {member.member_id: member for member in members}
        if means is None:
            means = FacetMeans.estimate(list(everybody.values()), plan.as_of)
        everybody.update(changed)
        named = _named(spec, plan).union(changed)
        leading = spec.facilitation.per_group > 0 and spec.facilitation.approved_mentors
        concerned = [
            member
            for name, member in everybody.items()
            if name in named or (leading and member.mentor_approved)  # they may stand in, and are placed otherwise
        ]
        cohort = gather(concerned, spec, plan.as_of, means)
        return cls(spec, cohort, Community.of(concerned, spec, plan.as_of, means), cohort.times())

    def with_spec(self, spec: GroupSpec) -> StandingPlan:
        """The same members and scores under a spec that differs in nothing but locks."""
        groups = {group.name: group for group in spec.groups}
        return dataclasses.replace(
            self,
            spec=spec,
            cohort=dataclasses.replace(self.cohort, spec=spec),
            community=dataclasses.replace(self.community, spec=spec, existing=groups),
        )

    def worth_each(self, drafts: Sequence[GroupDraft]) -> npt.NDArray[np.float64]:
        """(G,) float64: what each group adds to the total, without the price of moves; 0.3 microseconds a pair."""
        prefer, (_, target, _) = self.spec.preferences, self.spec.enrolled_sizes()
        position = self.cohort.position
        places = [np.array(sorted(position[member] for member in draft.members), np.int64) for draft in drafts]
        measures, rows = measured(self.cohort, places), MixRows(self.cohort)
        found = np.zeros(len(drafts))
        for g, own in enumerate(places):
            fits = measures.fits[measures.starts[g] : measures.starts[g + 1]]
            mix = math.fsum(rule.weight * row.penalty for rule, row in zip(self.spec.mix, rows.of(own), strict=True))
            worst = prefer.worst * len(own) * float(fits.min(initial=1.0)) if len(own) else 0.0
            found[g] = math.fsum(fits) + worst - prefer.size * abs(len(own) - target) - mix
        return found

    def new_violations(self, before: GroupDraft | None, after: GroupDraft) -> tuple[Violation, ...]:
        """Rules that a changed group breaks by itself, without those which it broke unchanged."""
        found = group_violations(after, self.community)
        if not found or before is None:
            return found
        standing = set(group_violations(before, self.community))
        return tuple(violation for violation in found if violation not in standing)


def terms_of(groups: Sequence[PlannedGroup], spec: GroupSpec, moved: int) -> Terms:
    """What planned groups are worth, from the numbers that they show; O(members)."""
    prefer, (_, target, _) = spec.preferences, spec.enrolled_sizes()
    return Terms(
        placed=sum(len(group.members) for group in groups),
        fit=math.fsum(place.fit for group in groups for place in group.members),
        worst=prefer.worst * math.fsum(len(group.members) * group.worst_fit for group in groups),
        size=prefer.size * sum(abs(len(group.members) - target) for group in groups),
        churn=prefer.churn * moved,
        mix=tuple(
            rule.weight * math.fsum(group.mix[place].penalty for group in groups) for place, rule in enumerate(spec.mix)
        ),
    )


def _named(spec: GroupSpec, plan: GroupPlan) -> set[str]:
    """Everybody whom plan or spec name."""
    named = {one.member_id for one in plan.unplaced}
    named.update(spec.who.member_ids, spec.who.exclude, spec.facilitation.members)
    named.update(*spec.together, *spec.apart)
    for planned in plan.groups:
        named.update(planned.member_ids, planned.facilitators)
    for existing in spec.groups:
        named.update(existing.members, existing.facilitators)
    return named
