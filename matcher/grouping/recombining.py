"""Puts a plan together from groups that searches have formed at different times: the set packing problem over them.

Every search forms good groups that the rest of its plan has no room for. What can be had from all of them together is
often better than any of the plans that they come from (Rochat and Taillard 1995, doi:10.1007/BF02430370). Prices of
the units, from the Lagrangian relaxation by subgradients (Fisher 1981, doi:10.1287/mnsc.27.1.1), tell which of ten
thousands of groups have a chance, and only these are chosen from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled
from matcher.grouping.annealing import Annealing
from matcher.grouping.block import EXISTING, MOST_GROUPS, REWARD, Block, Floats, Ids
from matcher.grouping.lots import Lots
from matcher.grouping.packing import Choice, Packed, pack
from matcher.grouping.remembered import Remembered, merge, remember_all, retain

AtOnce = Callable[[Callable[[Annealing], None], Sequence[Annealing]], object]

CORE = 1500
"""Groups that are chosen from."""
PRICINGS, STEPS_A_UNIT = 200, 100
HOT, COLD = 0.6, 0.05
"""Temperatures, in members' fit."""


@compiled
def lower_prices(
    rows: npt.NDArray[np.int32], worth: Floats, room: Floats, prices: Floats, target: float, steps: int
) -> None:
    """Improve the prices of scarce things: steps along the subgradient, of Polyak's length; O(groups) each.

    Args:
        rows: (c, k) what a group takes; the number of things at the end, whose price stays 0.
        worth: (c,) of a group.
        room: (t + 1,) how many groups may take each thing.
        prices: (t + 1,) where to begin; the best found are written.
        target: worth of a packing.
        steps: how many.
    """
    things = room.size - 1
    best, kept = 1e300, prices.copy()
    scale, since = 1.0, 0
    slope = np.empty(things + 1)
    for _ in range(steps):
        bound = 0.0
        for t in range(things):
            slope[t] = room[t]
            bound += room[t] * prices[t]
        slope[things] = 0.0
        for c in range(worth.size):
            rest = worth[c]
            for k in range(rows.shape[1]):
                rest -= prices[rows[c, k]]
            if rest > 0.0:
                bound += rest
                for k in range(rows.shape[1]):
                    slope[rows[c, k]] -= 1.0
        since += 1
        if bound < best - 1e-4 * abs(best):
            best, since = bound, 0
            kept[:] = prices
        elif since == 8:
            scale, since = 0.6 * scale, 0
        norm = 0.0
        for t in range(things):
            if prices[t] > 0.0 or slope[t] < 0.0:
                norm += slope[t] * slope[t]
        if norm == 0.0 or bound <= target:
            break
        length = scale * (bound - target) / norm
        for t in range(things):
            prices[t] = max(0.0, prices[t] - length * slope[t])
    prices[:] = kept


def can_recombine(block: Block) -> bool:
    """Whether groups can be put together freely: not where existing ones must be kept or changed little."""
    return int(block.limits[EXISTING]) == 0


class Recombining:
    """Recombination on one block, time and again.

    Attributes:
        seconds: that the next meeting may take, as the last one lets expect.

    Args:
        block: the block.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        self.seconds = 0.0
        units, leaders = block.unit_start.size - 1, block.leader_room.size
        self._room = np.concatenate([np.ones(units), block.leader_room, [block.limits[MOST_GROUPS], 0.0]])
        self._prices = np.zeros(units + leaders + 2)
        self._prices[:units] = block.prices[REWARD] + 0.5
        members = np.diff(block.unit_start)
        self._prices[:units] *= members
        own = block.leader_member.tolist()
        self._own = np.array([block.unit_of[member] if member >= 0 else -1 for member in own], np.int64)

    def _price(self, known: Remembered, target: float) -> Ids:
        """Renew the prices, and return the groups that have a chance, the best ones first."""
        count = int(known.held[0])
        self.rows, self.worth = self._taken_by(known, count)
        lower_prices(self.rows, self.worth, self._room, self._prices, target, PRICINGS)
        self.rest = self.worth - self._prices[self.rows].sum(axis=1)
        return np.argsort(-self.rest, kind="stable").astype(np.int64)

    def _taken_by(self, known: Remembered, count: int) -> tuple[npt.NDArray[np.int32], Floats]:
        block = self.block
        units, things = block.unit_start.size - 1, self._prices.size - 1
        leaders = known.leaders[:count]
        own = self._own[leaders]
        rows = np.hstack(
            [
                known.units[:count],
                own,
                units + leaders,
                np.full((count, 1), things - 1),
            ]
        )
        worth = known.values[:count] + block.prices[REWARD] * known.members[:count]
        return np.where(rows < 0, things, rows).astype(np.int32), worth

    def _choice(self, known: Remembered, core: Ids) -> Choice:
        """The groups to choose from."""
        block = self.block
        units = block.unit_start.size - 1
        taken = np.hstack([known.units[core], self._own[known.leaders[core]]]).astype(np.int32)
        at, column = np.nonzero(taken >= 0)
        unit = taken[at, column]
        order = np.argsort(unit, kind="stable")
        start = np.zeros(units + 1, np.int64)
        start[1:] = np.cumsum(np.bincount(unit, minlength=units))
        return Choice(
            taken, known.leaders[core], known.slots[core], self.worth[core], self.rest[core], start,
            at[order].astype(np.int64), block.leader_room, block.overlap, int(block.limits[MOST_GROUPS]),
        )  # fmt: skip

    def _packed(self, known: Remembered, choice: Choice, core: Ids, start: Ids, lots: Lots) -> tuple[Ids, Ids, Ids]:
        """Choose; returns group of each member, leaders and slots by label, as a kept plan has them."""
        block = self.block
        groups, units, leaders = core.size, block.unit_start.size - 1, block.leader_room.size
        widest = int(block.leader_room.max(initial=1))
        packed = Packed(
            np.zeros(groups, np.int64), np.full(groups, -1, np.int64), np.full(units, -1, np.int64),
            np.zeros((leaders, min(widest, units)), np.int64), np.zeros(leaders, np.int64), np.zeros(1, np.int64),
        )  # fmt: skip
        chosen = core[pack(choice, packed, start, lots, STEPS_A_UNIT * units, HOT, COLD)]
        labels = block.group_masks.shape[0]
        group_of = np.full(block.unit_of.size, -1, np.int64)
        led = np.full((labels, block.group_leaders.shape[1]), -1, np.int64)
        slots = np.full(labels, -1, np.int64)
        for label, c in enumerate(chosen.tolist()):
            unit = known.units[c]
            group_of[np.isin(block.unit_of, unit[unit >= 0])] = label
            led[label], slots[label] = known.leaders[c], known.slots[c]
        own = block.leader_member[led[led >= 0]]
        group_of[own[own >= 0]] = -2
        return group_of, led, slots

    def meet(self, runs: Sequence[Annealing], at_once: AtOnce) -> None:
        """Let each of some searches go to the best plan that its lots let it put together of all their groups.

        No search has a worse plan afterwards than the best one had before.

        Args:
            runs: on the block.
            at_once: does a piece of work for each of them.
        """
        begun = time.monotonic()
        known = runs[0].known
        for other in runs[1:]:
            merge(known, other.known)
            retain(other.known, np.empty(0, np.int64))
        best = max(runs, key=lambda run: tuple(run.best.score)).best
        for run in runs:
            run.restart(best)
        start = remember_all(self.block, runs[0].state, known)
        if known.held[0] == 0:  # nobody has ever had a place
            return
        placed, total = best.score.tolist()
        order = self._price(known, total + float(self.block.prices[REWARD]) * placed)
        core = np.concatenate([start, np.setdiff1d(order[:CORE], start)])
        choice, first = self._choice(known, core), np.arange(start.size)
        at_once(lambda run: run.go_to(*self._packed(known, choice, core, first, run.state.lots)), runs)
        best = max(runs, key=lambda run: tuple(run.best.score)).best
        for run in runs:
            run.restart(best)
        if known.held[0] > known.keys.size // 2:
            retain(known, order[: known.keys.size // 4])
        self.seconds = 1.25 * (time.monotonic() - begun)  # with more groups it takes longer
