"""Any community and any spec: every plan keeps every rule, and where all plans can be looked at, it is the best."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidProblem
from matcher.grouping.cohort import gather
from matcher.grouping.form import form_groups
from matcher.grouping.plan import GroupPlan
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from matcher.verification.grouping import verify_groups
from tests.oracle.group_strategies import DAY, GroupWorld, as_existing, group_worlds, random_world
from tests.oracle.grouping import best_plan
from tests.oracle.strategies import UNHURRIED

MEANS = FacetMeans.default()
ITERATIONS = 30


def _is_sound(world: GroupWorld) -> bool:
    """Whether there is somebody to place, and nobody is locked in who cannot be placed."""
    try:
        gather(world.members, world.spec, world.as_of, MEANS)
    except InvalidProblem:
        event("nobody to place, or a lock that cannot hold")
        return False
    return True


def _solved(world: GroupWorld, seed: int) -> GroupPlan | None:
    """The plan, verified; None where locks or the churn budget are said to leave none."""
    try:
        plan = form_groups(
            world.members,
            world.spec,
            world.as_of,
            seed,
            time_limit_s=600.0,
            means=MEANS,
            iterations=ITERATIONS,
            diagnose=False,
        )
    except InvalidProblem:
        spec = world.spec
        if not (spec.groups and (spec.churn is not None or any(one.locked_members for one in spec.groups))):
            raise
        event("no plan within the churn budget")
        return None
    verify_groups(world.members, world.spec, plan, means=MEANS)
    event("somebody is placed" if plan.terms.placed else "nobody is placed")
    return plan


SEEDS = st.integers(0, 3)


@given(world=group_worlds(5, 60, existing=False), seed=SEEDS)
@settings(UNHURRIED, max_examples=60)
def test_every_plan_keeps_every_rule(world: GroupWorld, seed: int) -> None:
    if _is_sound(world):
        _solved(world, seed)


@pytest.mark.long
@given(world=group_worlds(5, 60), seed=SEEDS)
@settings(UNHURRIED, max_examples=1500)
def test_every_plan_keeps_every_rule_in_a_thousand_communities(world: GroupWorld, seed: int) -> None:
    if _is_sound(world):
        _solved(world, seed)


def _is_best_of_all(world: GroupWorld, seed: int) -> GroupPlan | None:
    """The plan of a dozen at most, worth as much as the best there is; None where there is none."""
    means = dataclasses.asdict(MEANS)
    best = best_plan(world.members, world.spec, world.as_of, means)
    if not _is_sound(world):
        assert best is None or best[0] == 0
        return None
    plan = _solved(world, seed)
    if plan is None:
        assert best is None
        return None
    assert best is not None
    assert plan.terms.placed == best[0]
    assert math.isclose(plan.terms.total, best[1], abs_tol=1e-9)
    largest = best_plan(world.members, world.spec, world.as_of, means, by_total=True)
    assert largest is not None
    assert math.isclose(plan.upper_bound, max(largest[1], best[1]), abs_tol=1e-9)
    assert plan.status == ("optimal" if math.isclose(plan.upper_bound, best[1], abs_tol=1e-9) else "feasible")
    return plan


@given(world=group_worlds(4, 9), seed=SEEDS)
@example(world=random_world(11, 0.3, 1831454, True), seed=0)  # two of whom one is staff lead together
@settings(UNHURRIED, max_examples=40)
def test_the_plan_of_a_few_is_the_best_of_all(world: GroupWorld, seed: int) -> None:
    _is_best_of_all(world, seed)


@pytest.mark.long
@given(world=group_worlds(4, 12), seed=SEEDS)
@settings(UNHURRIED, max_examples=600)
def test_the_plan_of_a_dozen_is_the_best_of_all(world: GroupWorld, seed: int) -> None:
    _is_best_of_all(world, seed)


def _a_month_later(rng: random.Random, world: GroupWorld, plan: GroupPlan, churn: int | None) -> GroupWorld:
    """The same community with its groups, some of them locked, after a few members changed."""
    locked = {group.name for group in plan.groups if rng.random() < 0.3}
    settled = {one for group in plan.groups if group.name in locked for one in (*group.member_ids, *group.facilitators)}
    loose = [one for one in world.members if one.member_id not in settled]
    changed = {one.member_id for one in rng.sample(loose, min(len(loose), 3))}
    ids = [one.member_id for one in world.members]

    def after(member: MemberProfile) -> MemberProfile:
        if member.member_id not in changed:
            return member
        blocked = tuple(name for name in rng.sample(ids, 2) if name not in settled and name != member.member_id)
        return member.model_copy(
            update=rng.choice(({"status": "withdrawn"}, {"blocked": blocked}, {"languages": ("es",)}))
        )

    groups = tuple(
        as_existing(
            group.name,
            group.member_ids,
            None if group.slot is None else (group.slot.day, group.slot.start),
            locked=group.name in locked,
            locked_members=[name for name in group.member_ids if name not in changed and rng.random() < 0.2],
            language=group.language,
            facilitators=[one for one in group.facilitators if group.name in locked or one not in changed],
        )
        for group in plan.groups
    )
    spec = GroupSpec.model_validate({**dict(world.spec), "groups": groups, "churn": churn})
    return GroupWorld([after(member) for member in world.members], spec, DAY)


def _keeps_to_locks_and_budget(
    world: GroupWorld, seed: int, churn: int | None, solved: Callable[[GroupWorld, int], GroupPlan | None]
) -> None:
    first = solved(world, seed) if _is_sound(world) else None
    assume(first is not None and first.groups)
    assert first is not None
    later = _a_month_later(random.Random(seed), world, first, churn)
    second = solved(later, seed) if _is_sound(later) else None
    if second is None:
        event("the budget is too small")
        return
    assert churn is None or len(second.moved) <= churn
    group_of = second.group_of()
    for existing in later.spec.groups:
        if existing.locked:
            kept, was = second.group(existing.name), first.group(existing.name)
            assert kept.member_ids == was.member_ids
            assert (kept.slot, kept.language, kept.facilitators) == (was.slot, was.language, was.facilitators)
        assert all(group_of[name] == existing.name for name in existing.locked_members)
    moved = {
        name
        for existing in later.spec.groups
        for name in existing.members
        if group_of.get(name) != existing.name and name not in second.must_leave
    }
    assert moved == set(second.moved)


BUDGETS = st.sampled_from((None, 0, 1, 2, 5))


@given(world=group_worlds(6, 10, existing=False), seed=SEEDS, churn=BUDGETS)
@settings(UNHURRIED, max_examples=40)
def test_a_second_plan_of_a_few_keeps_to_locks_and_budget(world: GroupWorld, seed: int, churn: int | None) -> None:
    _keeps_to_locks_and_budget(world, seed, churn, _is_best_of_all)


@pytest.mark.long
@given(world=group_worlds(8, 60, existing=False), seed=SEEDS, churn=BUDGETS)
@settings(UNHURRIED, max_examples=400)
def test_a_second_plan_keeps_to_locks_and_budget(world: GroupWorld, seed: int, churn: int | None) -> None:
    _keeps_to_locks_and_budget(world, seed, churn, _solved)


@given(world=group_worlds(5, 30, existing=False), order=st.randoms(use_true_random=False))
@settings(UNHURRIED, max_examples=20)
def test_a_plan_does_not_depend_on_the_order_of_members(world: GroupWorld, order: random.Random) -> None:
    plan = _solved(world, 0) if _is_sound(world) else None
    assume(plan is not None)
    shuffled = list(world.members)
    order.shuffle(shuffled)
    assert _solved(GroupWorld(shuffled, world.spec, world.as_of), 0) == plan
