"""Annealing a block, pass after pass: a schedule that depends on the number of passes done alone, never on a clock.

A pass proposes so many changes a unit. Passes come in cycles, each twice as long as the one before, up to a limit; in
each the temperature falls from hot to cold, and each begins with the best plan so far. A search that was stopped by a
clock after some passes can therefore be repeated by their number.
"""

from __future__ import annotations

from matcher.grouping.block import Block, State
from matcher.grouping.construction import construct
from matcher.grouping.local_search import Kept, search
from matcher.grouping.ruin import restore

PROPOSALS_A_UNIT = 100
FIRST_CYCLE, LONGEST_CYCLE = 8, 256
HOT, REHEATED, COLD = 0.10, 0.05, 0.002
RUIN_EVERY, RUIN_EVERY_WAITING = 600, 150


class Annealing:
    """One search on one block.

    Args:
        block: what to search.
        state: where to begin; owned and changed.
    """

    def __init__(self, block: Block, state: State) -> None:
        self.block = block
        self.state = state
        self.best = Kept(state)
        self.passes = 0
        self._scratch = Kept(state)
        self._cycle_start, self._cycle = 0, FIRST_CYCLE

    def begin(self) -> None:
        """Construct whatever is not there yet, and keep that."""
        construct(self.block, self.state, 0.1)
        self._search(0, 1.0, 1.0)

    def one_pass(self) -> None:
        """Do the next pass of the schedule."""
        done = self.passes - self._cycle_start
        if done == self._cycle:
            self._cycle_start, done = self.passes, 0
            self._cycle = min(2 * self._cycle, LONGEST_CYCLE)
            self.restart(self.best)
        hot = HOT if self._cycle_start == 0 else REHEATED
        fall = COLD / hot
        steps = PROPOSALS_A_UNIT * (self.block.unit_start.size - 1)
        self._search(steps, hot * fall ** (done / self._cycle), hot * fall ** ((done + 1) / self._cycle))
        self.passes += 1

    @property
    def at_cycle_end(self) -> bool:
        """Whether the next pass begins a new cycle."""
        return self.passes - self._cycle_start == self._cycle

    def restart(self, kept: Kept) -> None:
        """Go back to a kept plan, and keep that if it is better than one's own."""
        restore(self.block, self.state, kept.group_of, kept.leaders, kept.slots)
        self._search(0, 1.0, 1.0)

    def _search(self, steps: int, hot: float, cold: float) -> None:
        every = RUIN_EVERY_WAITING if self.state.counts[0] > 0 else RUIN_EVERY
        search(self.block, self.state, self.best.arrays(), self._scratch.arrays(), steps, hot, cold, every)
