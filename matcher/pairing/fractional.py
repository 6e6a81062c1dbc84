"""The fractional optimum: the best plan if half pairs were allowed, found in place, without doubling the graph.

A fractional matching's corners are half-integral: whole pairs, and odd cycles whose edges all count one half. The duals
that come with it bound every plan, so this is both the first bound and the start of the blossom search, which then has
only the odd cycles left to mend.

From one unmatched node with a positive dual a tree of tight edges grows: S nodes sink, T nodes rise, and the clock of
the tree says by how much so far (Applegate and Cook 1993; the double cover is implicit in letting an odd cycle end the
search). The search ends at the first of: an S node's dual reaches zero; an edge to an unmatched node, to a node on an
odd cycle, or between two S nodes becomes tight. Each ending leaves one unmatched node with a positive dual less.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place
from matcher.pairing.adjacency import BEST, DUAL, FROM, LABEL, NEVER, OUTSIDE, Graph, S, T
from matcher.pairing.events import Events, drop_first, push

_ZERO, _MEET, _CYCLE, _ODD = 0, 1, 2, 3


class Halves(NamedTuple):
    """The odd cycles, as the successor of each node on one (-1 elsewhere), and room for the search's lists."""

    after: npt.NDArray[np.int32]
    touched: npt.NDArray[np.int32]
    reached: npt.NDArray[np.int32]
    path: npt.NDArray[np.int32]
    mark: npt.NDArray[np.int64]


def no_cycles(n: int) -> Halves:
    """No odd cycles yet."""
    lists = np.empty((3, n + 1), np.int32)
    return Halves(np.full(n, -1, np.int32), lists[0], lists[1], lists[2], np.zeros(n, np.int64))


@compiled_in_place
def flip_to_root(graph: Graph, x: int, partner: int) -> None:
    """Match S node ``x`` with ``partner`` and shift the matched edges along the tree path from ``x`` to the root."""
    mate = graph.mate
    while True:
        above = mate[x]
        mate[x] = partner
        if above < 0:
            return
        parent = graph.node[above, FROM]
        mate[above] = parent
        x, partner = parent, above


@compiled_in_place
def _close_odd_cycle(graph: Graph, halves: Halves, u: int, v: int, mark: int) -> None:
    mate, node, after = graph.mate, graph.node, halves.after
    # The lowest S node above both ends: climb from either in turn and stop at the first node seen before.
    x, y = u, v
    while True:
        if x >= 0:
            if halves.mark[x] == mark:
                top = x
                break
            halves.mark[x] = mark
            x = node[mate[x], FROM] if mate[x] >= 0 else -1
        x, y = y, x
    count = 0
    x = u
    while x != top:
        halves.path[count], halves.path[count + 1] = x, mate[x]
        count += 2
        x = node[mate[x], FROM]
    below = top
    for i in range(count - 1, -1, -1):
        after[below] = halves.path[i]
        below = halves.path[i]
    x = v
    after[below] = v
    while x != top:
        above = mate[x]
        after[x] = above
        halves.path[count], halves.path[count + 1] = x, above
        count += 2
        after[above] = node[above, FROM]
        x = node[above, FROM]
    flip_to_root(graph, top, -1)
    for i in range(count):
        mate[halves.path[i]] = -1


@compiled_in_place
def _search(graph: Graph, halves: Halves, events: Events, root: int, mark: int) -> int:
    """One tree from ``root``; returns the number of edges looked at."""
    node, mate = graph.node, graph.mate
    clock, limit = np.int64(0), NEVER
    ending, end_u, end_v = _ZERO, root, -1
    touched, reached, work = 0, 0, 0
    events.size[0] = 0
    x = root
    while True:
        # x becomes an S node: look along its edges.
        dual = node[x, DUAL] + clock
        node[x, DUAL] = dual
        node[x, LABEL] = S
        halves.touched[touched] = x
        touched += 1
        if dual < limit:
            limit, ending, end_u = dual, _ZERO, x
        work += graph.start[x + 1] - graph.start[x]
        for i in range(graph.start[x], graph.start[x + 1]):
            other = graph.neighbour[i]
            label = node[other, LABEL]
            if label == T:
                continue
            time = dual + node[other, DUAL] - graph.double[i]
            if label == S:
                # Both ends sink. The slack is even: tight edges join them, so their duals have the same parity.
                time >>= 1
                if time < limit:
                    limit, ending, end_u, end_v = time, _ODD, x, other
            elif time < limit and time < node[other, BEST]:
                if mate[other] < 0:
                    limit, ending, end_u, end_v = time, _MEET, x, other
                    if halves.after[other] >= 0:
                        ending = _CYCLE
                else:
                    if node[other, BEST] == NEVER:
                        halves.reached[reached] = other
                        reached += 1
                    node[other, BEST] = time
                    push(events, time, x, other)
        x = -1
        while events.size[0] > 0 and events.time[0] < limit:
            time, parent, other = events.time[0], events.first[0], events.second[0]
            drop_first(events)
            if node[other, LABEL] == OUTSIDE and node[other, BEST] == time:
                clock = time
                node[other, LABEL] = T
                node[other, FROM] = parent
                node[other, DUAL] -= clock
                halves.touched[touched] = other
                touched += 1
                x = mate[other]
                break
        if x < 0:
            break
    clock = limit
    if ending == _ODD:
        _close_odd_cycle(graph, halves, end_u, end_v, mark)
    elif ending == _ZERO:
        flip_to_root(graph, end_u, -1)
    else:
        if ending == _CYCLE:
            # The cycle gives up end_v and pairs off the rest.
            x = halves.after[end_v]
            halves.after[end_v] = -1
            while x != end_v:
                partner = halves.after[x]
                following = halves.after[partner]
                halves.after[x] = halves.after[partner] = -1
                mate[x], mate[partner] = partner, x
                x = following
        flip_to_root(graph, end_u, end_v)
        mate[end_v] = end_u
    for i in range(touched):
        x = halves.touched[i]
        node[x, DUAL] += clock if node[x, LABEL] == T else -clock
        node[x, LABEL] = OUTSIDE
    for i in range(reached):
        node[halves.reached[i], BEST] = NEVER
    return int(work)


@compiled_in_place
def fractional_rounds(graph: Graph, halves: Halves, events: Events, first: int, budget: int) -> int:
    """Serve the unmatched nodes from ``first`` on until about ``budget`` edges have been looked at.

    Returns the node to go on from; ``n`` when the fractional optimum is reached. Between calls the duals are feasible.
    """
    n = len(graph.mate)
    work = 0
    for root in range(first, n):
        if work > budget:
            return root
        work += 1
        if graph.mate[root] < 0 and halves.after[root] < 0 and graph.node[root, DUAL] > 0:
            work += _search(graph, halves, events, root, root + 1)
    return n
