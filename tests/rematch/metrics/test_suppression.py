"""Hidden counts against a reader who tries every table there is."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from matcher.rematch.suppression import hidden_cells, hidden_in_table
from tests.oracle.strategies import UNHURRIED

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


def most_by_attack(table: Ints, least: int) -> list[int]:
    """The most that each hidden count of 1 to ``least - 1`` can be, for all that a reader of the table can know."""
    hidden = hidden_in_table(table, least)
    flat = np.atleast_2d(table)
    tables = every_table(table.size, int(table.sum())).reshape(-1, *flat.shape)
    fits = (hidden.cells.reshape(flat.shape) | (tables == flat)).all((1, 2))
    margins = []
    if table.ndim == 2:
        for axis, masked in ((2, hidden.rows), (1, hidden.columns)):
            sums, own = tables.sum(axis), flat.sum(axis - 1)
            fits &= (masked | (sums == own)).all(1)
            margins += [sums[:, i] for i in np.flatnonzero(masked & (own > 0) & (own < least))]
    small = hidden.cells.reshape(flat.shape) & (flat > 0) & (flat < least)
    assert not ((flat > 0) & (flat < least) & ~small).any()
    return [int(values[fits].max()) for values in (*(tables[:, i, j] for i, j in np.argwhere(small)), *margins)]


def tables_of(rows: int, columns: int, highest: int) -> st.SearchStrategy[list[list[int]]]:
    return st.lists(st.lists(st.integers(0, highest), min_size=columns, max_size=columns), min_size=rows, max_size=rows)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=5).filter(lambda row: sum(row) <= 16))
def test_no_count_of_one_row_can_be_told_to_be_small(row: list[int]) -> None:
    if 0 < sum(row) < LEAST:
        assert hidden_in_table(row, LEAST).total
        assert hidden_in_table(row, LEAST).cells.all()
    else:
        assert all(most >= LEAST for most in most_by_attack(np.array(row), LEAST))


@UNHURRIED
@given(st.one_of(tables_of(2, 2, 9), tables_of(2, 3, 4), tables_of(3, 2, 4), tables_of(3, 3, 2)))
def test_no_count_of_a_table_can_be_told_to_be_small(rows: list[list[int]]) -> None:
    table = np.array(rows)
    if 0 < table.sum() < LEAST:
        hidden = hidden_in_table(table, LEAST)
        assert hidden.total
        assert hidden.cells.all()
        assert hidden.rows.all()
        assert hidden.columns.all()
    elif table.sum() <= 18:
        assert all(most >= LEAST for most in most_by_attack(table, LEAST))


@UNHURRIED
@given(tables_of(2, 2, 20))
def test_nor_with_the_real_threshold(rows: list[list[int]]) -> None:
    table = np.array(rows)
    if table.sum() >= 11:
        assert all(most >= 11 for most in most_by_attack(table, 11))


def test_without_small_counts_all_is_shown() -> None:
    for table in ([40, 11, 0], [[50, 0], [11, 30]]):
        hidden = hidden_in_table(table)
        assert not hidden.cells.any()
        assert not hidden.rows.any()
        assert not hidden.columns.any()
        assert not hidden.total


def test_a_total_takes_a_second_cell_along_and_no_more() -> None:
    assert hidden_in_table([300, 4, 20, 90]).cells.tolist() == [False, True, True, False]
    hidden = hidden_in_table([[300, 4], [20, 90], [70, 80]])
    assert hidden.cells[0, 1]
    assert hidden.cells.sum() + hidden.rows.sum() + hidden.columns.sum() == 4


def test_one_more_is_needed_where_two_leave_too_little() -> None:
    # 4 and 5 leave 9 of the total: whoever reads it knows that both are under 11.
    assert hidden_in_table([4, 5, 60, 90]).cells.tolist() == [True, True, True, False]


def test_public_cells_stay_and_what_they_give_away_is_all_that_is_known() -> None:
    # 6 in all is public: every part is under 11, but none is told.
    values = np.array([1, 5, 0, 6])
    assert hidden_cells(values, [([0, 1, 2], 3)], [3]).tolist()[:2] == [True, True]
