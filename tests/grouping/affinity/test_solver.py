"""The solver: exhaustive optima, sizes, limits, seeds, threads, and the callbacks."""

from __future__ import annotations

from itertools import pairwise
from threading import Event
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from matcher.errors import InvalidRequest
from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.affinity_solver import objective_of, solve_grouping
from matcher.grouping.diversity_search import DiversitySearch, Found, first_grouping
from matcher.verification.affinity_grouping import verify_grouping
from tests.grouping.affinity.oracle import best_value, distances, drawn_affinity

SMALL: list[tuple[int, list[int], list[int]]] = [
    (1, [1], [1]),
    (2, [1, 1], [1, 1]),
    (5, [1], [9]),
    (6, [2, 2, 2], [2, 2, 2]),
    (7, [2, 3], [4, 5]),
    (8, [1, 1, 1], [6, 6, 6]),
    (8, [4, 4], [4, 4]),
    (9, [3, 3, 3], [3, 3, 3]),
    (9, [1, 2, 2], [4, 3, 5]),
]


@pytest.mark.parametrize(("n", "least", "most"), SMALL)
@pytest.mark.parametrize("low", [0.0, -100.0, -50.0])
def test_small_ones_are_solved(n: int, least: list[int], most: list[int], low: float) -> None:
    affinity = drawn_affinity(n, n + len(least), low, low + 100.0)
    problem = GroupingProblem(affinity, least, most)
    solution = solve_grouping(problem, 30.0, iterations=600)
    verify_grouping(problem, solution)
    assert solution.objective == pytest.approx(best_value(affinity, least, most), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_sizes_stay_within_their_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = np.sort(rng.integers(1, 9, (2, 7)), axis=0)
    n = int(rng.integers(sizes[0].sum(), sizes[1].sum() + 1))
    problem = GroupingProblem(drawn_affinity(n, seed, -30.0), sizes[0], sizes[1])
    solution = solve_grouping(problem, 60.0, seed, iterations=300)
    verify_grouping(problem, solution)
    assert 0 < solution.iterations <= 400


@pytest.mark.parametrize("affinity", [drawn_affinity(60, 3), distances(60, 3)])
@pytest.mark.parametrize("bounds", [(10, 10), (7, 14)])
def test_one_result_for_a_seed_on_any_number_of_threads(affinity: Any, bounds: tuple[int, int]) -> None:
    problem = GroupingProblem(affinity, *bounds, group_count=6)
    found = []
    for threads in (1, 2, 2):
        first = first_grouping(problem, np.random.default_rng(0))
        start = Found(first, objective_of(problem, first))
        search = DiversitySearch(problem, start, np.inf, 7, perf_counter() + 60, 500, threads)
        found.append(search.run(lambda *_: True))
    assert [f.stopped for f in found] == ["iterations"] * 3
    for other in found[1:]:
        np.testing.assert_array_equal(found[0].group_of, other.group_of)
        assert (found[0].steps, found[0].crossings) == (other.steps, other.crossings)
    once, twice = (solve_grouping(problem, 60.0, 7, iterations=500) for _ in range(2))
    np.testing.assert_array_equal(once.group_of, twice.group_of)
    assert once.objective == twice.objective


@pytest.mark.parametrize(
    ("value", "bounds", "count"),
    [(3.5, (10, 10), None), (0.0, (2, 9), 12), (-2.0, (2, 9), 12), (1.0, (1, 60), 3), (-1.0, (1, 60), 3)],
)
def test_equal_affinities_are_solved_at_once(value: float, bounds: tuple[int, int], count: int | None) -> None:
    problem = GroupingProblem(np.full((60, 60), value), *bounds, group_count=count)
    solve_grouping(problem, 60.0)
    began = perf_counter()
    solution = solve_grouping(problem, 60.0)
    assert perf_counter() - began < 2.0
    assert (solution.status, solution.stopped, solution.iterations) == ("optimal", "bound", 0)
    verify_grouping(problem, solution)


def test_nearly_equal_affinities_are_not_searched_for_ever() -> None:
    affinity = np.full((40, 40), 1.0)
    affinity[3, 4] = affinity[4, 3] = np.nextafter(1.0, 2.0)
    problem = GroupingProblem(affinity, 8, 8)
    solution = solve_grouping(problem, 60.0)
    verify_grouping(problem, solution)
    assert solution.status == "optimal"


def test_planted_groups_are_found() -> None:
    planted = np.repeat(np.arange(8), 9)
    affinity = drawn_affinity(72, 0) + 60.0 * (planted[:, None] == planted[None])
    problem = GroupingProblem(affinity, 9, 9)
    solution = solve_grouping(problem, 30.0, iterations=3000)
    verify_grouping(problem, solution)
    np.fill_diagonal(affinity, 0.0)
    together = planted[:, None] == planted[None]
    assert solution.objective >= 0.5 * affinity[together].sum() - 1e-6


def test_time_is_kept_and_the_answer_valid() -> None:
    problem = GroupingProblem(drawn_affinity(150, 0), 9, 16, group_count=12)
    solve_grouping(problem, 0.01)
    for limit in (0.001, 0.5):
        began = perf_counter()
        solution = solve_grouping(problem, limit)
        assert perf_counter() - began < limit + 2.0
        assert solution.stopped == "time"
        verify_grouping(problem, solution)


def test_progress_reports_and_cancel_ends() -> None:
    problem = GroupingProblem(drawn_affinity(80, 0), 8, 8)
    reports: list[tuple[float, float, float]] = []
    enough = Event()

    def progress(objective: float, bound: float, share: float) -> None:
        reports.append((objective, bound, share))
        if len(reports) > 5:
            enough.set()

    solution = solve_grouping(problem, 60.0, progress=progress, cancel=enough.is_set)
    assert solution.stopped == "cancelled"
    verify_grouping(problem, solution)
    assert len(reports) > 5
    assert reports[-1][0] == solution.objective
    assert all(earlier[0] <= later[0] + 1e-6 for earlier, later in pairwise(reports))
    assert all(objective <= bound and 0 <= share <= 1 for objective, bound, share in reports)


def test_what_progress_raises_reaches_the_caller() -> None:
    def progress(*_: float) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        solve_grouping(GroupingProblem(drawn_affinity(80, 0), 8, 8), 60.0, progress=progress)


@pytest.mark.parametrize(
    ("limit", "wishes"),
    [
        (0.0, {}),
        (float("nan"), {}),
        (-1.0, {}),
        (1.0, {"seed": -1}),
        (1.0, {"seed": True}),
        (1.0, {"iterations": 0}),
        (1.0, {"iterations": 1.5}),
    ],
)
def test_limits_out_of_range(limit: float, wishes: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        solve_grouping(GroupingProblem(drawn_affinity(6, 0), 3, 3), limit, **wishes)
