"""The best plan of a search so far."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place
from matcher.grouping.block import Block, Floats, Ids, State
from matcher.grouping.remembered import Remembered, remember_new


class Kept:
    """The best plan of a search so far, as arrays that compiled code writes."""

    def __init__(self, state: State) -> None:
        self.group_of = state.group_of.copy()
        self.leaders = state.leaders.copy()
        self.slots = state.slot.copy()
        self.score: npt.NDArray[np.float64] = np.array([-1.0, 0.0])
        """Members placed, and the total."""

    def arrays(self) -> tuple[Ids, Ids, Ids, Floats]:
        """As compiled code takes them."""
        return self.group_of, self.leaders, self.slots, self.score


@compiled_in_place
def total_of(block: Block, state: State) -> float:
    """What the plan is worth, places aside."""
    total = -block.prices[2] * state.counts[2]
    for g in range(state.size.size):
        total += state.value[g]
    return float(total)


@compiled_in_place
def keep(state: State, into: Any) -> None:
    """Write a plan into arrays like those of :class:`Kept`."""
    for i in range(state.group_of.size):
        into[0][i] = state.group_of[i]
    for g in range(state.slot.size):
        into[2][g] = state.slot[g]
        for p in range(state.leaders.shape[1]):
            into[1][g, p] = state.leaders[g, p]


@compiled_in_place
def keep_if_better(block: Block, state: State, total: float, best: Any, known: Remembered) -> bool:
    """Keep the state if it places more, or as many at a larger total."""
    placed = state.counts[1]
    if placed < best[3][0] or (placed == best[3][0] and total <= best[3][1] + 1e-9):
        return False
    remember_new(block, state, known, best[0])
    keep(state, best)
    best[3][0], best[3][1] = placed, total
    return True
