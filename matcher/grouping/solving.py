"""The search for a plan of a cohort that is looked at as a whole: two annealings that meet after every cycle, when one
plan is put together of what both have found.

A cycle is some passes in which the temperature falls, and begins with the best plan so far. Cycles are short while they
find something better, because what is put together between them is what gains most; one that finds nothing is followed
by one twice as long, up to a limit.

Two, whatever the number of threads, and nothing in them looks at a clock: where passes are the limit, one thread finds
the same plan as two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from matcher.grouping.annealing import Annealing, Effort
from matcher.grouping.blocks import Formed, Part, block_of, groups_of, state_of
from matcher.grouping.instance import Instance
from matcher.grouping.lots import lots_of
from matcher.grouping.progress import Phase
from matcher.grouping.recombining import Recombining, can_recombine
from matcher.grouping.remembered import MOST

ANNEALINGS = 2
EFFORT = Effort(25, 12, 1)
"""More ruins than in a part of a large cohort: with so few members, it is them that find something."""
HOT, WARM = 0.3, 0.12
"""Temperatures at which the first and the later cycles begin, in members' fit: hot, as plans are put together between
them, and what is good is not lost."""
FIRST_CYCLE, LONGEST_CYCLE = 8, 128
PATIENCE = 2
"""Longest cycles without anything better, after which a search ends by itself."""


@dataclass(slots=True)
class Limits:
    """When a search ends.

    Attributes:
        deadline: by the monotonic clock, in seconds.
        passes: after so many; ``None`` for no limit.
        cancelled: asked between passes.
        threads: at most so many work at once.
    """

    deadline: float
    passes: int | None
    cancelled: Callable[[], bool]
    threads: int

    def share_done(self, begun: float, passes: int) -> float:
        """How much of what is allowed is used up, 0 to 1."""
        by_clock = (time.monotonic() - begun) / max(1e-9, self.deadline - begun)
        by_passes = 0.0 if self.passes is None else passes / max(1, self.passes)
        return min(1.0, max(by_clock, by_passes))

    def passes_left(self, begun: float, passes: int, spared: float) -> int:
        """How many more there may be: so many as are allowed, or as the clock lets expect but for some seconds."""
        if self.passes is not None:
            return self.passes - passes
        now = time.monotonic()
        return round((self.deadline - spared - now) * passes / max(1e-9, now - begun))

    def over(self, passes: int, spared: float = 0.0) -> bool:
        """Whether to stop after so many passes, or since no more than some seconds are left."""
        return time.monotonic() >= self.deadline - spared or (self.passes is not None and passes >= self.passes)


@dataclass(frozen=True, slots=True)
class Solved:
    """What a search found.

    Attributes:
        groups: the best plan.
        placed: members in it.
        total: what it is worth.
        passes: done by each annealing.
        cancelled: whether the caller ended it.
    """

    groups: tuple[Formed, ...]
    placed: int
    total: float
    passes: int
    cancelled: bool


Report = Callable[[Phase, int, float, float], None]
"""Called with the phase, members placed, the total, and the share of the work done."""


def solve_whole(instance: Instance, part: Part, seed: int, limits: Limits, bound: float, report: Report) -> Solved:
    """Anneal all of a part at once.

    Args:
        instance: what it is of.
        part: at most some thousand members.
        seed: of the lots.
        limits: when to end.
        bound: what no plan exceeds that places everybody; a plan that reaches it ends the search.
        report: told how far it is.
    """
    begun = time.monotonic()
    if part.members.size == 0:
        return Solved((), 0, 0.0, 0, False)
    block = block_of(instance, part)
    runs = [
        Annealing(block, state_of(block, part, lots_of(seed, number)), MOST, EFFORT) for number in range(ANNEALINGS)
    ]
    cancelled = False
    recombining = Recombining(block)
    with ThreadPoolExecutor(max(1, min(limits.threads, ANNEALINGS))) as pool:
        list(pool.map(Annealing.begin, runs))
        passes = idle = done = 0
        cycle, hot = FIRST_CYCLE, HOT
        best = max(runs, key=lambda run: tuple(run.best.score))
        known = before = tuple(best.best.score)
        report("construction", int(known[0]), known[1], limits.share_done(begun, 0))
        while not limits.over(passes, recombining.seconds) and idle < PATIENCE * LONGEST_CYCLE:
            if limits.cancelled():
                cancelled = True
                break
            first, last = done / cycle, (done + 1) / cycle
            list(pool.map(lambda run: run.one_pass(hot, first, last), runs))  # noqa: B023 - done with before they change
            passes, done = passes + 1, done + 1
            best = max(runs, key=lambda run: tuple(run.best.score))
            score = tuple(best.best.score)
            idle = 0 if score > (known[0], known[1] + 1e-9) else idle + 1
            known = max(known, score)
            if known[0] == part.members.size and known[1] >= bound - 1e-9:
                break
            if done == cycle:
                _meet(runs, recombining, pool, limits)
                best = max(runs, key=lambda run: tuple(run.best.score))
                score = tuple(best.best.score)
                idle = 0 if score > (known[0], known[1] + 1e-9) else idle
                known = max(known, score)
                left = limits.passes_left(begun, passes, recombining.seconds)
                if known <= (before[0], before[1] + 1e-9):
                    cycle = min(2 * cycle, LONGEST_CYCLE)
                before, done, hot = known, 0, WARM
                if left < 2 * cycle:  # the last one: it is to be cold when the time is up
                    cycle = max(1, left)
                report("search", int(known[0]), known[1], limits.share_done(begun, passes))
        if done and not cancelled and limits.over(passes, recombining.seconds):
            _meet(runs, recombining, pool, limits)
    best = max(runs, key=lambda run: tuple(run.best.score))
    kept = best.best
    known = tuple(kept.score)
    groups = groups_of(part, kept.group_of, kept.leaders, kept.slots)
    return Solved(groups, int(known[0]), float(known[1]), passes, cancelled)


def _meet(runs: Sequence[Annealing], recombining: Recombining, pool: ThreadPoolExecutor, limits: Limits) -> None:
    """Let the searches go on from the best that any of them has, or that can be put together of what they found."""
    if can_recombine(recombining.block) and time.monotonic() + recombining.seconds < limits.deadline:
        recombining.meet(runs, lambda work, all_runs: list(pool.map(work, all_runs)))
    else:
        best = max(runs, key=lambda run: tuple(run.best.score))
        for run in runs:
            run.restart(best.best)
