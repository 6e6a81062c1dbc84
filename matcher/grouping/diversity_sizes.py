"""Sizes that a grouping may have: the most uneven and the most even ones within the bounds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Sizes = npt.NDArray[np.int32]

_MOST_STEPS = 20_000
"""How many different sizes, over all groups, the exact way may try; each takes O(n)."""


def dominating_sizes(size_min: Sizes, size_max: Sizes, n: int) -> Ints:
    """Sizes, descending, that majorize all feasible ones; O(groups log groups).

    The first k add up to at least what the k largest groups of any grouping hold: no more than the k largest maxima,
    and no more than what the smallest minima leave over. The vector itself need not be feasible.
    """
    ceiling = np.cumsum(np.sort(size_max.astype(np.int64))[::-1])
    floors = np.sort(size_min.astype(np.int64))[::-1]
    left_over = n - int(floors.sum()) + np.cumsum(floors)
    return np.diff(np.minimum(ceiling, left_over), prepend=0)


def most_even_sizes(size_min: Sizes, size_max: Sizes, n: int) -> Ints:
    """The feasible sizes with the least sum of squares: one level, cut to the bounds; O(groups log n)."""
    low, high = size_min.astype(np.int64), size_max.astype(np.int64)
    floor, ceiling = 0, n
    while floor < ceiling:  # the highest level that does not need more than n members
        level = (floor + ceiling + 1) // 2
        if np.clip(level, low, high).sum() <= n:
            floor = level
        else:
            ceiling = level - 1
    sizes: Ints = np.clip(floor, low, high)
    growing = np.flatnonzero((sizes == floor) & (sizes < high))
    sizes[growing[: n - int(sizes.sum())]] += 1
    return sizes


def most_uneven_sizes(size_min: Sizes, size_max: Sizes, n: int) -> Ints:
    """The feasible sizes with the greatest sum of squares.

    By dynamic programming over groups and members placed, O(n) for every size that some group may have; beyond
    some thousands of those, greedily: whose minimum and maximum add up to most fills up first.
    """
    low, high = size_min.astype(np.int64), size_max.astype(np.int64)
    high = np.minimum(high, n - int(low.sum()) + low)
    if int((high - low + 1).sum()) > _MOST_STEPS or ((low == low[0]) & (high == high[0])).all():
        sizes, left = low.copy(), n - int(low.sum())
        for g in np.argsort(-(low + high), kind="stable").tolist():
            more = min(left, int(high[g] - low[g]))
            sizes[g] += more
            left -= more
        return sizes
    best = np.full(n + 1, -1, np.int64)
    best[0] = 0
    choices = np.zeros((len(low), n + 1), np.int32)
    for g in range(len(low)):
        following = np.full(n + 1, -1, np.int64)
        for size in range(int(low[g]), int(high[g]) + 1):
            reached = np.where(best[: n + 1 - size] >= 0, best[: n + 1 - size] + size * size, -1)
            better = reached > following[size:]
            following[size:][better] = reached[better]
            choices[g, size:][better] = size
        best = following
    sizes, left = np.empty_like(low), n
    for g in reversed(range(len(low))):
        sizes[g] = choices[g, left]
        left -= int(sizes[g])
    return sizes
