"""One alternating tree over blossoms: how members of it get their labels, join into blossoms and leave again.

While a blossom is in the tree its duals are kept shifted by the tree's clock, so that time passes for free: an S node's
dual is ``DUAL - clock``, a T node's ``DUAL + clock``; an S blossom's ``z + 2 clock``, a T blossom's ``z - 2 clock``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place
from matcher.pairing.adjacency import BEST, DUAL, FROM, LABEL, NEVER, OUTSIDE, Graph, S, T
from matcher.pairing.blossom import (
    Blossoms,
    find,
    gather,
    goes_forward,
    link,
    set_children_free,
    take_spare,
)
from matcher.pairing.events import Events, push


class Tree(NamedTuple):
    """The lists of one search; ``state`` holds their lengths, then the clock, the limit and how the limit comes
    about."""

    touched: npt.NDArray[np.int32]
    """Nodes whose state this search has changed; ``touched_in`` says so by the number of the search."""
    touched_in: npt.NDArray[np.int64]
    labelled: npt.NDArray[np.int32]
    """Blossoms (and nodes on their own) that had a label, were made or set free; ``labelled_in`` as above."""
    labelled_in: npt.NDArray[np.int64]
    queue: npt.NDArray[np.int32]
    """Nodes that became S; those from ``SCANNED`` on have not been looked along yet."""
    state: npt.NDArray[np.int64]


TOUCHED, LABELLED, QUEUED, SCANNED, CLOCK, LIMIT, END_U, END_V, MARK, WORK, FIXED_ROOT, NUMBER, SUNK = range(13)


def no_tree(n: int) -> Tree:
    """Room for any search over ``n`` nodes."""
    return Tree(
        np.empty(n, np.int32),
        np.zeros(n, np.int64),
        np.empty(2 * n, np.int32),
        np.zeros(2 * n, np.int64),
        np.empty(n, np.int32),
        np.zeros(13, np.int64),
    )


OPENS = -1
"""In place of the second node of an event: the blossom that is its first entry opens."""


@compiled_in_place
def note(tree: Tree, b: int) -> None:
    """Remember that ``b`` takes part in this search."""
    if tree.labelled_in[b] != tree.state[NUMBER]:
        tree.labelled_in[b] = tree.state[NUMBER]
        tree.labelled[tree.state[LABELLED]] = b
        tree.state[LABELLED] += 1


@compiled_in_place
def touch(tree: Tree, x: int) -> None:
    """Remember that node ``x`` has to be settled when this search ends."""
    if tree.touched_in[x] != tree.state[NUMBER]:
        tree.touched_in[x] = tree.state[NUMBER]
        tree.touched[tree.state[TOUCHED]] = x
        tree.state[TOUCHED] += 1


@compiled_in_place
def make_s(graph: Graph, blossoms: Blossoms, tree: Tree, b: int) -> None:
    """Give ``b`` and its nodes the label S and queue them; nodes that were T turn round."""
    node, count = graph.node, tree.state
    clock = count[CLOCK]
    blossoms.label[b] = S
    if b >= len(graph.mate):
        blossoms.z[b] -= 2 * clock
    note(tree, b)
    _queue_nodes(blossoms, tree, b, node, clock)


@compiled_in_place
def _queue_nodes(blossoms: Blossoms, tree: Tree, b: int, node: npt.NDArray[np.int64], clock: int) -> None:
    count = tree.state
    for i in range(gather(blossoms, b)):
        x = blossoms.nodes[i]
        if node[x, LABEL] == T:
            node[x, DUAL] += 2 * clock
        else:
            node[x, DUAL] += clock
            touch(tree, x)
        node[x, LABEL] = S
        if node[x, DUAL] < count[LIMIT] and count[FIXED_ROOT] != x:
            count[LIMIT], count[END_U], count[END_V] = node[x, DUAL], x, -1
        tree.queue[count[QUEUED]] = x
        count[QUEUED] += 1


@compiled_in_place
def make_t(graph: Graph, blossoms: Blossoms, tree: Tree, events: Events, b: int, parent: int, at: int) -> None:
    """Give ``b``, entered by the edge ``parent - at``, and its nodes the label T."""
    node, clock = graph.node, tree.state[CLOCK]
    for i in range(gather(blossoms, b)):
        x = blossoms.nodes[i]
        node[x, LABEL] = T
        node[x, DUAL] -= clock
        touch(tree, x)
    _enter_t(graph, blossoms, tree, events, b, parent, at)


@compiled_in_place
def _enter_t(graph: Graph, blossoms: Blossoms, tree: Tree, events: Events, b: int, parent: int, at: int) -> None:
    """Give ``b``, whose nodes are T, that label; a blossom opens when its ``z`` runs out."""
    count = tree.state
    clock = count[CLOCK]
    blossoms.label[b] = T
    blossoms.enter_from[b], blossoms.enter_at[b] = parent, at
    note(tree, b)
    if b >= len(graph.mate):
        blossoms.z[b] += 2 * clock
        if blossoms.z[b] // 2 < count[LIMIT]:
            push(events, blossoms.z[b] // 2, b, OPENS)


@compiled_in_place
def _parent(graph: Graph, blossoms: Blossoms, b: int) -> int:
    """The S blossom two floors above S blossom ``b``, or -1 at the root."""
    above = graph.mate[blossoms.base[b]]
    if above < 0:
        return -1
    return find(blossoms, blossoms.enter_from[find(blossoms, above)])


@compiled_in_place
def shrink(graph: Graph, blossoms: Blossoms, tree: Tree, u: int, v: int) -> None:
    """Join the tree paths above the tight edge ``u - v`` between two S blossoms into a new S blossom."""
    n, mate = len(graph.mate), graph.mate
    clock = tree.state[CLOCK]
    side_u, side_v = find(blossoms, u), find(blossoms, v)
    tree.state[MARK] += 1
    mark = tree.state[MARK]
    x, y = side_u, side_v
    while True:
        if x >= 0:
            if blossoms.mark[x] == mark:
                top = x
                break
            blossoms.mark[x] = mark
            x = _parent(graph, blossoms, x)
        x, y = y, x
    # Down from the top to u, over to v, up to the top again.
    s = side_u
    while s != top:
        inner = mate[blossoms.base[s]]
        t = find(blossoms, inner)
        link(blossoms, t, s, inner, blossoms.base[s])
        s = find(blossoms, blossoms.enter_from[t])
        link(blossoms, s, t, blossoms.enter_from[t], blossoms.enter_at[t])
    link(blossoms, side_u, side_v, u, v)
    s = side_v
    while s != top:
        inner = mate[blossoms.base[s]]
        t = find(blossoms, inner)
        link(blossoms, s, t, blossoms.base[s], inner)
        s = find(blossoms, blossoms.enter_from[t])
        link(blossoms, t, s, blossoms.enter_at[t], blossoms.enter_from[t])
    new = take_spare(blossoms)
    blossoms.size[new] = 0
    blossoms.first[new] = top
    blossoms.base[new] = blossoms.base[top]
    blossoms.parent[new] = -1
    blossoms.joined[new] = new
    blossoms.mark[new] = 0
    blossoms.label[new] = S
    blossoms.z[new] = -2 * clock
    note(tree, new)
    child = top
    while True:
        blossoms.parent[child] = new
        blossoms.joined[child] = new
        blossoms.size[new] += blossoms.size[child]
        if blossoms.label[child] == T:
            if child >= n:
                blossoms.z[child] -= 2 * clock
            _queue_nodes(blossoms, tree, child, graph.node, clock)
        elif child >= n:
            blossoms.z[child] += 2 * clock
        blossoms.label[child] = 0
        child = blossoms.after[child]
        if child == top:
            break


@compiled_in_place
def open_t(graph: Graph, blossoms: Blossoms, tree: Tree, events: Events, b: int) -> None:
    """Open T blossom ``b``, whose ``z`` has run out.

    The even way from its entry to its base stays in the tree, the rest leaves.
    """
    node, count = graph.node, tree.state
    parent, at = blossoms.enter_from[b], blossoms.enter_at[b]
    end = blossoms.first[b]
    set_children_free(blossoms, b)
    start = find(blossoms, at)
    forward = goes_forward(blossoms, end, start)
    # From the base's child away from the path: all these leave the tree.
    child = blossoms.after[end] if forward else blossoms.before[end]
    stop = start if start != end else end
    while child != stop:
        _release(graph, blossoms, tree, child)
        child = blossoms.after[child] if forward else blossoms.before[child]
    child = start
    _enter_t(graph, blossoms, tree, events, child, parent, at)
    while child != end:
        s = blossoms.after[child] if forward else blossoms.before[child]
        make_s(graph, blossoms, tree, s)
        child = blossoms.after[s] if forward else blossoms.before[s]
        if forward:
            _enter_t(graph, blossoms, tree, events, child, blossoms.near[s], blossoms.far[s])
        else:
            _enter_t(graph, blossoms, tree, events, child, blossoms.far[child], blossoms.near[child])
    # Nodes that left can be reached anew; their best S neighbour is found by looking at all of them.
    child = blossoms.after[end] if forward else blossoms.before[end]
    while child != stop:
        for i in range(gather(blossoms, child)):
            x = blossoms.nodes[i]
            node[x, BEST] = NEVER
            count[WORK] += graph.start[x + 1] - graph.start[x]
            for j in range(graph.start[x], graph.start[x + 1]):
                other = graph.neighbour[j]
                time = node[x, DUAL] + node[other, DUAL] - graph.double[j]
                if node[other, LABEL] == S and time < node[x, BEST]:
                    node[x, BEST] = time
                    node[x, FROM] = other
            if node[x, BEST] < count[LIMIT]:
                push(events, node[x, BEST], node[x, FROM], x)
        child = blossoms.after[child] if forward else blossoms.before[child]


@compiled_in_place
def _release(graph: Graph, blossoms: Blossoms, tree: Tree, b: int) -> None:
    """Let ``b`` leave the tree; its duals become plain again."""
    note(tree, b)
    blossoms.label[b] = 0
    for i in range(gather(blossoms, b)):
        x = blossoms.nodes[i]
        graph.node[x, DUAL] += tree.state[CLOCK]
        graph.node[x, LABEL] = OUTSIDE
