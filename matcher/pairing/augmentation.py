"""The blossom search: from one unmatched node to the nearest way of having one unmatched node less.

A tree of tight edges grows from the root (Edmonds 1965) with its events in a heap (Galil, Micali and Gabow 1986), as if
time passed: an edge to a node outside becomes tight and the tree grows; an edge between two S blossoms does and they
join
into one; a T blossom's ``z`` runs out and it opens. The search ends when an edge to another unmatched node becomes
tight
or an S node's dual reaches zero, whichever is first; so the work is bound to the neighbourhood where the answer lies.
Started from the fractional optimum, only one node of each odd cycle ever is a root (Applegate and Cook 1993).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from matcher.compilation import compiled_in_place
from matcher.pairing.adjacency import BEST, DUAL, FROM, LABEL, NEVER, OUTSIDE, Graph, S, T
from matcher.pairing.blossom import Blossoms, find, gather, give_back, no_blossoms, rebase
from matcher.pairing.events import Events, drop_first, push
from matcher.pairing.tree import (
    CLOCK,
    END_U,
    END_V,
    FIXED_ROOT,
    LABELLED,
    LIMIT,
    NUMBER,
    OPENS,
    QUEUED,
    SCANNED,
    SUNK,
    TOUCHED,
    WORK,
    Tree,
    make_s,
    make_t,
    no_tree,
    open_t,
    shrink,
    touch,
)

_JOIN = -2
"""An event's second entry is the node to grow to, `OPENS`, or for an edge between two S nodes ``_JOIN`` less its
other end."""


class Search(NamedTuple):
    """Everything a blossom search works on."""

    graph: Graph
    blossoms: Blossoms
    tree: Tree
    events: Events


def new_search(graph: Graph, events: Events) -> Search:
    """A search over ``graph`` whose matched edges are tight and whose duals are feasible; no blossoms yet."""
    n = len(graph.mate)
    return Search(graph, no_blossoms(n), no_tree(n), events)


@compiled_in_place
def _scan(search: Search, x: int) -> None:
    graph, tree, events = search.graph, search.tree, search.events
    node, mate, count = graph.node, graph.mate, tree.state
    dual = node[x, DUAL]
    home = find(search.blossoms, x)
    count[WORK] += graph.start[x + 1] - graph.start[x]
    for i in range(graph.start[x], graph.start[x + 1]):
        other = graph.neighbour[i]
        label = node[other, LABEL]
        if label == T:
            continue
        time = dual + node[other, DUAL] - graph.double[i]
        if label == S:
            # Both ends sink; the slack is even because tight edges join them.
            time >>= 1
            if time < count[LIMIT] and home != find(search.blossoms, other):
                push(events, time, x, _JOIN - other)
        elif time < count[LIMIT] and time < node[other, BEST]:
            if mate[search.blossoms.base[find(search.blossoms, other)]] < 0:
                count[LIMIT], count[END_U], count[END_V] = time, x, other
            else:
                if node[other, BEST] == NEVER:
                    touch(tree, other)
                node[other, BEST] = time
                node[other, FROM] = x
                push(events, time, x, other)


@compiled_in_place
def _still_stands(search: Search, time: int, u: int, v: int) -> bool:
    node, blossoms = search.graph.node, search.blossoms
    if v == OPENS:
        return bool(blossoms.label[u] == T and blossoms.z[u] == 2 * time and blossoms.parent[u] < 0)
    if v <= _JOIN:
        return find(blossoms, u) != find(blossoms, _JOIN - v)
    return bool(node[v, LABEL] == OUTSIDE and node[v, BEST] == time and node[v, FROM] == u)


@compiled_in_place
def _drop_void(search: Search) -> None:
    """Rebuild the heap from the entries that still stand, so that there is room again."""
    events = search.events
    size = events.size[0]
    events.size[0] = 0
    for i in range(size):
        time, u, v = events.time[i], events.first[i], events.second[i]
        if time < search.tree.state[LIMIT] and _still_stands(search, time, u, v):
            push(events, time, u, v)


@compiled_in_place
def grow(search: Search, root: int, fixed_root: int, horizon: Any) -> None:
    """Grow the tree from unmatched node ``root`` until its end is known: ``LIMIT``, ``END_U``, ``END_V`` (-1: zero
    dual).

    Time runs to ``horizon`` at most; ``END_U`` is -1 if nothing ends the search before. The dual of ``fixed_root``
    may fall below zero (-1: no such node).
    """
    graph, blossoms, tree, events = search.graph, search.blossoms, search.tree, search.events
    count = tree.state
    count[TOUCHED] = count[LABELLED] = count[QUEUED] = count[SCANNED] = count[CLOCK] = 0
    count[LIMIT], count[END_U], count[END_V], count[FIXED_ROOT] = horizon, -1, -1, fixed_root
    count[NUMBER] += 1
    events.size[0] = 0
    room = len(events.time) - len(graph.mate)
    make_s(graph, blossoms, tree, find(blossoms, root))
    while True:
        while count[SCANNED] < count[QUEUED]:
            x = tree.queue[count[SCANNED]]
            if events.size[0] + graph.start[x + 1] - graph.start[x] > room:
                _drop_void(search)
            _scan(search, x)
            count[SCANNED] += 1
        if events.size[0] == 0 or events.time[0] >= count[LIMIT]:
            count[CLOCK] = count[LIMIT]
            return
        time, u, v = events.time[0], events.first[0], events.second[0]
        drop_first(events)
        if not _still_stands(search, time, u, v):
            continue
        count[CLOCK] = time
        if v == OPENS:
            if events.size[0] > room:
                _drop_void(search)
            open_t(graph, blossoms, tree, events, u)
        elif v <= _JOIN:
            shrink(graph, blossoms, tree, u, _JOIN - v)
        else:
            b = find(blossoms, v)
            make_t(graph, blossoms, tree, events, b, u, v)
            make_s(graph, blossoms, tree, find(blossoms, graph.mate[blossoms.base[b]]))


@compiled_in_place
def _augment(search: Search) -> None:
    """Match along the path that the search has found: one unmatched node less, or the exposure moves to a zero dual."""
    blossoms, mate, count = search.blossoms, search.graph.mate, search.tree.state
    x, partner = count[END_U], count[END_V]
    if partner >= 0:
        rebase(blossoms, mate, find(blossoms, partner), partner)
        mate[partner] = x
    while True:
        s = find(blossoms, x)
        above = mate[blossoms.base[s]]
        rebase(blossoms, mate, s, x)
        mate[x] = partner
        if above < 0:
            return
        t = find(blossoms, above)
        x, partner = blossoms.enter_from[t], blossoms.enter_at[t]
        rebase(blossoms, mate, t, partner)
        mate[partner] = x


@compiled_in_place
def _settle(search: Search) -> None:
    """Give all nodes and blossoms their plain duals back and dissolve the blossoms whose ``z`` is zero."""
    graph, blossoms, tree = search.graph, search.blossoms, search.tree
    n, node, count = len(graph.mate), graph.node, tree.state
    clock = count[CLOCK]
    count[SUNK] += clock
    for i in range(count[TOUCHED]):
        x = tree.touched[i]
        if node[x, LABEL] == S:
            node[x, DUAL] -= clock
        elif node[x, LABEL] == T:
            node[x, DUAL] += clock
        node[x, LABEL] = OUTSIDE
        node[x, BEST] = NEVER
    for i in range(count[LABELLED]):
        b = tree.labelled[i]
        if b >= n and blossoms.label[b] != 0:
            blossoms.z[b] += 2 * clock if blossoms.label[b] == S else -2 * clock
        blossoms.label[b] = 0
        blossoms.joined[b] = b
        if b >= n and blossoms.first[b] < 0:  # it has opened
            give_back(blossoms, b)
    height = 0
    for i in range(count[LABELLED]):
        b = tree.labelled[i]
        if blossoms.parent[b] >= 0:
            continue
        if b < n:
            blossoms.outermost[b] = b
            continue
        if blossoms.first[b] < 0:
            continue
        # `near` of a blossom on the top floor is unused: it serves as the stack of those to look at.
        height = 1
        blossoms.near[b] = -1
        while height > 0:
            following = blossoms.near[b]
            if b >= n and blossoms.z[b] == 0:
                child = blossoms.first[b]
                while True:
                    onward = blossoms.after[child]
                    blossoms.parent[child] = -1
                    blossoms.near[child] = following
                    following = child
                    height += 1
                    child = onward
                    if child == blossoms.first[b]:
                        break
                give_back(blossoms, b)
            else:
                for j in range(gather(blossoms, b)):
                    blossoms.outermost[blossoms.nodes[j]] = b
            height -= 1
            b = following


@compiled_in_place
def blossom_rounds(search: Search, first: int, budget: int, horizon: int) -> int:
    """Serve the unmatched nodes from ``first`` on until about ``budget`` edges have been looked at.

    Each may sink by ``horizon`` at most; what its tree has done to the duals by then stays done. Two unmatched nodes
    that
    sink in turns meet half way, and two small trees are far less than one that goes all the way.

    Returns the node to go on from; ``n`` when all have been served. Between calls the duals are feasible.
    """
    graph, tree = search.graph, search.tree
    n = len(graph.mate)
    tree.state[WORK] = 0
    for root in range(first, n):
        if tree.state[WORK] > budget:
            return root
        tree.state[WORK] += 1
        if graph.mate[root] < 0 and graph.node[root, DUAL] > 0:
            grow(search, root, -1, horizon)
            if tree.state[END_U] >= 0:
                _augment(search)
            _settle(search)
    return n
