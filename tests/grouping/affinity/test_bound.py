"""Bounds: above every exhaustive optimum, tight where they promise to be; verification against tampering."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import VerificationError
from matcher.grouping.affinity_bound import quick_bound, row_bound, spectral_bounds
from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.affinity_solution import BoundCertificate, GroupingSolution
from matcher.grouping.affinity_solver import solve_grouping
from matcher.grouping.diversity_sizes import dominating_sizes, most_even_sizes, most_uneven_sizes
from matcher.verification.affinity_grouping import verify_grouping
from tests.grouping.affinity.oracle import all_groupings, best_value, distances, drawn_affinity, value_of


@st.composite
def small_problems(draw: st.DrawFn) -> tuple[Any, list[int], list[int]]:
    count = draw(st.integers(1, 3))
    least = draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    most = [low + draw(st.integers(0, 3)) for low in least]
    if draw(st.booleans()):
        least = most = [least[0]] * count
    n = draw(st.integers(sum(least), min(sum(most), 7))) if sum(least) <= 7 else sum(least)
    numbers = draw(st.lists(st.integers(-9, 9), min_size=n * n, max_size=n * n))
    half = np.triu(np.array(numbers, float).reshape(n, n), 1)
    return half + half.T, least, most


@given(small_problems())
@settings(max_examples=40, deadline=None)
def test_bounds_hold(drawn: tuple[Any, list[int], list[int]]) -> None:
    affinity, least, most = drawn
    if len(affinity) > 8:
        return
    problem = GroupingProblem(affinity, least, most)
    optimum = best_value(affinity, least, most)
    assert row_bound(problem).value >= optimum
    assert quick_bound(problem).value >= optimum
    for aim in (optimum, -1000.0):
        steps = list(spectral_bounds(problem, partial(float, aim)))
        assert all(step.value >= optimum for step in steps)
        bound = steps[-1]
        grouping = np.array(next(all_groupings(problem.n, least, most)), np.int32)
        value = value_of(problem.affinity, grouping)
        verify_grouping(problem, _solution(grouping, value, bound.value, bound.certificate))


def _solution(grouping: Any, value: float, upper: float, certificate: BoundCertificate) -> GroupingSolution:
    gap = (upper - value) / max(abs(value), 1e-300) if upper != value else 0.0
    optimal = value >= upper - 1e-9 * abs(upper)
    return GroupingSolution(
        grouping, value, upper, gap, "optimal" if optimal else "feasible", certificate, 0, 0, 0, "time"
    )


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=4), st.data())
@settings(max_examples=60, deadline=None)
def test_sizes_are_the_extreme_ones(bounds: list[tuple[int, int]], data: st.DataObject) -> None:
    least = np.array([low for low, _ in bounds], np.int32)
    most = np.array([low + more for low, more in bounds], np.int32)
    n = data.draw(st.integers(int(least.sum()), int(most.sum())))
    grid = np.stack(np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(least, most, strict=True))), -1)
    feasible = [row for row in grid.reshape(-1, len(least)) if row.sum() == n]
    squares = [int((row**2).sum()) for row in feasible]
    uneven, even = most_uneven_sizes(least, most, n), most_even_sizes(least, most, n)
    for sizes, expected in ((uneven, max(squares)), (even, min(squares))):
        assert sizes.sum() == n
        assert (sizes >= least).all()
        assert (sizes <= most).all()
        assert int((sizes**2).sum()) == expected
    over = np.cumsum(dominating_sizes(least, most, n))
    assert over[-1] == n
    assert all((np.cumsum(np.sort(row)[::-1]) <= over).all() for row in feasible)


@pytest.mark.parametrize("dimension", [2, 6, 20])
def test_two_percent_at_most_between_distances(dimension: int) -> None:
    problem = GroupingProblem(distances(120, dimension, dimension), 12, 12)
    solution = solve_grouping(problem, 60.0, iterations=600)
    verify_grouping(problem, solution)
    assert solution.certificate.kind == "spectrum"
    assert solution.gap <= 0.02


def test_open_sizes_are_bounded_too() -> None:
    problem = GroupingProblem(distances(100, 1), 8, 13, group_count=10)
    solution = solve_grouping(problem, 60.0, iterations=1000)
    verify_grouping(problem, solution)
    assert solution.gap <= 0.15


def test_without_time_the_rows_bound() -> None:
    problem = GroupingProblem(drawn_affinity(700, 0), 10, 10)
    solve_grouping(problem, 0.01)
    began = perf_counter()
    solution = solve_grouping(problem, 0.3)
    assert perf_counter() - began < 2.0
    assert solution.certificate.kind == "rows"
    verify_grouping(problem, solution)


@pytest.mark.parametrize("bounds", [(5, 5), (4, 7)])
def test_verification_rejects_what_was_tampered_with(bounds: tuple[int, int]) -> None:
    problem = GroupingProblem(distances(30, 2), *bounds, group_count=6)
    good = solve_grouping(problem, 60.0, iterations=300)
    verify_grouping(problem, good)
    assert good.certificate.diagonal is not None
    moved = good.group_of.copy()
    moved[:] = 0
    elsewhere = good.group_of.copy()
    elsewhere[0] = 6
    exchanged = good.group_of.copy()
    i, j = 0, int(np.flatnonzero(exchanged != exchanged[0])[0])
    exchanged[[i, j]] = exchanged[[j, i]]
    below = 0.5 * (good.objective + good.upper_bound)
    bad = [
        replace(good, group_of=moved),
        replace(good, group_of=elsewhere),
        replace(good, group_of=exchanged),
        replace(good, group_of=good.group_of[:-1]),
        replace(good, group_of=good.group_of.astype(np.int64)),
        replace(good, objective=good.objective + 1e-3),
        replace(good, upper_bound=below, gap=(below - good.objective) / good.objective),
        replace(good, upper_bound=float("nan")),
        replace(good, gap=0.5 * good.gap),
        replace(good, status="optimal"),
        replace(good, certificate=BoundCertificate("rows")),
        replace(good, certificate=BoundCertificate("spectrum")),
        replace(good, certificate=BoundCertificate("spectrum", good.certificate.diagonal[:-1])),
        replace(good, certificate=BoundCertificate("spectrum", good.certificate.diagonal + np.eye(30)[0] * 1e4)),
    ]
    for solution in bad:
        with pytest.raises(VerificationError):
            verify_grouping(problem, solution)


def test_verification_knows_the_bound_by_rows() -> None:
    for seed, low in ((0, 0.0), (1, -50.0), (2, -100.0)):
        problem = GroupingProblem(drawn_affinity(12, seed, low, low + 100.0), 2, 5, group_count=4)
        bound = row_bound(problem)
        grouping = np.repeat(np.arange(4), 3).astype(np.int32)
        value = value_of(problem.affinity, grouping)
        verify_grouping(problem, _solution(grouping, value, bound.value, bound.certificate))
        less = bound.value - 1e-6 * abs(bound.value) - 1e-6
        with pytest.raises(VerificationError, match="upper_bound"):
            verify_grouping(problem, _solution(grouping, value, less, bound.certificate))


def test_one_affinity_among_zeros_is_not_taken_for_all_equal() -> None:
    affinity = np.zeros((3, 3))
    affinity[1, 2] = affinity[2, 1] = 1.0
    problem = GroupingProblem(affinity, 1, 3)
    assert quick_bound(problem).value >= 1.0
    assert solve_grouping(problem, 1.0).objective == 1.0
