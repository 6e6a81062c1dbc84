"""Which rows of a table may be shown, so that no count under 11 can be worked out from those that are.

Counts of 1 to 10 are hidden. That alone is not enough: where a total is public, a hidden count is what the shown ones
leave of it. So further rows are hidden (complementary suppression; Cox 1995, Journal of the American Statistical
Association 90) until, for each hidden count under 11, the shown figures also fit a table in which it is 11 or more;
whoever knows all of them cannot tell that it is less. A count of 0 names nobody and is shown unless it has to hide
another.

In a column with a public total, hidden counts may be anything that adds up to what the shown ones leave. So one of them
may be 11 just if they add up to 11 or more, and where they do not, one more row that is not small settles it: no search
is needed for the least that must be hidden. Hiding more only lets more tables fit: what was protected stays so.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SMALLEST_SHOWN = 11
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def hidden_rows(counts: npt.ArrayLike, start: Bools | None = None, least: int = SMALLEST_SHOWN) -> Bools:
    """Rows to hide of a table of counts, the totals of whose columns are public.

    Which rows these are depends on nothing but the arguments, so of equal tables equal rows are hidden. Where a total
    is itself under ``least``, all counts in its column but 0 are hidden, and one row more if that leaves one alone.

    Args:
        counts: (g,) or (g, c); a row is shown or hidden as a whole. What it counts in all may be shown if it is
            ``least`` or more.
        start: (g,) rows that are hidden in any case.
        least: the smallest count but 0 that may be shown.

    Returns:
        (g,) bool. Of the rows that would do, the fewest are hidden, and of those the ones that count least.
    """
    table = np.asarray(counts, dtype=np.int64)
    table = table[:, None] if table.ndim == 1 else table
    small = (table > 0) & (table < least)
    hidden: Bools = np.logical_or.reduce(small, axis=1)
    if start is not None:
        hidden = hidden | start
    sizes, enough = table.sum(1), np.minimum(least, table.sum(0))
    while hidden.any() and not hidden.all():
        short = small[hidden].any(0) & (table[hidden].sum(0) < enough)
        if not short.any() and hidden.sum() > 1:
            break
        helps = (table[:, short] > 0).sum(1)
        hidden[np.lexsort((sizes, -helps, hidden))[0]] = True
    return hidden
