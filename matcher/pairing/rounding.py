"""From half pairs to whole ones: every odd cycle leaves one member out and pairs off the rest."""

from __future__ import annotations

from matcher.compilation import compiled_in_place
from matcher.pairing.adjacency import DUAL, Graph
from matcher.pairing.fractional import Halves


@compiled_in_place
def round_cycles(graph: Graph, halves: Halves) -> int:
    """Dissolve all odd cycles; on each, the node with the least dual stays unmatched (it has the least left to sink).

    All matched edges stay tight. Returns the number of cycles. O(n).
    """
    mate, after = graph.mate, halves.after
    cycles = 0
    for x in range(len(mate)):
        if after[x] < 0:
            continue
        cycles += 1
        out, y = x, after[x]
        while y != x:
            if graph.node[y, DUAL] < graph.node[out, DUAL]:
                out = y
            y = after[y]
        y = after[out]
        after[out] = -1
        while y != out:
            partner = after[y]
            following = after[partner]
            after[y] = after[partner] = -1
            mate[y], mate[partner] = partner, y
            y = following
    return cycles
