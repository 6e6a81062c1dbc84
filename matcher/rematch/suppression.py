"""Which figures of a table may be shown, so that no count under 11 can be worked out from those that are.

Counts of 1 to 10 are hidden. That alone is not enough: where a total is shown, a hidden count is what the others leave
of it. So further cells are hidden (complementary suppression) until, for each hidden count under 11, the shown figures
also fit a table in which it is 11 or more; whoever knows all of them cannot tell that it is less. A count of 0 names
nobody and is shown unless it has to hide another.

The cells to hide are those that change in the cheapest such table: an integer program for each count that no table
found so far protects (Cox 1995, Journal of the American Statistical Association 90; for the problem Fischetti and
Salazar-Gonzalez 2001, Management Science 47). One count after the other is a heuristic: what is shown is safe, but a
few cells more than the least possible may be hidden. Hiding more only lets more tables fit, so what was protected stays
so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack

from matcher.errors import MatcherError

SMALLEST_SHOWN = 11
INFEASIBLE = 2
"""What scipy's ``milp`` says where nothing fits."""
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Sum = tuple[Sequence[int], int]
"""Cells, and the cell that holds their sum."""


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """What a table of counts must not show.

    Attributes:
        cells: the shape of the table.
        rows: (r,) totals of the rows; empty for a table of one row.
        columns: (c,) totals of the columns; likewise.
        total: the grand total.
    """

    cells: Bools
    rows: Bools
    columns: Bools
    total: bool


def hidden_in_table(counts: npt.ArrayLike, least: int = SMALLEST_SHOWN) -> Hidden:
    """What of a table of counts with totals must be hidden.

    Args:
        counts: (k,) a row of counts with a total, or (r, c) with totals of rows and columns and a grand total.
        least: the smallest count but 0 that may be shown.
    """
    table = np.asarray(counts, dtype=np.int64)
    total = int(table.sum())
    inner = table.size
    if 0 < total < least:
        rows, columns = (0, 0) if table.ndim == 1 else table.shape
        return Hidden(np.ones(table.shape, np.bool_), np.ones(rows, np.bool_), np.ones(columns, np.bool_), True)
    places = np.arange(inner).reshape(table.shape)
    if table.ndim == 1:
        hidden = hidden_cells(np.append(table, total), [(range(inner), inner)], [inner], least=least)
        return Hidden(hidden[:inner], hidden[:0], hidden[:0], False)
    rows, columns = table.shape
    values = np.concatenate([table.ravel(), table.sum(1), table.sum(0), [total]])
    grand = values.size - 1
    sums: list[Sum] = [(places[row].tolist(), inner + row) for row in range(rows)]
    sums += [(places[:, column].tolist(), inner + rows + column) for column in range(columns)]
    sums += [(range(inner, inner + rows), grand), (range(inner + rows, grand), grand)]
    hidden = hidden_cells(values, sums, [grand], least=least)
    return Hidden(
        hidden[:inner].reshape(table.shape), hidden[inner : inner + rows], hidden[inner + rows : grand], False
    )


def hidden_cells(
    values: Ints,
    sums: Sequence[Sum],
    public: Sequence[int],
    cost: Floats | None = None,
    least: int = SMALLEST_SHOWN,
) -> Bools:
    """Cells to hide of any figures that are sums of each other.

    Args:
        values: (k,) counts.
        sums: which of them are sums of which.
        public: cells that are known anyway, whatever they hold. Where they alone give a count away, everything that
            could say more than they do is hidden.
        cost: (k,) what hiding a cell is worth avoiding; by default the more it counts, the more.
        least: the smallest count but 0 that may be shown.

    Returns:
        (k,) bool.
    """
    known = np.zeros(values.size, np.bool_)
    known[list(public)] = True
    small = (values > 0) & (values < least) & ~known
    hidden = small.copy()
    tables = _Tables(values, sums, known, cost if cost is not None else 1.0 + np.log1p(values))
    protected = np.zeros(values.size, np.int64)
    for cell in np.flatnonzero(small)[np.argsort(-values[small], kind="stable")].tolist():
        if protected[cell] >= least:
            continue
        found = tables.cheapest(cell, least, hidden)
        if found is None:  # what is public says that it is less
            goal = tables.most(cell, least)
            if protected[cell] >= goal:
                continue
            found = tables.cheapest(cell, goal, hidden)
        if found is None:
            raise MatcherError(f"suppression: no table leaves a count of {values[cell]} open")
        hidden |= found != values
        protected = np.maximum(protected, found)
    return hidden


class _Tables:
    """All tables that agree with the public cells: each is the true one with something put on and taken off."""

    def __init__(self, values: Ints, sums: Sequence[Sum], known: Bools, cost: Floats) -> None:
        self.values, self.cost = values, cost
        entries = [(row, cell, 1.0) for row, (cells, _) in enumerate(sums) for cell in cells]
        entries += [(row, total, -1.0) for row, (_, total) in enumerate(sums)]
        row, cell, sign = zip(*entries, strict=True)
        matrix = csr_array((sign, (row, cell)), shape=(len(sums), values.size))
        self.sums = LinearConstraint(hstack([matrix, -matrix]).tocsr(), 0, 0)
        most = np.where(known, 0, values.sum() + SMALLEST_SHOWN)
        self.upper = np.concatenate([most, np.where(known, 0, values)]).astype(np.float64)

    def most(self, cell: int, enough: int) -> int:
        """The highest count that a cell has in any of them, ``enough`` if it is more."""
        aim = np.zeros(self.upper.size)
        aim[cell], aim[self.values.size + cell] = -1.0, 1.0
        upper = self.upper.copy()
        upper[cell] = min(upper[cell], max(0, enough - int(self.values[cell])))
        found = self._best(aim, np.zeros(upper.size), upper)
        return int(self.values[cell] if found is None else found[cell])

    def cheapest(self, cell: int, goal: int, hidden: Bools) -> Ints | None:
        """The table with at least ``goal`` in a cell whose changes to cells that are not hidden cost least, if there is
        one."""
        cost = np.where(hidden, 0.0, self.cost)
        lower = np.zeros(self.upper.size)
        upper = self.upper.copy()
        lower[cell], upper[self.values.size + cell] = max(0, goal - int(self.values[cell])), 0
        # A trace of cost everywhere, lest something is put on and taken off the same cell.
        return self._best(np.tile(cost + 1e-4, 2), lower, upper)

    def _best(self, aim: Floats, lower: Floats, upper: Floats) -> Ints | None:
        found = milp(aim, constraints=self.sums, bounds=Bounds(lower, upper), integrality=np.ones(aim.size))
        if found.status == INFEASIBLE:
            return None
        if found.status != 0:  # never show what is not known to be safe
            raise MatcherError(f"suppression: no table could be found ({found.message})")
        changes = np.rint(np.asarray(found.x)).astype(np.int64)
        best: Ints = self.values + changes[: self.values.size] - changes[self.values.size :]
        return best
