"""Locally dominant pairing: take edges from the best on, as long as both ends have room.

Taken over all edges it has no blocking pair and at least half of the best total (Preis 1999); over what a time limit
has
left undone it completes a plan. With swaps afterwards it serves graphs whose copies would not fit into memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled

Ints = npt.NDArray[np.int64]
Ids = npt.NDArray[np.int32]


def best_first(worth: Ints) -> npt.NDArray[np.intp]:
    """Edges by falling worth, equal ones by number: a strict order for everybody."""
    return np.argsort(-worth, kind="stable")


def take_dominant(u: Ids, v: Ids, order: npt.NDArray[np.intp], room: Ints) -> npt.NDArray[np.int64]:
    """Take edges in ``order`` while both ends have ``room``, which is used up; returns them ascending. O(m)."""
    return np.sort(_take(u, v, order.astype(np.int64), room))


@compiled
def _take(u: Any, v: Any, order: Any, room: Any) -> Any:
    taken = np.empty(len(order), np.int64)
    count = 0
    for e in order:
        if room[u[e]] > 0 and room[v[e]] > 0:
            room[u[e]] -= 1
            room[v[e]] -= 1
            taken[count] = e
            count += 1
    return taken[:count].copy()


def improve_by_swaps(u: Ids, v: Ids, gain: Ints, capacity: Ints, taken: Ints, sweeps: int = 8) -> Ints:
    """Put edges in that gain more than the weakest ones they push out; returns the edges taken, ascending.

    Each sweep looks at every edge once, best first, and then refills what became free. O(m max(capacity)) a sweep.
    """
    order = best_first(gain).astype(np.int64)
    inside = np.zeros(len(u), np.bool_)
    inside[taken] = True
    first = np.concatenate((np.zeros(1, np.int64), np.cumsum(capacity)))
    _swap(u, v, gain, first, order, inside, sweeps)
    return np.flatnonzero(inside).astype(np.int64)


@compiled
def _swap(u: Any, v: Any, gain: Any, first: Any, order: Any, inside: Any, sweeps: Any) -> Any:
    slots = np.full(first[-1], -1, np.int64)
    for e in order:
        if inside[e]:
            for x in (u[e], v[e]):
                at = first[x]
                while slots[at] >= 0:
                    at += 1
                slots[at] = e
    for _ in range(sweeps):
        changed = False
        for e in order:
            if inside[e] or first[u[e]] == first[u[e] + 1] or first[v[e]] == first[v[e] + 1]:
                continue
            weakest_u, weakest_v = first[u[e]], first[v[e]]
            lost = np.int64(0)
            for at in range(first[u[e]], first[u[e] + 1]):
                if slots[at] < 0 or (slots[weakest_u] >= 0 and gain[slots[at]] < gain[slots[weakest_u]]):
                    weakest_u = at
            for at in range(first[v[e]], first[v[e] + 1]):
                if slots[at] < 0 or (slots[weakest_v] >= 0 and gain[slots[at]] < gain[slots[weakest_v]]):
                    weakest_v = at
            for at in (weakest_u, weakest_v):
                if slots[at] >= 0:
                    lost += gain[slots[at]]
            if gain[e] <= lost:
                continue
            for at in (weakest_u, weakest_v):
                out = slots[at]
                if out >= 0:
                    inside[out] = False
                    for x in (u[out], v[out]):
                        for there in range(first[x], first[x + 1]):
                            if slots[there] == out:
                                slots[there] = -1
            slots[weakest_u] = slots[weakest_v] = e
            inside[e] = True
            changed = True
        if not changed:
            break


def sweep_duals(u: Ids, v: Ids, gain: Ints, capacity: Ints, sweeps: int = 12) -> Ints:
    """Duals by coordinate descent on the bound: each member's in turn at the best value for the others' as they stand.

    For a member with room for ``b`` that is the ``b``-th largest of ``2 w - y`` over its edges, or 0. Returns half
    units.
    """
    n = len(capacity)
    ends = np.concatenate((u, v))
    around = np.argsort(ends, kind="stable")
    start = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.bincount(ends, minlength=n))))
    other = np.concatenate((v, u))[around]
    double = 2 * np.concatenate((gain, gain))[around]
    y = np.zeros(n, np.int64)
    np.maximum.at(y, ends[around], double // 2)
    _sweep(start, other, double, capacity, y, sweeps)
    return y


@compiled
def _sweep(start: Any, other: Any, double: Any, capacity: Any, y: Any, sweeps: Any) -> Any:
    for _ in range(sweeps):
        for x in range(len(y)):
            count = start[x + 1] - start[x]
            if capacity[x] == 0 or capacity[x] > count:
                y[x] = 0
                continue
            rest = np.empty(count, np.int64)
            for i in range(count):
                rest[i] = double[start[x] + i] - y[other[start[x] + i]]
            rest.sort()
            high = max(rest[count - capacity[x]], 0)
            low = max(rest[count - capacity[x] - 1], 0) if capacity[x] < count else 0
            # Between the two the bound is level; the middle leaves the neighbours room to sink.
            y[x] = (high + low) // 2
