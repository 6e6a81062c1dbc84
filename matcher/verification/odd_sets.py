"""Checks the odd sets of a certificate, and what they count, from their forest alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled
from matcher.errors import VerificationError
from matcher.pairing.solution import OddSets

Ints = npt.NDArray[np.int64]


def require(holds: bool | np.bool_, broken: str) -> None:
    """Raise :class:`VerificationError` with the promise that is broken, unless it holds."""
    if not holds:
        raise VerificationError(broken)


def odd_terms(u: npt.NDArray[np.int32], v: npt.NDArray[np.int32], slots: Ints, sets: OddSets, uncovered: Ints) -> int:
    """What odd sets add to twice a bound; ``uncovered`` sinks where they cover an edge. O(n + m log k).

    Each counts its dual as often as edges fit into it at most: half of its members' slots and boundary edges.

    Raises:
        VerificationError: if they are no nested sets of members, or a boundary edge does not leave its set.
    """
    k, parent, home = len(sets), sets.parent, sets.home
    require(len(parent) == k and (sets.z >= 0).all(), "certificate: an odd set has a negative dual")
    require(len(home) == len(slots) and ((home >= -1) & (home < k)).all(), "certificate: an odd set names nobody")
    outer = (parent == -1) | ((parent > np.arange(k)) & (parent < k))
    require(outer.all(), "certificate: odd sets are not nested")
    boundary, start = sets.boundary, sets.boundary_start
    require(
        len(start) == k + 1 and start[0] == 0 and start[-1] == len(boundary) and (np.diff(start) >= 0).all(),
        "certificate: boundary edges are not those of the odd sets",
    )
    require(((boundary >= 0) & (boundary < len(u))).all(), "certificate: a boundary edge is none of the problem")
    slots_in, first, below, head = _forest(home, parent, slots)
    owner = np.repeat(np.arange(k), np.diff(start))
    ends = [(home[side[boundary]] >= 0) & _within(first, below, owner, home[side[boundary]]) for side in (u, v)]
    keys = np.unique(owner * np.int64(max(1, len(u))) + boundary)
    require(
        (ends[0] != ends[1]).all() and len(keys) == len(boundary),
        "certificate: a boundary edge does not leave its odd set",
    )
    np.subtract.at(uncovered, boundary, sets.z[owner])
    _cover(home, parent, head, sets.z, u, v, uncovered)
    return int(((slots_in + np.diff(start)) // 2 * sets.z).sum())


def _within(first: Ints, below: Ints, outer: Ints, inner: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    return (first[outer] <= first[inner]) & (first[inner] < first[outer] + below[outer])


@compiled
def _forest(home: Any, parent: Any, slots: Any) -> Any:
    """Of each set: the slots in it, its number from the outside in, how many sets it holds, where its path begins.

    A path goes from a set to the one inside it that holds most sets, so few paths lie between a set and the outside
    (heavy paths: Sleator and Tarjan 1983).
    """
    k = len(parent)
    slots_in, below = np.zeros(k, np.int64), np.ones(k, np.int64)
    for x in range(len(home)):
        if home[x] >= 0:
            slots_in[home[x]] += slots[x]
    heavy = np.full(k, -1, np.int64)
    for s in range(k):
        p = parent[s]
        if p >= 0:
            slots_in[p] += slots_in[s]
            below[p] += below[s]
            if heavy[p] < 0 or below[s] > below[heavy[p]]:
                heavy[p] = s
    first, given, head = np.zeros(k, np.int64), np.zeros(k, np.int64), np.arange(k)
    outermost = 0
    for s in range(k - 1, -1, -1):
        p = parent[s]
        if p < 0:
            first[s] = outermost
            outermost += below[s]
        else:
            first[s] = first[p] + 1 + given[p]
            given[p] += below[s]
            if heavy[p] == s:
                head[s] = head[p]
    return slots_in, first, below, head


@compiled
def _cover(home: Any, parent: Any, head: Any, z: Any, u: Any, v: Any, uncovered: Any) -> None:
    k = len(parent)
    outwards = z.copy()
    for s in range(k - 1, -1, -1):
        if parent[s] >= 0:
            outwards[s] += outwards[parent[s]]
    for e in range(len(u)):
        a, b = home[u[e]], home[v[e]]
        while a >= 0 and b >= 0 and head[a] != head[b]:  # a path whose outer end has the lower number is left first
            if head[a] < head[b]:
                a = parent[head[a]]
            else:
                b = parent[head[b]]
        if a >= 0 and b >= 0:
            uncovered[e] -= outwards[max(a, b)]
