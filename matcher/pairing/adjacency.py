"""The graph and the duals as the searches see them: neighbours in rows, one short row of state a node."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_in_place

# Columns of ``Graph.node``. One row is 32 bytes, so looking at a neighbour costs one trip to memory, not three.
DUAL = 0
"""The node's dual in half units; while the node is in a tree, the dual shifted by the tree's clock (see
`augmentation`)."""
LABEL = 1
"""Where the node stands in the present tree: one of the three below."""
BEST = 2
"""The earliest time at which some S node's edge to this node becomes tight."""
FROM = 3
"""The S node on the other side of that edge; for a T node in the fractional search, its parent in the tree."""

OUTSIDE, S, T = 0, 1, 2
NEVER = np.int64(2**62)
"""A time later than all others."""


class Graph(NamedTuple):
    """Neighbours and state of ``n`` nodes; ``double`` holds twice the weights, so half units stay whole numbers."""

    start: npt.NDArray[np.int64]
    neighbour: npt.NDArray[np.int32]
    double: npt.NDArray[np.int64]
    node: npt.NDArray[np.int64]
    mate: npt.NDArray[np.int32]


def build_graph(n: int, u: npt.NDArray[np.int32], v: npt.NDArray[np.int32], weight: npt.NDArray[np.int64]) -> Graph:
    """Rows of neighbours for ``m`` undirected edges, in the order of the edges; O(n + m) time, 24 m bytes."""
    start, neighbour, double = _rows(n, u, v, weight)
    node = np.zeros((n, 4), np.int64)
    node[:, BEST] = NEVER
    return Graph(start, neighbour, double, node, np.full(n, -1, np.int32))


@compiled
def _rows(n: Any, u: Any, v: Any, weight: Any) -> Any:
    m = len(u)
    start = np.zeros(n + 1, np.int64)
    for e in range(m):
        start[u[e] + 1] += 1
        start[v[e] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    fill = start[:-1].copy()
    neighbour = np.empty(2 * m, np.int32)
    double = np.empty(2 * m, np.int64)
    for e in range(m):
        a, b, w = u[e], v[e], 2 * weight[e]
        neighbour[fill[a]], double[fill[a]] = b, w
        neighbour[fill[b]], double[fill[b]] = a, w
        fill[a] += 1
        fill[b] += 1
    return start, neighbour, double


@compiled_in_place
def tight_start(graph: Graph) -> None:
    """Set feasible duals and match along tight edges: every node starts at its heaviest edge, then each unmatched
    node in
    turn sinks until one of its edges is tight, and takes that edge if its other end is unmatched. O(n + m).
    """
    node, mate = graph.node, graph.mate
    n = len(mate)
    for x in range(n):
        heaviest = np.int64(0)
        for i in range(graph.start[x], graph.start[x + 1]):
            heaviest = max(heaviest, graph.double[i])
        node[x, DUAL] = heaviest // 2
    for x in range(n):
        if mate[x] >= 0:
            continue
        least, partner = node[x, DUAL], -1
        for i in range(graph.start[x], graph.start[x + 1]):
            other = graph.neighbour[i]
            slack = node[x, DUAL] + node[other, DUAL] - graph.double[i]
            # Of two tight edges take the one whose other end is still unmatched.
            if slack < least or (slack == least and mate[other] < 0 and (partner < 0 or mate[partner] >= 0)):
                least, partner = slack, other
        node[x, DUAL] -= least
        if partner >= 0 and mate[partner] < 0:
            mate[x] = partner
            mate[partner] = x


def neighbourhood_order(n: int, u: npt.NDArray[np.int32], v: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """New numbers for the nodes, by breadth first from the lowest unseen one: neighbours come to lie close in memory,
    which
    is worth several times the speed on a large graph. O(n + m).
    """
    place: npt.NDArray[np.int32] = _breadth_first(n, u, v)
    return place


@compiled
def _breadth_first(n: Any, u: Any, v: Any) -> Any:
    start, neighbour, _ = _rows(n, u, v, np.zeros(len(u), np.int64))
    place = np.full(n, -1, np.int32)
    queue = np.empty(n, np.int32)
    count = 0
    for root in range(n):
        if place[root] >= 0:
            continue
        head = count
        queue[count] = root
        place[root] = count
        count += 1
        while head < count:
            x = queue[head]
            head += 1
            for i in range(start[x], start[x + 1]):
                other = neighbour[i]
                if place[other] < 0:
                    place[other] = count
                    queue[count] = other
                    count += 1
    return place
