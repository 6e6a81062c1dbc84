"""The search for a plan of a cohort that is looked at as a whole: two annealings that meet after every cycle.

A cycle is some passes in which the temperature falls; each is twice as long as the one before, up to a limit, and
begins with the best plan so far.

Two, whatever the number of threads, and nothing in them looks at a clock: where passes are the limit, one thread finds
the same plan as two.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from matcher.grouping.annealing import HOT, WARM, Annealing
from matcher.grouping.blocks import Formed, Part, block_of, groups_of, state_of
from matcher.grouping.instance import Instance
from matcher.grouping.lots import lots_of
from matcher.grouping.progress import Phase

ANNEALINGS = 2
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

    def passes_left(self, begun: float, passes: int) -> int:
        """How many more there may be: so many as are allowed, or as many as the clock lets expect."""
        if self.passes is not None:
            return self.passes - passes
        now = time.monotonic()
        return round((self.deadline - now) * passes / max(1e-9, now - begun))

    def over(self, passes: int) -> bool:
        """Whether to stop after so many passes."""
        return time.monotonic() >= self.deadline or (self.passes is not None and passes >= self.passes)


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
    block = block_of(instance, part)
    runs = [Annealing(block, state_of(block, part, lots_of(seed, number))) for number in range(ANNEALINGS)]
    cancelled = False
    with ThreadPoolExecutor(max(1, min(limits.threads, ANNEALINGS))) as pool:
        list(pool.map(Annealing.begin, runs))
        passes = idle = done = 0
        cycle, hot = FIRST_CYCLE, HOT
        best = max(runs, key=lambda run: tuple(run.best.score))
        known = tuple(best.best.score)
        report("construction", int(known[0]), known[1], limits.share_done(begun, 0))
        while not limits.over(passes) and idle < PATIENCE * LONGEST_CYCLE:
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
                for run in runs:
                    run.restart(best.best)
                left = limits.passes_left(begun, passes)
                cycle, done, hot = min(2 * cycle, LONGEST_CYCLE), 0, WARM
                if left < 2 * cycle:  # the last one: it is to be cold when the time is up
                    cycle = max(1, left)
                report("search", int(known[0]), known[1], limits.share_done(begun, passes))
    kept = best.best
    groups = groups_of(part, kept.group_of, kept.leaders, kept.slots)
    return Solved(groups, int(known[0]), float(known[1]), passes, cancelled)
