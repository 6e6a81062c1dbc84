"""The exact machinery over a graph of copies, in slices of work, so that it can stop at any time with valid duals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from matcher.pairing.adjacency import DUAL, build_graph, neighbourhood_order, tight_start
from matcher.pairing.augmentation import Search, blossom_rounds, new_search
from matcher.pairing.capacity import Copies
from matcher.pairing.events import room_for
from matcher.pairing.fractional import fractional_rounds, no_cycles
from matcher.pairing.rounding import round_cycles
from matcher.pairing.tree import SUNK

SLICE = 1_000_000
"""Edges looked at between two looks at the clock: some tenths of a second."""
FIRST_HORIZON, FINENESS = 1, 10
"""Unmatched nodes first sink by about a thousandth of their dual, then by twice as much with every round."""

Pulse = Callable[[str, float, int], bool]
"""(phase, fraction done, the sum of duals, which is twice the bound) -> whether to go on."""
Enough = Callable[[int, int], bool]
"""(sum of the duals of unmatched nodes, sum of all duals) -> whether the matching is good enough. All matched edges are
tight, so the first is what parts twice its weight from twice the bound."""


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Where the exact machinery stopped.

    Attributes:
        search: its state; numbers of nodes are places in the order of neighbourhoods.
        done: whether it came to its end, so that the matching is a best one.
        place: (n,) the place of each node of the copies.
    """

    search: Search
    done: bool
    place: npt.NDArray[np.int32]


def match_copies(copies: Copies, pulse: Pulse, enough: Enough) -> Matched:
    """Match ``copies`` at best: tight start, fractional optimum, rounding, blossoms; ``pulse`` may end it early, and
    so may ``enough`` from rounding on."""
    place = neighbourhood_order(copies.n, copies.u, copies.v)
    graph = build_graph(copies.n, place[copies.u], place[copies.v], copies.gain)
    tight_start(graph)
    events = room_for(2 * len(copies.u) + 4 * copies.n + 64)
    halves = no_cycles(copies.n)
    n = copies.n

    def sum_of_duals() -> int:
        return int(graph.node[:, DUAL].sum())

    step = partial(fractional_rounds, graph, halves, events, budget=SLICE)
    going = _rounds("fractional", n, pulse, sum_of_duals, step)
    round_cycles(graph, halves)
    search = new_search(graph, events)
    if going:
        going = _mend(search, pulse, enough)
    return Matched(search, going, place)


def _mend(search: Search, pulse: Pulse, enough: Enough) -> bool:
    """Serve the nodes that rounding left out in turns, with a horizon that doubles, until none has a positive dual."""
    graph = search.graph
    horizon = FIRST_HORIZON
    at_first = int(graph.node[:, DUAL].sum())

    def bound() -> int:
        # Whatever the tree looks like, a search lowers the sum of all duals, odd sets included, by its clock.
        return at_first - int(search.tree.state[SUNK])

    def goes_on(phase: str, fraction: float, doubled: int) -> bool:
        unserved = int(graph.node[graph.mate < 0, DUAL].sum())
        return pulse(phase, fraction, doubled) and not enough(unserved, doubled)

    while True:
        left = (graph.mate < 0) & (graph.node[:, DUAL] > 0)
        if not left.any():
            return True
        horizon = max(2 * horizon, int(graph.node[left, DUAL].mean()) >> FINENESS)
        step = partial(blossom_rounds, search, budget=SLICE, horizon=horizon)
        if not _rounds("blossoms", len(graph.mate), goes_on, bound, step):
            return False


def _rounds(phase: str, n: int, pulse: Pulse, bound: Callable[[], int], step: Callable[[int], int]) -> bool:
    at = 0
    while at < n:
        if not pulse(phase, at / n, bound()):
            return False
        at = step(at)
    return True
