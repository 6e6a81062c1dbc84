"""Annealing a block, pass after pass.

A pass proposes so many changes a unit, then ruins some groups and forms them anew, all at one stretch of the falling
temperature. What a pass does depends on the state and its lots alone, never on a clock.
"""

from __future__ import annotations

from matcher.grouping.block import Block, State
from matcher.grouping.construction import construct
from matcher.grouping.local_search import Kept, ruins, search
from matcher.grouping.ruin import restore

PROPOSALS_A_UNIT = 100
HOT, WARM, COLD = 0.10, 0.04, 0.002
"""Temperatures, in members' fit: of a new plan, of one that is good already, and of the end."""
UNITS_A_RUIN, WAITING_A_RUIN = 12, 3
"""Units for every ruin of a pass if all have a place, and if some wait."""
FEWEST_RUINS = 16
"""A pass, however few the units."""


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
        self._scratch = Kept(state)

    def begin(self) -> None:
        """Keep what there is, place whoever waits, and keep that if it is better."""
        search(self.block, self.state, self.best.arrays(), 0, 1.0, 1.0)
        construct(self.block, self.state, 0.1)
        search(self.block, self.state, self.best.arrays(), 0, 1.0, 1.0)

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
        search(self.block, self.state, kept, PROPOSALS_A_UNIT * units, hot * fall**first, low)
        every = WAITING_A_RUIN if self.state.counts[0] > 0 else UNITS_A_RUIN
        ruins(self.block, self.state, kept, self._scratch.arrays(), max(FEWEST_RUINS, units // every), low)

    def restart(self, kept: Kept) -> None:
        """Go back to a kept plan, and keep that if it is better than one's own."""
        restore(self.block, self.state, kept.group_of, kept.leaders, kept.slots)
        search(self.block, self.state, self.best.arrays(), 0, 1.0, 1.0)
