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
from matcher.pairing.odd_sets import cover_inside, no_odd_sets, weights_of
from matcher.pairing.residual import Residual
from matcher.pairing.solution import OddSets

Ints = npt.NDArray[np.int64]


def doubled_bound(residual: Residual, y: Ints, odd_sets: OddSets) -> int:
    """Twice the bound on the open part, over the graph's edges; O(n + m log k) for k odd sets."""
    slack = 2 * residual.gain - y[residual.u] - y[residual.v]
    total = int((residual.capacity * y).sum())
    if len(odd_sets):
        cover_inside(odd_sets.home, odd_sets.parent, odd_sets.z, residual.u, residual.v, slack)
        np.subtract.at(slack, odd_sets.boundary, np.repeat(odd_sets.z, np.diff(odd_sets.boundary_start)))
        total += int((weights_of(odd_sets, residual.capacity) // 2 * odd_sets.z).sum())
    return total + int(np.maximum(slack, 0).sum())


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


def doubled_bound_all_pairs(residual: Residual, y_all: Ints, odd_sets: OddSets) -> int:
    """As :func:`doubled_bound`, for duals from :func:`cover_outside`: slots beyond the graph's edges count as well."""
    beyond = residual.free - residual.capacity
    return doubled_bound(residual, y_all, odd_sets) + int((beyond * y_all).sum())


def best_cover(residual: Residual, y: Ints, odd_sets: OddSets, outside: Ints) -> tuple[int, Ints]:
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
        found.append((doubled_bound_all_pairs(residual, raised, no_odd_sets(residual.n)), raised))
        if len(odd_sets):
            found.append((doubled_bound_all_pairs(residual, raised, odd_sets), raised))
    return min(found, key=lambda bound: bound[0])
