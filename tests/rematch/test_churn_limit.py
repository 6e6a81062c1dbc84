"""The churn limit against every plan there is, on small graphs, and by its promises on larger ones."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import InvalidProblem
from matcher.pairing.problem import Objective, PairingProblem
from matcher.rematch.churn import ChurnSolver
from matcher.rematch.limited import Limited, open_ties, with_multiplier
from matcher.rematch.trails import best_trails, trails_between
from matcher.verification.pairing import verify_pairing
from tests.pairing.drawing import neighbour_graph


def best_by_limit(problem: PairingProblem) -> list[int]:
    """What the best plan counts that breaks at most 0, 1, 2 ... ties: every set of edges is tried."""
    worth = problem.weight.copy()
    worth[problem.incumbent_edges] += problem.edge_bonus
    ties = open_ties(problem)
    best = [-1] * (len(ties) + 1)
    locked = set(problem.locked_edges.tolist())
    for chosen in product((False, True), repeat=len(problem.u)):
        edges = np.flatnonzero(chosen)
        used = np.bincount(np.concatenate((problem.u[edges], problem.v[edges])), minlength=problem.n)
        if (used <= problem.capacity).all() and locked <= set(edges.tolist()):
            broken = len(ties) - np.isin(ties, edges).sum()
            best[broken] = max(best[broken], int(worth[edges].sum()))
    return [int(most) for most in np.maximum.accumulate(best)]


@st.composite
def drawn(draw: st.DrawFn, most_capacity: int = 2, largest: int = 7) -> PairingProblem:
    """A small graph with ties in force that fit their capacities, some of them locked."""
    n = draw(st.integers(3, largest))
    every = [(a, b) for a in range(n) for b in range(a + 1, n)]
    edges = draw(st.lists(st.sampled_from(every), unique=True, min_size=2, max_size=11))
    weight = draw(
        st.lists(st.integers(0, draw(st.sampled_from([1, 5, 1000]))), min_size=len(edges), max_size=len(edges))
    )
    capacity = draw(st.lists(st.integers(1, most_capacity), min_size=n, max_size=n))
    left = list(capacity)
    ties, locked = [], []
    for a, b in draw(st.permutations(edges)):
        if left[a] and left[b] and draw(st.integers(0, 3)):
            left[a], left[b] = left[a] - 1, left[b] - 1
            ties.append((a, b))
            if not draw(st.integers(0, 5)):
                locked.append((a, b))
    bonus = draw(st.lists(st.integers(0, 3), min_size=len(ties), max_size=len(ties)))
    return PairingProblem(
        [a for a, _ in edges],
        [b for _, b in edges],
        weight,
        capacity=capacity,
        locked=locked,
        incumbent=ties,
        incumbent_bonus=bonus,
    )


def kept_promises(problems: list[PairingProblem], found: Limited) -> None:
    """The plan is a plan, breaks no more than it may, counts what it says, and its bound is shown."""
    assert found.limit is None or found.broken <= found.limit
    broken = objective = shown = 0
    for problem, last, solution, by in zip(problems, found.problems, found.solutions, found.shown_by, strict=True):
        verify_pairing(last, solution)
        assert np.isin(problem.locked_edges, solution.edges).all()
        worth = problem.weight.copy()
        worth[problem.incumbent_edges] += problem.edge_bonus
        objective += int(worth[solution.edges].sum())
        broken += int((~np.isin(open_ties(problem), solution.edges)).sum())
        if found.limit != 0:
            verify_pairing(with_multiplier(problem, found.multiplier), by)
        shown += by.upper_bound - found.multiplier * len(problem.incumbent_edges)
    assert (found.broken, found.objective) == (broken, objective)
    assert found.bound == shown + found.multiplier * (found.limit or 0)
    assert found.objective <= found.bound


@settings(max_examples=300, deadline=None)
@given(drawn())
def test_against_every_plan(problem: PairingProblem) -> None:
    best = best_by_limit(problem)
    solver = ChurnSolver([problem])
    assert solver.could_break == len(best) - 1
    for limit, most in enumerate(best):
        found = solver.best(limit)
        kept_promises([problem], found)
        assert found.objective <= most <= found.bound
        if limit in (0, len(best) - 1):
            assert found.objective == most
    assert solver.best().objective == best[-1]


@settings(max_examples=60, deadline=None)
@given(drawn(largest=5), drawn(largest=5))
def test_a_limit_over_two_problems_is_one_budget(one: PairingProblem, other: PairingProblem) -> None:
    best = [best_by_limit(one), best_by_limit(other)]
    solver = ChurnSolver([one, other])
    for limit in range(solver.could_break + 1):
        found = solver.best(limit)
        kept_promises([one, other], found)
        most = max(
            best[0][few] + best[1][min(limit - few, len(best[1]) - 1)]
            for few in range(min(limit, len(best[0]) - 1) + 1)
        )
        assert found.objective <= most <= found.bound
        if limit in (0, solver.could_break):
            assert found.objective == most


@pytest.mark.parametrize("objective", ["total", "stable"])
def test_on_a_larger_graph_a_higher_limit_is_never_worse_and_the_gap_is_small(objective: Objective) -> None:
    n, (u, v, weight) = neighbour_graph(600, 8, 3)
    rng = np.random.default_rng(0)
    left, ties = np.full(n, 2), []
    for edge in rng.permutation(len(u)):
        a, b = u[edge], v[edge]
        if left[a] and left[b]:
            left[[a, b]] -= 1
            ties.append((a, b))
    problem = PairingProblem(
        u,
        v,
        weight,
        np.full(n, 2),
        incumbent=ties,
        incumbent_bonus=rng.integers(0, 50_000, len(ties)),
        objective=objective,
    )
    solver = ChurnSolver([problem])
    before = -1
    for limit in (0, 1, 7, 50, 200, 400, None):
        found = solver.best(limit)
        kept_promises([problem], found)
        if objective == "total":
            assert found.objective >= before
            assert found.bound - found.objective <= 1e-3 * found.bound
            before = found.objective
            if limit in (7, 50, 200):
                assert found.broken == limit


def test_the_same_answer_whatever_was_asked_before() -> None:
    n, (u, v, weight) = neighbour_graph(120, 6, 5)
    ties = [(a, b) for a, b in zip(range(0, n, 2), range(1, n, 2), strict=True) if ((u == a) & (v == b)).any()]
    problem = PairingProblem(u, v, weight, incumbent=ties, n=n)
    once = ChurnSolver([problem]).best(len(ties) // 2)
    warm = ChurnSolver([problem])
    for limit in range(len(ties)):
        warm.best(limit)
    again = warm.best(len(ties) // 2)
    assert (once.objective, once.broken) == (again.objective, again.broken)


def test_ties_that_do_not_fit_and_coverage_are_refused() -> None:
    with pytest.raises(InvalidProblem, match="exceeds the capacity"):
        ChurnSolver([PairingProblem([0, 0], [1, 2], [1, 1], incumbent=[(0, 1), (0, 2)])])
    with pytest.raises(InvalidProblem, match="coverage"):
        ChurnSolver([PairingProblem([0], [1], [1], objective="coverage")])


@given(
    st.lists(st.tuples(st.integers(-5, 30), st.integers(-1, 4)), max_size=9),
    st.integers(0, 12),
)
def test_the_choice_of_trails_is_the_best(trails: list[tuple[int, int]], budget: int) -> None:
    gain = np.array([gain for gain, _ in trails], np.int64)
    cost = np.array([cost for _, cost in trails], np.int64)
    free = (cost <= 0) & (gain > 0)
    taken = best_trails(gain, cost, budget)
    assert taken[free].all()
    assert cost[taken].sum() <= budget
    most = 0
    for chosen in product((False, True), repeat=len(trails)):
        which = np.array(chosen, np.bool_)
        if which[free].all() and cost[which].sum() <= budget and (cost[which & ~free] > 0).all():
            most = max(most, int(gain[which].sum()))
    assert int(gain[taken].sum()) == most


@settings(max_examples=100, deadline=None)
@given(drawn(most_capacity=3), st.data())
def test_any_choice_of_trails_is_a_plan(problem: PairingProblem, data: st.DataObject) -> None:
    plans = []
    for _ in range(2):
        left, plan = problem.capacity.copy(), []
        for edge in data.draw(st.permutations(range(len(problem.u)))):
            a, b = problem.u[edge], problem.v[edge]
            if left[a] and left[b]:
                left[[a, b]] -= 1
                plan.append(edge)
        plans.append(np.array(sorted(plan), np.int64))
    trails = trails_between(problem.u, problem.v, *plans)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=trails.size, max_size=trails.size)), np.bool_)
    mixed = np.setxor1d(plans[0], trails.edges[chosen[trails.trail]]) if trails.size else plans[0]
    used = np.bincount(np.concatenate((problem.u[mixed], problem.v[mixed])), minlength=problem.n)
    assert (used <= problem.capacity).all()
    everything = trails.sums(problem.weight).sum()
    assert everything == problem.weight[plans[1]].sum() - problem.weight[plans[0]].sum()
