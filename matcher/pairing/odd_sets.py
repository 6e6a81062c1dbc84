"""A nested family of odd sets as a forest: its size is that of the graph, however deep the sets lie in each other.

Blossoms that grow one around the other hold the same members again and again. Written out, ten thousand of them over
fifty thousand members are hundreds of millions of entries; as a forest each member names the smallest set that holds
it, and each set the next larger one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_in_place
from matcher.pairing.blossom import Blossoms
from matcher.pairing.solution import OddSets

Ids = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]


def no_odd_sets(n: int) -> OddSets:
    """None, of ``n`` members."""
    nothing = np.empty(0, np.int64)
    return OddSets(np.full(n, -1, np.int32), nothing.astype(np.int32), nothing, np.zeros(1, np.int64), nothing)


@compiled
def forest(blossoms: Blossoms) -> Any:
    """The blossoms with a positive dual as a forest; O(n).

    Returns the smallest one around each node, that around each of them (-1 for none), and their ids; inner ones come
    before outer ones.
    """
    n = len(blossoms.nodes)
    stack, order = np.empty(2 * n, np.int32), np.empty(n, np.int32)
    height, count = 0, 0
    for b in range(n, 2 * n):
        if blossoms.first[b] >= 0 and blossoms.parent[b] < 0:
            stack[height] = b
            height += 1
    while height > 0:
        height -= 1
        b = stack[height]
        order[count] = b
        count += 1
        child = blossoms.first[b]
        while True:
            if child >= n:
                stack[height] = child
                height += 1
            child = blossoms.after[child]
            if child == blossoms.first[b]:
                break
    positive = 0
    for i in range(count):
        if blossoms.z[order[i]] > 0:
            positive += 1
    number = np.full(2 * n, -1, np.int32)  # of the blossom itself, or of the next one around it that has a dual
    parent, ids = np.empty(positive, np.int32), np.empty(positive, np.int32)
    following = positive
    for i in range(count):
        b = order[i]
        above = blossoms.parent[b]
        outer = number[above] if above >= 0 else -1
        if blossoms.z[b] > 0:
            following -= 1
            parent[following], ids[following] = outer, b
            outer = following
        number[b] = outer
    home = np.full(n, -1, np.int32)
    for x in range(n):
        if blossoms.parent[x] >= 0:
            home[x] = number[blossoms.parent[x]]
    return home, parent, ids


def nested(n: int, sets: list[tuple[Ids, int, Ints]]) -> OddSets:
    """The forest of sets that are written out as (members, z, boundary edges). O(their total size).

    A set that overlaps another one without holding it is left out: the bound holds without it, if less tight.
    """
    home = np.full(n, -1, np.int32)
    number = np.full(n, -1, np.int64)  # of the largest set so far that holds a member
    parent: list[int] = []
    size: list[int] = []
    kept: list[tuple[Ids, int, Ints]] = []
    for members, z, boundary in sorted(sets, key=lambda one: (len(one[0]), one[0].tolist())):
        inside, count = np.unique(number[members], return_counts=True)
        held = inside >= 0
        if any(size[one] != many for one, many in zip(inside[held].tolist(), count[held].tolist(), strict=True)):
            continue
        for one in inside[held].tolist():
            parent[one] = len(kept)
        new = members[number[members] < 0]
        home[new] = len(kept)
        number[members] = len(kept)
        parent.append(-1)
        size.append(len(members))
        kept.append((members, z, boundary))
    start = np.concatenate((np.zeros(1, np.int64), np.cumsum([len(one[2]) for one in kept], dtype=np.int64)))
    boundary = np.concatenate([np.empty(0, np.int64), *(one[2] for one in kept)])
    z_of_all = np.array([one[1] for one in kept], np.int64)
    return OddSets(home, np.array(parent, np.int32), z_of_all, start, boundary.astype(np.int64))


def weights_of(sets: OddSets, capacity: Ints) -> Ints:
    """(k,) the capacity of all members of each set, and one for each of its boundary edges. O(n + k)."""
    held = sets.home >= 0
    weights = np.bincount(sets.home[held], capacity[held], minlength=len(sets)).astype(np.int64)
    _add_up(sets.parent, weights)
    return weights + np.diff(sets.boundary_start)


@compiled_in_place
def _add_up(parent: Any, weights: Any) -> None:
    for s in range(len(parent)):
        if parent[s] >= 0:
            weights[parent[s]] += weights[s]


@compiled
def cover_inside(home: Any, parent: Any, z: Any, u: Any, v: Any, slack: Any) -> None:
    """Take off each edge's slack the duals of all sets that hold both of its ends; O(k + m log k).

    Every set that holds both holds the smallest such one, so a sum from there outwards is looked up. That set is found
    from both homes by turns, over jump pointers (Myers 1983: an applicative random-access stack).
    """
    k = len(parent)
    outwards = np.zeros(k + 1, np.int64)
    depth, jump, above = np.zeros(k + 1, np.int64), np.full(k + 1, k), np.full(k + 1, k)
    for s in range(k - 1, -1, -1):
        p = parent[s] if parent[s] >= 0 else k
        above[s] = p
        outwards[s] = outwards[p] + z[s]
        depth[s] = depth[p] + 1
        even = depth[p] - depth[jump[p]] == depth[jump[p]] - depth[jump[jump[p]]]
        jump[s] = jump[jump[p]] if even else p
    for e in range(len(u)):
        a, b = home[u[e]], home[v[e]]
        if a < 0 or b < 0:
            continue
        while a != b:  # both are at most the number of the set they look for, so the lower one goes on
            if a > b:
                a, b = b, a
            a = jump[a] if jump[a] <= b else above[a]
        slack[e] -= outwards[a]
