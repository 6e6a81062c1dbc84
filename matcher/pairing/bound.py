"""The bound that duals give, over the graph and over every eligible pair.

For any ``y >= 0`` and odd sets ``S`` with ``z >= 0`` and boundary edges ``F`` (half units, so ``2 w`` below):

    2 UB = sum b_v y_v + sum_S floor((b(S) + |F|) / 2) z_S + sum_e max(0, 2 w_e - y_u - y_v - sum of z_S that cover e)

where ``S`` covers the edges inside it and those in ``F``. It is weak duality: a plan uses ``b_v`` of each member at
most,
an odd set holds that many of its covered edges at most, and an edge is used once at most.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled
from matcher.pairing.residual import Residual
from matcher.pairing.solution import OddSet

Ints = npt.NDArray[np.int64]


def doubled_bound(residual: Residual, y: Ints, odd_sets: list[OddSet]) -> int:
    """Twice the bound on the open part, over the graph's edges; O(n + m) and the edges around the odd sets."""
    slack = 2 * residual.gain - y[residual.u] - y[residual.v]
    total = int((residual.capacity * y).sum())
    if odd_sets:
        total += _odd_terms(residual, odd_sets, slack)
    return total + int(np.maximum(slack, 0).sum())


def _odd_terms(residual: Residual, odd_sets: list[OddSet], slack: Ints) -> int:
    lengths = np.array([len(odd[0]) for odd in odd_sets])
    nodes = np.concatenate([odd[0] for odd in odd_sets])
    z = np.array([odd[1] for odd in odd_sets], np.int64)
    around = np.argsort(np.concatenate((residual.u, residual.v)), kind="stable")
    start = np.concatenate(
        (
            np.zeros(1, np.int64),
            np.cumsum(np.bincount(residual.u, minlength=residual.n) + np.bincount(residual.v, minlength=residual.n)),
        )
    )
    _cover_inside(start, around, residual.u, residual.v, lengths, nodes, z, slack)
    total = 0
    size = np.add.reduceat(residual.capacity[nodes], np.cumsum(lengths) - lengths)
    for number, odd in enumerate(odd_sets):
        boundary = odd[2] if len(odd) == 3 else nodes[:0]
        slack[boundary] -= odd[1]
        total += (int(size[number]) + len(boundary)) // 2 * odd[1]
    return total


@compiled
def _cover_inside(start: Any, around: Any, u: Any, v: Any, lengths: Any, nodes: Any, z: Any, slack: Any) -> Any:
    m = len(u)
    holder = np.full(len(start) - 1, -1, np.int64)
    at = 0
    for s in range(len(lengths)):
        for i in range(at, at + lengths[s]):
            holder[nodes[i]] = s
        for i in range(at, at + lengths[s]):
            for j in range(start[nodes[i]], start[nodes[i] + 1]):
                e = around[j]
                if e < m and holder[v[e]] == s:
                    slack[e] -= z[s]
        at += lengths[s]


def cover_outside(residual: Residual, y: Ints, outside: Ints) -> Ints:
    """Duals that cover the pairs outside the graph too: each at least the member's best score out there.

    A pair out there scores at most ``outside`` of either member, so two such duals cover it. After the rise the
    others sink
    again as far as the graph's edges let them. Odd sets are not needed for feasibility and count on top.
    """
    floor = np.where(outside >= 0, outside + residual.pair_prize, 0)
    # Where capacity exceeds the open edges, a dual would be paid for slots that the graph cannot fill.
    start = np.where(residual.free > residual.capacity, floor, np.maximum(y, floor)).astype(np.int64)
    _sink(residual.u, residual.v, residual.gain, floor.astype(np.int64), start)
    return start


@compiled
def _sink(u: Any, v: Any, gain: Any, floor: Any, y: Any) -> Any:
    n = len(y)
    # What each node must have in view of its neighbours as they are now: an edge that is short stays as short.
    need = floor.copy()
    for e in range(len(u)):
        need[u[e]] = max(need[u[e]], 2 * gain[e] - y[v[e]])
        need[v[e]] = max(need[v[e]], 2 * gain[e] - y[u[e]])
    # Only members none of whose neighbours sinks in the same sweep may sink, so that no edge is left short by two.
    blocked = np.zeros(n, np.bool_)
    for e in range(len(u)):
        a, b = u[e], v[e]
        if need[a] < y[a] and need[b] < y[b]:
            blocked[max(a, b)] = True
    for x in range(n):
        if need[x] < y[x] and not blocked[x]:
            y[x] = need[x]


def doubled_bound_all_pairs(residual: Residual, y_all: Ints, odd_sets: list[OddSet]) -> int:
    """As :func:`doubled_bound`, for duals from :func:`cover_outside`: slots beyond the graph's edges count as well."""
    beyond = residual.free - residual.capacity
    return doubled_bound(residual, y_all, odd_sets) + int((beyond * y_all).sum())


def best_cover(residual: Residual, y: Ints, odd_sets: list[OddSet], outside: Ints) -> tuple[int, Ints]:
    """Twice the least bound over all eligible pairs that is found, and its duals.

    The duals of the graph are best where scores differ little from what lies outside. Where a prize a pair dwarfs all
    scores they are 0 at one end and two prizes at the other, and the first rises to one; there each member's half of
    its best edge is better. Odd sets count only where they pay: without them the duals alone still cover every edge.
    """
    half = np.zeros(residual.n, np.int64)
    np.maximum.at(half, residual.u, residual.gain)
    np.maximum.at(half, residual.v, residual.gain)
    found = []
    for start in (y, half):
        raised = cover_outside(residual, start, outside)
        found.append((doubled_bound_all_pairs(residual, raised, []), raised))
        if odd_sets:
            found.append((doubled_bound_all_pairs(residual, raised, odd_sets), raised))
    return min(found, key=lambda bound: bound[0])
