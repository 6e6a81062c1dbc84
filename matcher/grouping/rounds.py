"""The search for a plan of a large cohort: divide it, anneal every part, and again with other divisions.

The first round is for everybody. Then it goes round and round: those who wait, without any groups, for new ones; those
who wait with the groups that could take them; everybody.

Each round takes the groups that there are, so that what a border cut off in one round is put right in the next
(Taillard and Voss 2002, POPMUSIC, doi:10.1007/978-1-4615-1507-4_27). Parts of one round touch nothing in common and
are merged in their order; lots come from the seed, the round and the part. So a plan does not depend on the number of
threads, as long as passes are what ends the search.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from matcher.executors.crew import hired
from matcher.grouping.annealing import HOT, WARM, Annealing
from matcher.grouping.blocks import Formed, Part, block_of, groups_of, state_of
from matcher.grouping.instance import Instance
from matcher.grouping.local_search import search
from matcher.grouping.lots import lots_of
from matcher.grouping.partition import Vectors, divide, vectors_of
from matcher.grouping.solving import Limits, Report, Solved
from matcher.grouping.waiting_parts import waiting_together, waiting_with_groups

PART_MEMBERS, WAITING_MEMBERS = 500, 800
FIRST_PASSES, LATER_PASSES, WAITING_PASSES = 24, 12, 6
LAST_SHARE = 0.1
"""A round that begins with less than this share of the time may use all of it."""


class _Done(NamedTuple):
    groups: tuple[Formed, ...]
    gain: float


def _improve(instance: Instance, part: Part, seeds: tuple[int, ...], passes: int, hot: float, until: float) -> _Done:
    """Anneal one part; with less time than the passes take, they cool faster."""
    begun = time.monotonic()
    block = block_of(instance, part)
    run = Annealing(block, state_of(block, part, lots_of(*seeds)))
    search(block, run.state, run.best.arrays(), run.known, 0, 1.0, 1.0)
    before = float(run.best.score[1])
    run.begin()
    done, share = 0, 0.0
    length = max(1e-9, until - begun)
    while done < passes and time.monotonic() < until:
        ahead = max((done + 1) / passes, share)
        run.one_pass(hot, share, ahead)
        done += 1
        share = min(1.0, max(done / passes, (time.monotonic() - begun) / length))
    kept = run.best
    groups = groups_of(part, kept.group_of, kept.leaders, kept.slots)
    return _Done(groups, float(kept.score[1]) - before)


def _improve_there(
    instance: Instance, part: Part, seeds: tuple[int, ...], passes: int, hot: float, seconds: float
) -> _Done:
    """The same on another machine, whose clock is another."""
    return _improve(instance, part, seeds, passes, hot, time.monotonic() + seconds)


def _everybody(
    instance: Instance, vectors: Vectors, groups: Sequence[Formed], size: int, lots: np.random.Generator
) -> tuple[list[Part], list[Formed]]:
    return divide(instance, vectors, groups, size, lots), []


class _Turn(NamedTuple):
    """What a round does: how to divide, passes at most, temperature, share of the time that is left."""

    divide: Callable[..., tuple[list[Part], list[Formed]]]
    size: int
    passes: int
    hot: float
    share: float


_FIRST = _Turn(_everybody, PART_MEMBERS, FIRST_PASSES, HOT, 0.4)
_CYCLE = (
    _Turn(waiting_together, WAITING_MEMBERS, WAITING_PASSES, HOT, 0.05),
    _Turn(waiting_with_groups, PART_MEMBERS, LATER_PASSES, WARM, 0.3),
    _Turn(_everybody, PART_MEMBERS, LATER_PASSES, WARM, 0.6),
)


def solve_in_parts(
    instance: Instance, seed: int, limits: Limits, report: Report, executor: Executor | None = None
) -> Solved:
    """Anneal part after part until time or passes are over.

    Args:
        instance: all of it.
        seed: of the lots.
        limits: when to end.
        report: told how far it is.
        executor: where parts are annealed if passes are limited, so that no clock decides; otherwise, and by default,
            in threads.
    """
    begun = time.monotonic()
    vectors = vectors_of(instance)
    groups: tuple[Formed, ...] = ()
    passes = number = placed = 0
    total, cancelled, longest = 0.0, False, 0.0
    apart_from_here = executor if limits.passes is not None else None
    with ThreadPoolExecutor(max(1, limits.threads)) as pool, hired(instance, apart_from_here) as crew:
        while number == 0 or not (limits.over(passes) or cancelled):
            lots = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number])))
            dividing = time.monotonic()
            if number > 0 and limits.passes is None and limits.deadline - dividing < longest:
                break
            turn = _FIRST if number == 0 else _CYCLE[(number - 1) % len(_CYCLE)]
            parts, apart = turn.divide(instance, vectors, groups, turn.size, lots)
            longest = max(longest, time.monotonic() - dividing)
            planned = turn.passes
            if limits.passes is not None:
                planned = min(planned, math.ceil(turn.share * (limits.passes - passes)))
            left = max(0.0, limits.deadline - time.monotonic())
            last = number > 0 and left < LAST_SHARE * (limits.deadline - begun)
            slice_s = left * (1.0 if last else turn.share) / max(1, len(parts)) * min(limits.threads, len(parts))

            def one(at: int) -> _Done:
                if limits.passes is not None:
                    until = limits.deadline
                else:
                    until = min(limits.deadline, time.monotonic() + slice_s)  # noqa: B023 - done with in this round
                if limits.cancelled():
                    until = 0.0
                if number > 0 and until <= time.monotonic():  # noqa: B023 - as above
                    return _Done(parts[at].groups, 0.0)  # noqa: B023
                return _improve(instance, parts[at], (seed, number, at), planned, turn.hot, until)  # noqa: B023

            if apart_from_here is None:
                improved = pool.map(one, range(len(parts)))
            else:
                tasks = [(part, (seed, number, at), planned, turn.hot, left) for at, part in enumerate(parts)]
                improved = crew.each(_improve_there, tasks)
            found = []
            for at, done in enumerate(improved):
                found.append(done)
                if at % 16 == 0:
                    report(
                        "construction" if number == 0 else "search",
                        max(placed, sum(len(group.members) for done in found for group in done.groups)),
                        total,
                        limits.share_done(begun, passes),
                    )
            groups = (*apart, *(group for done in found for group in done.groups))
            placed = sum(len(group.members) for group in groups)
            total += sum(done.gain for done in found)
            passes, number = passes + (planned if parts else 0), number + 1
            cancelled = limits.cancelled()
            report("search", placed, total, limits.share_done(begun, passes))
    return Solved(groups, placed, total, passes, cancelled)
