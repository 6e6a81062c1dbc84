"""A new grouping from two: what both agree on stays together, the rest is dealt anew."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]


def cross(one: Ids, other: Ids, group_count: int, draw: np.random.Generator) -> Ids:
    """Keep the greatest common parts of two groupings' groups and deal everybody else at random.

    Groups are matched greedily by how many members they share, each with one of the other grouping (Galinier and Hao,
    Journal of Combinatorial Optimization 3, 1999, for colour classes). The child has the sizes of ``one``, so it is
    feasible if ``one`` is. O(n log n).

    Args:
        one, other: (n,) int32 in 0..group_count - 1.
        group_count: number of groups.
        draw: deals the rest.

    Returns:
        (n,) int32.
    """
    pairs, shared = np.unique(one.astype(np.int64) * group_count + other, return_counts=True)
    partner = np.full(group_count, -1, np.int64)
    taken = np.zeros(group_count, np.bool_)
    for pair in pairs[np.argsort(-shared, kind="stable")].tolist():
        mine, theirs = divmod(pair, group_count)
        if partner[mine] < 0 and not taken[theirs]:
            partner[mine] = theirs
            taken[theirs] = True
    agreed = partner[one] == other
    child = one.copy()
    rest = np.flatnonzero(~agreed)
    child[rest] = draw.permutation(one[rest])
    return child
