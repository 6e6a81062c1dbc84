"""From one plan to another in independent steps.

Edges that only one of two plans has fall into trails along which edges of the two alternate at every member. Applying
any choice of whole trails to the first plan gives a plan again: at a member where a trail passes, one edge replaces
another; where trails end with an edge to come, the second plan has room for all of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]
WINDOW = 200
"""Trails before and after the first that does not fit among which the choice is made anew, exactly."""
LARGEST_TABLE = 20_000_000


class Trails(NamedTuple):
    """The steps from one plan to another.

    Attributes:
        edges: (m,) the edges that change, of either plan.
        trail: (m,) the trail of each.
        comes: (m,) whether the second plan has it.
        size: how many trails there are.
    """

    edges: Ints
    trail: Ints
    comes: npt.NDArray[np.bool_]
    size: int

    def sums(self, values: Ints) -> Ints:
        """(size,) what each trail adds up to: values of edges that come, less those of edges that go."""
        found = np.zeros(self.size, np.int64)
        np.add.at(found, self.trail, np.where(self.comes, values[self.edges], -values[self.edges]))
        return found


def trails_between(u: npt.NDArray[np.int32], v: npt.NDArray[np.int32], first: Ints, second: Ints) -> Trails:
    """The trails from plan ``first`` to plan ``second``, as edge numbers; O(k log k) in the edges that change."""
    edges = np.setxor1d(first, second)
    comes = np.isin(edges, second)
    count = len(edges)
    node = np.concatenate((u[edges], v[edges])).astype(np.int64)
    edge = np.tile(np.arange(count), 2)
    side = np.tile(comes, 2).astype(np.int64)
    order = np.lexsort((edge, side, node))
    group = node[order] * 2 + side[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    rank = np.arange(2 * count) - np.repeat(starts, np.diff(starts, append=2 * count))
    most = int(rank.max(initial=0)) + 1
    key, goes = node[order] * most + rank, side[order] == 0
    _, one, other = np.intersect1d(key[goes], key[~goes], assume_unique=True, return_indices=True)
    links = edge[order][goes][one], edge[order][~goes][other]
    graph = coo_array((np.ones(len(one), np.int8), links), shape=(count, count))
    trails, trail = connected_components(graph, directed=False)
    return Trails(edges, trail.astype(np.int64), comes, int(trails))


def best_trails(gain: Ints, cost: Ints, budget: int) -> npt.NDArray[np.bool_]:
    """Which trails to take so that their costs stay within the budget and their gains add up to much.

    Trails that cost nothing and gain are all taken. Of the others the best by gain a unit of cost; around the first
    that does not fit, the choice is made exactly by dynamic programming. Best of all if no more than
    ``2 WINDOW`` trails cost something.
    """
    taken: npt.NDArray[np.bool_] = (cost <= 0) & (gain > 0)
    left = budget - int(cost[taken].sum())
    costly = np.flatnonzero((cost > 0) & (gain > 0))
    costly = costly[np.lexsort((costly, cost[costly], -gain[costly] / cost[costly]))]
    total = np.cumsum(cost[costly])
    fits = int(np.searchsorted(total, left, side="right"))
    surely = max(0, fits - WINDOW)
    taken[costly[:surely]] = True
    left -= int(cost[costly[:surely]].sum())
    open_ = costly[surely : fits + WINDOW]
    open_ = open_[cost[open_] <= left]
    if len(open_) * (left + 1) > LARGEST_TABLE:
        open_ = open_[: max(1, LARGEST_TABLE // (left + 1))]
    taken[open_[_knapsack(gain[open_], cost[open_], left)]] = True
    return taken


def _knapsack(gain: Ints, cost: Ints, budget: int) -> npt.NDArray[np.bool_]:
    """The exact choice; O(trails times budget)."""
    budget = min(budget, int(cost.sum()))
    best = np.zeros(budget + 1, np.int64)
    better = np.zeros((len(gain), budget + 1), np.bool_)
    for item, (value, weight) in enumerate(zip(gain.tolist(), cost.tolist(), strict=True)):
        with_it = best[: budget + 1 - weight] + value
        better[item, weight:] = with_it > best[weight:]
        best[weight:] = np.maximum(best[weight:], with_it)
    chosen = np.zeros(len(gain), np.bool_)
    at = budget
    for item in range(len(gain) - 1, -1, -1):
        if better[item, at]:
            chosen[item] = True
            at -= int(cost[item])
    return chosen
