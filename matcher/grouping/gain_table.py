"""What each member adds to each group: kept up to date, it prices any swap or move by a handful of look-ups.

``gains[g, i]`` is the sum of member i's affinities to the members of group g, i itself left out, whether i is in g or
not. Taking members from one group to another then changes two rows of the table.

The table is (groups, n) and not the other way round: a change adds one affinity row to one table row and takes it off
another, all three contiguous, which the compiler turns into vector instructions. That is twice as fast as (n, groups)
from a hundred members to thousands, and looking up four single entries costs the same in either. A whole table is
8 n groups bytes; the affinities themselves are what fills the caches.

All functions work in place on plain arrays. They expect ``affinity`` symmetric with a zero diagonal, as
:class:`~matcher.grouping.affinity_problem.GroupingProblem` holds it; a diagonal would be added to a member's own gain.
A group of -1 is no group: its members are in nobody's gain, and joining or leaving it costs nothing itself.
Rounding errors of updates add up: in double precision about one unit in the last place of a gain per update, so that
a table may serve some millions of updates before :func:`fill_gains` should renew it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int32]


@compiled_in_place
def fill_gains(affinity: Floats, group_of: Ids, gains: Floats) -> None:
    """Compute the table from nothing; O(n^2).

    Args:
        affinity: (n, n) float64, symmetric. The diagonal is not read.
        group_of: (n,) int32, each member's group, -1 for none.
        gains: (groups, n) float64, overwritten.
    """
    gains[:, :] = 0.0
    for j in range(group_of.shape[0]):
        g = group_of[j]
        if g >= 0:
            row, sums = affinity[j], gains[g]
            for i in range(j):
                sums[i] += row[i]
            for i in range(j + 1, group_of.shape[0]):
                sums[i] += row[i]


@compiled_in_place
def inside_sum(gains: Floats, group_of: Ids) -> float:
    """The objective: the sum of affinities over unordered pairs in one group; O(n)."""
    doubled = 0.0
    for i in range(group_of.shape[0]):
        if group_of[i] >= 0:
            doubled += gains[group_of[i], i]
    return 0.5 * doubled


@compiled_in_place
def swap_change(affinity: Floats, gains: Floats, group_of: Ids, i: int, j: int) -> float:
    """What the objective gains if i and j change places; O(1). They must not be in the same group."""
    a, b = group_of[i], group_of[j]
    change = 0.0
    if a >= 0:
        change += gains[a, j] - gains[a, i] - affinity[i, j]
    if b >= 0:
        change += gains[b, i] - gains[b, j] - affinity[i, j]
    return change


@compiled_in_place
def move_change(gains: Floats, group_of: Ids, i: int, target: int) -> float:
    """What the objective gains if i goes to group ``target``, not i's own; -1 for out of all groups; O(1)."""
    source = group_of[i]
    change = 0.0
    if target >= 0:
        change += gains[target, i]
    if source >= 0:
        change -= gains[source, i]
    return change


@compiled_in_place
def apply_move(affinity: Floats, gains: Floats, group_of: Ids, sizes: Ids, i: int, target: int) -> None:
    """Take i to group ``target`` (-1: out of all groups), not i's own; O(n).

    Args:
        affinity: (n, n) float64.
        gains: (groups, n) float64, updated.
        group_of: (n,) int32, updated.
        sizes: (groups,) int32, members of each group, updated.
        i: who goes.
        target: where to.
    """
    source = group_of[i]
    row = affinity[i]
    if source >= 0 and target >= 0:
        left, joined = gains[source], gains[target]
        for k in range(row.shape[0]):
            left[k] -= row[k]
            joined[k] += row[k]
    elif source >= 0:
        left = gains[source]
        for k in range(row.shape[0]):
            left[k] -= row[k]
    elif target >= 0:
        joined = gains[target]
        for k in range(row.shape[0]):
            joined[k] += row[k]
    if source >= 0:
        sizes[source] -= 1
    if target >= 0:
        sizes[target] += 1
    group_of[i] = target


@compiled_in_place
def apply_swap(affinity: Floats, gains: Floats, group_of: Ids, i: int, j: int) -> None:
    """Let i and j, of different groups, change places; O(n). Sizes stay as they are; arguments as in the other."""
    a, b = group_of[i], group_of[j]
    first, second = affinity[i], affinity[j]
    if a >= 0:
        of_a = gains[a]
        for k in range(first.shape[0]):
            of_a[k] += second[k] - first[k]
    if b >= 0:
        of_b = gains[b]
        for k in range(first.shape[0]):
            of_b[k] += first[k] - second[k]
    group_of[i], group_of[j] = b, a
