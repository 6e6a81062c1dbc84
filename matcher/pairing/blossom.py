"""Blossoms: odd sets of nodes that act as one node, kept as a forest over plain arrays.

Ids below ``n`` are the nodes themselves, those from ``n`` on are blossoms. A blossom's children stand in a cycle of odd
length joined by tight edges, beginning with the child that holds the base, the only node whose mate is elsewhere;
with the
base's child as number 0, the edges 1-2, 3-4, ... are matched. Blossoms outlive the search that made them while their
dual ``z`` is positive (Edmonds 1965; the bookkeeping follows Galil 1986, with sets that never split during a search
kept
as a union-find, and only blossoms that open are relabelled node by node).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place


class Blossoms(NamedTuple):
    """One entry an id (``2 n`` of them), except ``outermost`` and ``nodes``, which have one a node."""

    outermost: npt.NDArray[np.int32]
    """The blossom on the top floor that held the node when the search began, or since its blossom opened."""
    joined: npt.NDArray[np.int32]
    """Union-find over blossoms joined in the present search; a blossom that has opened in it stands for its largest
    child, whose nodes are not told."""
    parent: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    after: npt.NDArray[np.int32]
    before: npt.NDArray[np.int32]
    near: npt.NDArray[np.int32]
    """The edge to the sibling ``after``: its end here, and at ``far`` the end there."""
    far: npt.NDArray[np.int32]
    base: npt.NDArray[np.int32]
    size: npt.NDArray[np.int32]
    """How many nodes it holds."""
    z: npt.NDArray[np.int64]
    """Dual in half units; even. On the top floor during a search shifted by the clock, as the nodes' duals are."""
    label: npt.NDArray[np.int8]
    enter_from: npt.NDArray[np.int32]
    """For a T blossom the edge by which the tree enters: its end in the tree, and at ``enter_at`` the end in the
    blossom."""
    enter_at: npt.NDArray[np.int32]
    mark: npt.NDArray[np.int64]
    spare: npt.NDArray[np.int32]
    """Stack of unused ids; its height is ``spare_count[0]``."""
    spare_count: npt.NDArray[np.int64]
    stack: npt.NDArray[np.int32]
    stack_node: npt.NDArray[np.int32]
    nodes: npt.NDArray[np.int32]
    """Where `gather` puts its answer."""
    chain: npt.NDArray[np.int32]
    """Where `rebase` puts the way down to a node."""


def no_blossoms(n: int) -> Blossoms:
    """Every node on its own; about 110 n bytes."""
    ids = np.arange(2 * n, dtype=np.int32)

    def fresh() -> npt.NDArray[np.int32]:
        return np.full(2 * n, -1, np.int32)

    return Blossoms(
        outermost=ids[:n].copy(),
        joined=ids.copy(),
        parent=fresh(),
        first=fresh(),
        after=fresh(),
        before=fresh(),
        near=fresh(),
        far=fresh(),
        base=ids.copy(),
        size=np.ones(2 * n, np.int32),
        z=np.zeros(2 * n, np.int64),
        label=np.zeros(2 * n, np.int8),
        enter_from=fresh(),
        enter_at=fresh(),
        mark=np.zeros(2 * n, np.int64),
        spare=ids[: n - 1 : -1].copy(),
        spare_count=np.full(1, n, np.int64),
        stack=fresh(),
        stack_node=fresh(),
        nodes=np.empty(n, np.int32),
        chain=np.empty(2 * n, np.int32),
    )


@compiled_in_place
def find(blossoms: Blossoms, x: int) -> int:
    """The blossom on the top floor that holds node ``x``."""
    joined = blossoms.joined
    b: int = blossoms.outermost[x]
    while joined[b] != b:
        joined[b] = joined[joined[b]]
        b = joined[b]
    return b


@compiled_in_place
def gather(blossoms: Blossoms, b: Any) -> int:
    """Write the nodes of ``b`` to ``blossoms.nodes``, return their number."""
    n = len(blossoms.nodes)
    if b < n:
        blossoms.nodes[0] = b
        return 1
    count, height = 0, 1
    blossoms.stack[0] = b
    while height > 0:
        height -= 1
        c = blossoms.stack[height]
        if c < n:
            blossoms.nodes[count] = c
            count += 1
            continue
        child = blossoms.first[c]
        while True:
            blossoms.stack[height] = child
            height += 1
            child = blossoms.after[child]
            if child == blossoms.first[c]:
                break
    return count


@compiled_in_place
def goes_forward(blossoms: Blossoms, base_child: int, child: int) -> bool:
    """Whether the even way round from ``child`` to the base's child follows ``after``; its first edge is matched."""
    steps = 0
    c = base_child
    while c != child:
        c = blossoms.after[c]
        steps += 1
    return steps % 2 == 1


@compiled_in_place
def rebase(blossoms: Blossoms, mate: npt.NDArray[np.int32], b: int, x: int) -> None:
    """Shift the matched edges inside ``b`` so that node ``x`` becomes its base; O(size) with all floors."""
    n = len(blossoms.nodes)
    if b < n:
        return
    stack, stack_node, chain = blossoms.stack, blossoms.stack_node, blossoms.chain
    stack[0], stack_node[0] = b, x
    height = 1
    while height > 0:
        height -= 1
        outer, x = stack[height], stack_node[height]
        floors = 0
        c = x
        while c != outer:
            chain[floors] = c
            floors += 1
            c = blossoms.parent[c]
        # From the outermost floor inwards: who holds the node becomes the base's child, and the way there turns.
        while floors > 0:
            b = c
            floors -= 1
            c = chain[floors]
            forward = goes_forward(blossoms, blossoms.first[b], c)
            there = c
            while there != blossoms.first[b]:
                # The edge from `there` onwards stops being matched, the one after it starts.
                if forward:
                    one = blossoms.after[there]
                    other = blossoms.after[one]
                    p, q = blossoms.near[one], blossoms.far[one]
                else:
                    one = blossoms.before[there]
                    other = blossoms.before[one]
                    p, q = blossoms.far[other], blossoms.near[other]
                mate[p], mate[q] = q, p
                if one >= n:
                    stack[height], stack_node[height] = one, p
                    height += 1
                if other >= n:
                    stack[height], stack_node[height] = other, q
                    height += 1
                there = other
            blossoms.first[b] = c
            blossoms.base[b] = x


@compiled_in_place
def take_spare(blossoms: Blossoms) -> int:
    """An unused id; a forest over ``n`` nodes never needs more than there are."""
    blossoms.spare_count[0] -= 1
    unused: int = blossoms.spare[blossoms.spare_count[0]]
    return unused


@compiled_in_place
def give_back(blossoms: Blossoms, b: int) -> None:
    """Return the id of a blossom that has opened."""
    blossoms.label[b] = 0
    blossoms.joined[b] = b
    blossoms.parent[b] = -1
    blossoms.first[b] = -1
    blossoms.z[b] = 0
    blossoms.spare[blossoms.spare_count[0]] = b
    blossoms.spare_count[0] += 1


@compiled_in_place
def set_children_free(blossoms: Blossoms, b: int) -> None:
    """Let the children of ``b`` be on the top floor. O(size) without the largest child.

    The largest child's nodes still name ``b``, which stands for it: where blossoms lie in each other by the thousand,
    opening one after the other would else be quadratic. So the id is given back when the search ends.
    """
    child = largest = blossoms.first[b]
    while True:
        if blossoms.size[child] > blossoms.size[largest]:
            largest = child
        child = blossoms.after[child]
        if child == blossoms.first[b]:
            break
    while True:
        blossoms.parent[child] = -1
        if child != largest:
            for i in range(gather(blossoms, child)):
                blossoms.outermost[blossoms.nodes[i]] = child
        child = blossoms.after[child]
        if child == blossoms.first[b]:
            break
    blossoms.joined[b] = largest
    blossoms.label[b] = 0
    blossoms.first[b] = -1
    blossoms.z[b] = 0


@compiled_in_place
def link(blossoms: Blossoms, one: int, other: int, near: int, far: int) -> None:
    """Make ``other`` the sibling after ``one``, joined by the edge ``near - far``."""
    blossoms.after[one] = other
    blossoms.before[other] = one
    blossoms.near[one] = near
    blossoms.far[one] = far
