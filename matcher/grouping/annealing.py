"""Annealing a block, pass after pass.

A pass proposes so many changes a unit, then ruins some groups and forms them anew, all at one stretch of the falling
temperature. What a pass does depends on the state and its lots alone, never on a clock.
"""

from __future__ import annotations

from typing import NamedTuple

from matcher.grouping.block import Block, Ids, State
from matcher.grouping.construction import construct
from matcher.grouping.kept import Kept
from matcher.grouping.local_search import ruins, search
from matcher.grouping.remembered import nothing_remembered
from matcher.grouping.ruin import restore

HOT, WARM, COLD = 0.10, 0.04, 0.002
"""Temperatures, in members' fit: of a new plan, of one that is good already, and of the end."""
FEWEST_RUINS = 16
"""A pass, however few the units."""


class Effort(NamedTuple):
    """What a pass consists of.

    Attributes:
        proposals: a unit.
        units_a_ruin: units for every ruin if all have a place.
        waiting_a_ruin: and if some wait.
    """

    proposals: int
    units_a_ruin: int
    waiting_a_ruin: int


EFFORT = Effort(100, 12, 3)


class Annealing:
    """One search on one block.

    Args:
        block: what to search.
        state: where to begin; owned and changed.
        most: groups to be remembered.
        effort: what a pass consists of.
    """

    def __init__(self, block: Block, state: State, most: int = 1, effort: Effort = EFFORT) -> None:
        self.block = block
        self.state = state
        self.effort = effort
        self.best = Kept(state)
        self.known = nothing_remembered(block, most)
        self._scratch = Kept(state)

    def begin(self) -> None:
        """Keep what there is, place whoever waits, and keep that if it is better."""
        search(self.block, self.state, self.best.arrays(), self.known, 0, 1.0, 1.0)
        construct(self.block, self.state, 0.1)
        search(self.block, self.state, self.best.arrays(), self.known, 0, 1.0, 1.0)

    def one_pass(self, hot: float, first: float, last: float) -> None:
        """Do a pass of a cycle that cools from ``hot`` to ``COLD``.

        Args:
            hot: temperature at the start of the cycle.
            first: how much of the cycle is over when the pass begins, 0 to 1.
            last: and when it ends.
        """
        fall = COLD / hot
        units = self.block.unit_start.size - 1
        kept, low = self.best.arrays(), hot * fall**last
        search(self.block, self.state, kept, self.known, self.effort.proposals * units, hot * fall**first, low)
        every = self.effort.waiting_a_ruin if self.state.counts[0] > 0 else self.effort.units_a_ruin
        times = max(FEWEST_RUINS, units // every)
        ruins(self.block, self.state, kept, self._scratch.arrays(), self.known, times, low)

    def restart(self, kept: Kept) -> None:
        """Go back to a kept plan, and keep that if it is better than one's own."""
        self.go_to(kept.group_of, kept.leaders, kept.slots)

    def go_to(self, group_of: Ids, leaders: Ids, slots: Ids) -> None:
        """Go to any plan, given as arrays, and keep that if it is better than one's own."""
        restore(self.block, self.state, group_of, leaders, slots)
        search(self.block, self.state, self.best.arrays(), self.known, 0, 1.0, 1.0)
