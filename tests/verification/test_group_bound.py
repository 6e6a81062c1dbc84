"""The bound as the checker works it out, from profiles, against the solver's, from codes."""

from __future__ import annotations

import pytest

from matcher import form_groups, sample_members
from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidProblem, VerificationError
from matcher.grouping.blocks import block_of, whole
from matcher.grouping.cohort import gather
from matcher.grouping.community import Community
from matcher.grouping.instance import instance_of
from matcher.grouping.row_bound import row_bound as bound_of_solver
from matcher.grouping.spec import GroupSpec
from matcher.verification import group_bound
from matcher.verification.group_bound import row_bound
from tests.oracle.group_strategies import DAY, random_world

MEANS = FacetMeans.default()


def test_both_ways_to_the_bound_agree() -> None:
    """In worlds with languages, regions, times, sets to keep together or apart, and groups that meet at times of their
    own."""
    compared = 0
    for seed in (*range(40), 195):
        world = random_world(5 + seed % 50, seed % 10 / 10, seed, existing=bool(seed % 2))
        try:
            instance = instance_of(gather(world.members, world.spec, world.as_of, MEANS))
        except InvalidProblem:
            continue
        part = whole(instance)
        known = bound_of_solver(block_of(instance, part)) if part.members.size else 0.0
        found = row_bound(Community.of(world.members, world.spec, world.as_of, MEANS))
        assert found is not None
        assert found.value == pytest.approx(known, abs=1e-9)
        compared += found.value > 0
    assert compared > 20


def test_many_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    members = sample_members(40, seed=2, as_of=DAY)
    community = Community.of(members, GroupSpec(), DAY, MEANS)
    assert row_bound(community) is not None
    monkeypatch.setattr(group_bound, "MOST_MEMBERS", 20)
    assert row_bound(community) is None


def test_a_dozen_may_have_a_lower_bound() -> None:
    members = sample_members(40, seed=2, as_of=DAY)
    names = [
        one.member_id for one in members if not Community.of(members, GroupSpec(), DAY, MEANS).barriers(one.member_id)
    ]
    for size, expected in ((12, False), (13, True)):
        spec = GroupSpec.parse({"who": {"exclude": names[size:]}})
        found = row_bound(Community.of(members, spec, DAY, MEANS))
        assert found is not None
        assert found.tightest == expected


def test_a_bound_below_the_plan_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """It used to be lifted to the plan, which was then called optimal."""
    members = sample_members(60, seed=2, as_of=DAY)
    monkeypatch.setattr("matcher.grouping.form.row_bound", lambda block: 1.0)
    with pytest.raises(VerificationError, match="upper_bound: 1 is below a plan worth"):
        form_groups(members, GroupSpec(), DAY, iterations=1, means=MEANS, diagnose=False)
