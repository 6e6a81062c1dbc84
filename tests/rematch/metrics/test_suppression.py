"""Hidden counts against a reader who tries every table there is."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from matcher.rematch.suppression import hidden_rows

Ints = npt.NDArray[np.int64]
LEAST = 3
"""Small, so that all tables of a total can be written down."""


@cache
def every_table(cells: int, total: int) -> Ints:
    """All ways to share out a total to cells."""
    ways = list(itertools.combinations(range(total + cells - 1), cells - 1))
    bars = np.array(ways, dtype=np.int64).reshape(len(ways), cells - 1)
    edges = np.concatenate([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), total + cells - 1)], axis=1)
    return np.diff(edges, axis=1) - 1


@given(st.lists(st.integers(0, 8), min_size=1, max_size=5).filter(lambda row: sum(row) <= 16))
def test_no_count_of_a_row_can_be_told_to_be_small(row: list[int]) -> None:
    counts = np.array(row)
    hidden = hidden_rows(row, least=LEAST)
    small = (counts > 0) & (counts < LEAST)
    assert hidden[small].all()
    tables = every_table(len(row), sum(row))
    fits = tables[(hidden | (tables == counts)).all(1)]
    assert (fits.max(0)[small] >= min(LEAST, sum(row))).all()
    if len(row) > 1:
        assert (fits.min(0)[small] < counts[small]).all() or sum(row) == 0  # nor what it is


@given(st.lists(st.integers(0, 8), min_size=1, max_size=5), st.data())
def test_no_fewer_would_do(row: list[int], data: st.DataObject) -> None:
    counts = np.array(row)
    total = int(counts.sum())
    hidden = hidden_rows(row, least=LEAST)
    if total < LEAST or not hidden.any():
        return
    fewer = hidden & np.array(data.draw(st.lists(st.booleans(), min_size=len(row), max_size=len(row))))
    if (fewer == hidden).all():
        return
    small = (counts > 0) & (counts < LEAST)
    # Either a small one is shown, or those that are hidden add up to what all know to be too little.
    assert (small & ~fewer).any() or counts[fewer].sum() < LEAST


def test_without_small_counts_all_is_shown() -> None:
    assert not hidden_rows([40, 11, 0]).any()
    assert not hidden_rows([[50, 0], [11, 30]]).any()
    assert hidden_rows(np.zeros(0, np.int64)).tolist() == []


def test_a_total_takes_a_second_row_along_and_no_more() -> None:
    assert hidden_rows([300, 4, 20, 90]).tolist() == [False, True, True, False]
    assert hidden_rows([[300, 90], [4, 90], [20, 90], [190, 0]]).tolist() == [False, True, True, False]


def test_one_row_hides_small_counts_of_two_columns_if_it_can() -> None:
    assert hidden_rows([[4, 3], [20, 0], [0, 20], [70, 80]]).tolist() == [True, False, False, True]
    assert hidden_rows([[4, 3], [20, 0], [0, 20]]).all()


def test_one_more_is_needed_where_two_leave_too_little() -> None:
    # 4 and 5 leave 9 of the total: whoever reads it knows that both are under 11.
    assert hidden_rows([4, 5, 60, 90]).tolist() == [True, True, True, False]


def test_of_a_public_total_that_is_small_no_part_is_told() -> None:
    assert hidden_rows([1, 5, 0, 0]).tolist() == [True, True, False, False]
    assert hidden_rows([0, 6, 0]).tolist() == [True, True, False]
    assert hidden_rows([[100, 0], [94, 6], [120, 0]]).tolist() == [True, True, False]


def test_rows_that_are_hidden_in_any_case_count_as_such() -> None:
    start = np.array([False, False, True])
    assert hidden_rows([4, 20, 90], start).tolist() == [True, False, True]
    assert start.tolist() == [False, False, True]
