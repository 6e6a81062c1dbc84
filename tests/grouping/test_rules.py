"""The plain rules agree with the oracle about the best of all plans."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from matcher.embedding.population import FacetMeans
from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.plan_rules import moved, plan_violations
from matcher.grouping.rules import group_violations
from matcher.grouping.spec import GroupSpec
from matcher.members.availability import DAYS
from matcher.verification.group_terms import group_worth, target_shares, terms_of
from tests.oracle.group_strategies import GroupWorld, group_worlds
from tests.oracle.grouping import IMPOSSIBLE, Worth, best_plan
from tests.oracle.strategies import UNHURRIED

MEANS = FacetMeans.default()
HALF_HOURS = [SlotChoice(day=day, start=f"{half // 2:02}:{half % 2 * 30:02}") for day in DAYS for half in range(48)]


class Enumeration:
    """All plans of a spec for a handful of members: every set of drafts that breaks no rule."""

    def __init__(self, world: GroupWorld) -> None:
        self.community = Community.of(world.members, world.spec, world.as_of, MEANS)
        self.spec: GroupSpec = world.spec
        self.cohort = tuple(name for name in self.community.members if self.community.in_cohort(name))
        self.targets = target_shares(self.community)
        self.drafts: dict[frozenset[str], list[GroupDraft]] = {}
        attendance = self.community.attendance
        self.slots: list[SlotChoice | None] = [None]
        if attendance is not None:
            self.slots = [slot for slot in HALF_HOURS if attendance.is_offered(slot)]
            self.slots += [group.slot for group in self.spec.groups if group.slot not in self.slots]
        self.people = [*self.community.members, *self.community.staff]
        self.best: Worth = IMPOSSIBLE

    def ways(self, names: tuple[str, ...]) -> Iterator[GroupDraft]:
        """Drafts of these members that break no rule by themselves, one language each."""
        titles = [*(group.name for group in self.spec.groups), "~" + "".join(names)]
        leaders = [
            one
            for one in self.people
            if one in self.community.staff
            or one in self.spec.facilitation.members
            or self.community.members[one].mentor_approved
        ]
        teams = list(itertools.combinations(leaders, self.spec.facilitation.per_group))
        for title, slot, team in itertools.product(titles, self.slots, teams):
            for language in ("en", "es", "pt"):
                draft = GroupDraft(title, names, team, language, slot)
                if not group_violations(draft, self.community):
                    yield draft
                    if title.startswith("~"):
                        break

    def search(self) -> Worth:
        """The best of all plans."""
        least, _, most = self.spec.enrolled_sizes()
        for size in range(least, min(most, len(self.cohort)) + 1):
            for names in itertools.combinations(self.cohort, size):
                self.drafts[frozenset(names)] = list(self.ways(names))
        self._descend(self.cohort, [])
        return self.best

    def _descend(self, rest: tuple[str, ...], chosen: list[GroupDraft]) -> None:
        if not rest:
            if not plan_violations(chosen, self.community):
                worths = [group_worth(draft.members, self.community, self.targets) for draft in chosen]
                terms = terms_of(worths, len(moved(chosen, self.community)), self.community)
                self.best = max(self.best, (terms.placed, terms.total))
            return
        self._descend(rest[1:], chosen)
        for names, drafts in self.drafts.items():
            if rest[0] in names and names <= set(rest):
                for draft in drafts:
                    self._descend(tuple(name for name in rest if name not in names), [*chosen, draft])


def _agree(world: GroupWorld) -> None:
    found = Enumeration(world).search()
    best = best_plan(world.members, world.spec, world.as_of, dataclasses.asdict(MEANS))
    if best is None:
        assert found == IMPOSSIBLE
    else:
        assert found[0] == best[0]
        assert math.isclose(found[1], best[1], abs_tol=1e-9)


@given(world=group_worlds(4, 6))
@settings(UNHURRIED, max_examples=20)
def test_the_best_of_all_plans_is_the_same_by_rules_and_by_oracle(world: GroupWorld) -> None:
    _agree(world)


@pytest.mark.long
@given(world=group_worlds(4, 6))
@settings(UNHURRIED, max_examples=400)
def test_the_best_of_all_plans_is_the_same_by_rules_and_by_oracle_many_times(world: GroupWorld) -> None:
    _agree(world)
