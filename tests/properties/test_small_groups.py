"""A search of a small cohort that is cut short, and what is said where the churn budget leaves no plan."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidProblem
from matcher.grouping import exact
from matcher.grouping.cohort import gather
from matcher.grouping.form import form_groups
from matcher.grouping.plan import GroupPlan
from matcher.grouping.spec import GroupSpec
from matcher.verification.grouping import verify_groups
from tests.oracle.group_strategies import GroupWorld, group_worlds
from tests.oracle.strategies import UNHURRIED

MEANS = FacetMeans.default()


def _solved(world: GroupWorld) -> GroupPlan | None:
    """The verified plan, or None where there is none."""
    try:
        plan = form_groups(world.members, world.spec, world.as_of, means=MEANS, iterations=5, diagnose=False)
    except InvalidProblem:
        return None
    verify_groups(world.members, world.spec, plan, means=MEANS)
    return plan


@given(world=group_worlds(6, 12), steps=st.sampled_from((1, 8, 30)))
@settings(UNHURRIED, max_examples=30)
def test_a_search_cut_short_has_a_plan_that_keeps_the_rules_and_a_bound_that_holds(
    world: GroupWorld, steps: int
) -> None:
    best = _solved(world)
    assume(best is not None)
    assert best is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "STEPS", steps)
        found = _solved(world)
    if found is None:  # the best plan has moved somebody, or keeps somebody where a lock wants it
        assert world.spec.groups
        return
    assert (found.terms.placed, found.terms.total) <= (best.terms.placed, best.terms.total + 1e-9)
    assert found.upper_bound >= best.upper_bound - 1e-9


@given(world=group_worlds(6, 12))
@settings(UNHURRIED, max_examples=30)
def test_the_budget_that_is_asked_for_is_enough_and_one_less_is_not(world: GroupWorld) -> None:
    assume(world.spec.groups)
    try:
        gather(world.members, world.spec, world.as_of, MEANS)
    except InvalidProblem:
        assume(False)

    def with_budget(budget: int) -> GroupPlan:
        spec = GroupSpec.model_validate({**dict(world.spec), "churn": budget})
        return form_groups(world.members, spec, world.as_of, means=MEANS, iterations=5, diagnose=False)

    try:
        assert not with_budget(0).moved
    except InvalidProblem as refused:
        asked = re.search(r"a budget of at least (\d+)", str(refused))
        if asked is None:  # a lock that no budget helps
            with pytest.raises(InvalidProblem):
                with_budget(100)
            return
        least = int(asked[1])
        assert len(with_budget(least).moved) == least
        if least > 1:
            with pytest.raises(InvalidProblem, match=f"at least {least}$|at least {least}\\b"):
                with_budget(least - 1)
