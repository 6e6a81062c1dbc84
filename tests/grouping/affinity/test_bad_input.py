"""Everything that can be wrong with a problem, and that all of it is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from matcher.errors import InvalidProblem
from matcher.grouping.affinity_problem import GroupingProblem
from tests.grouping.affinity.oracle import drawn_affinity

GOOD = drawn_affinity(6, 0)


def spoilt(i: int, j: int, value: float) -> Any:
    matrix = GOOD.copy()
    matrix[i, j] = value
    return matrix


@pytest.mark.parametrize(
    ("affinity", "least", "most", "count", "where"),
    [
        (spoilt(0, 1, np.nan), 3, 3, None, {"affinity"}),
        (spoilt(2, 1, np.inf), 3, 3, None, {"affinity"}),
        (spoilt(2, 1, 7.0), 3, 3, None, {"affinity"}),
        (spoilt(2, 1, 1e200), 3, 3, None, {"affinity"}),
        (GOOD[:5], 3, 3, None, {"affinity"}),
        (GOOD[0], 3, 3, None, {"affinity"}),
        (np.empty((0, 0)), 3, 3, None, {"affinity"}),
        (GOOD > 50, 3, 3, None, {"affinity"}),
        (GOOD.astype(str), 3, 3, None, {"affinity"}),
        (GOOD.astype(complex), 3, 3, None, {"affinity"}),
        (GOOD, 4, 3, None, {"size_min"}),
        (GOOD, 4, 4, 2, {"size_min"}),
        (GOOD, 1, 2, 2, {"size_max"}),
        (GOOD, 0, 3, None, {"size_min"}),
        (GOOD, 1, 0, None, {"size_max"}),
        (GOOD, 1.0, 3, None, {"size_min"}),
        (GOOD, True, 3, None, {"size_min"}),
        (GOOD, 1, None, None, {"size_max"}),
        (GOOD, [1, 2], [3, 3, 3], None, {"size_min"}),
        (GOOD, [[1, 2]], [3, 3], None, {"size_min"}),
        (GOOD, [], 3, None, {"size_min"}),
        (GOOD, [5, 5], [6, 6], None, {"size_min"}),
        (GOOD, [1, 1], [2, 2], None, {"size_max"}),
        (GOOD, [1, 4], [3, 3], None, {"size_min"}),
        (GOOD, 1, 3, 7, {"group_count"}),
        (GOOD, 1, 3, 10**12, {"group_count"}),
        (GOOD, 1, 3, 0, {"group_count"}),
        (GOOD, 1, 3, 2.0, {"group_count"}),
        (GOOD, 1, 3, True, {"group_count"}),
        (GOOD, [1, 1, 1], [3, 3, 3], 2, {"size_min", "size_max"}),
        (spoilt(0, 1, np.nan), 0, 2.5, -1, {"affinity", "size_min", "size_max", "group_count"}),
    ],
)
def test_everything_wrong_is_named(affinity: Any, least: Any, most: Any, count: Any, where: set[str]) -> None:
    with pytest.raises(InvalidProblem) as raised:
        GroupingProblem(affinity, least, most, count)
    assert {problem.where for problem in raised.value.problems} == where
    assert all(problem.what and problem.accepted for problem in raised.value.problems)


def test_counts_are_derived() -> None:
    assert GroupingProblem(GOOD, 1, 3).group_count == 2
    assert GroupingProblem(GOOD, 1, 4).group_count == 2
    assert GroupingProblem(GOOD, [1, 1, 1], 4).group_count == 3
    assert GroupingProblem(GOOD, 1, [2, 2, 2]).group_count == 3
    assert GroupingProblem(GOOD, 1, 6, 4).group_count == 4


def test_the_diagonal_is_ignored_and_the_input_left_alone() -> None:
    given = GOOD.copy()
    np.fill_diagonal(given, np.nan)
    problem = GroupingProblem(given, 3, 3)
    np.testing.assert_array_equal(problem.affinity, GOOD)
    assert np.isnan(given[0, 0])
    assert not problem.affinity.flags.writeable


def test_whole_numbers_and_rounding_are_accepted() -> None:
    problem = GroupingProblem(GOOD.astype(np.int16), np.int8(3), np.uint16(3), np.int64(2))
    assert problem.affinity.dtype == np.float64
    nearly = GOOD.copy()
    nearly[0, 1] *= 1 + 1e-15
    matrix = GroupingProblem(nearly, 3, 3).affinity
    np.testing.assert_array_equal(matrix, matrix.T)
