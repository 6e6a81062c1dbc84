"""The search for a plan of a large cohort: divide it, anneal every part, and again with other divisions.

Each round takes the groups that there are, so that what a border cut off in one round is put right in the next
(Taillard and Voss 2002, POPMUSIC, doi:10.1007/978-1-4615-1507-4_27). Parts of one round touch nothing in common and
are merged in their order; lots come from the seed, the round and the part. So a plan does not depend on the number of
threads, as long as passes are what ends the search.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from matcher.grouping.annealing import HOT, WARM, Annealing
from matcher.grouping.blocks import Formed, Part, block_of, groups_of, state_of
from matcher.grouping.instance import Instance
from matcher.grouping.lots import lots_of
from matcher.grouping.partition import divide, vectors_of
from matcher.grouping.solving import Limits, Report, Solved

PART_MEMBERS = 500
FIRST_PASSES, LATER_PASSES = 24, 12
FIRST_SHARE = 0.4
"""Of the time that is left, for the first round; each later one gets half of what is left then, or less."""


class _Done(NamedTuple):
    groups: tuple[Formed, ...]
    placed: int
    total: float


def _improve(instance: Instance, part: Part, seeds: tuple[int, ...], passes: int, hot: float, until: float) -> _Done:
    """Anneal one part; with less time than the passes take, they cool faster."""
    begun = time.monotonic()
    block = block_of(instance, part)
    run = Annealing(block, state_of(block, part, lots_of(*seeds)))
    run.begin()
    done, share = 0, 0.0
    length = max(1e-9, until - begun)
    while done < passes and time.monotonic() < until:
        ahead = max((done + 1) / passes, share)
        run.one_pass(hot, share, ahead)
        done += 1
        share = min(1.0, max(done / passes, (time.monotonic() - begun) / length))
    kept = run.best
    return _Done(groups_of(part, kept.group_of, kept.leaders, kept.slots), int(kept.score[0]), float(kept.score[1]))


def solve_in_parts(instance: Instance, seed: int, limits: Limits, report: Report) -> Solved:
    """Anneal part after part until time or passes are over.

    Args:
        instance: all of it.
        seed: of the lots.
        limits: when to end.
        report: told how far it is.
    """
    begun = time.monotonic()
    vectors = vectors_of(instance)
    groups: tuple[Formed, ...] = ()
    passes = number = placed = 0
    total, cancelled = 0.0, False
    with ThreadPoolExecutor(max(1, limits.threads)) as pool:
        while number == 0 or not (limits.over(passes) or cancelled):
            lots = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number])))
            parts = divide(instance, vectors, groups, PART_MEMBERS, lots)
            planned = FIRST_PASSES if number == 0 else LATER_PASSES
            if limits.passes is not None:
                planned = min(planned, limits.passes - passes)
            hot = HOT if number == 0 else WARM
            now = time.monotonic()
            left = max(0.0, limits.deadline - now) * (FIRST_SHARE if number == 0 else 1.0)
            slice_s = left / len(parts) * min(limits.threads, len(parts))

            def one(at: int) -> _Done:
                if limits.passes is not None:
                    until = limits.deadline
                else:
                    until = min(limits.deadline, time.monotonic() + slice_s)  # noqa: B023 - done with in this round
                if limits.cancelled():
                    until = 0.0
                return _improve(instance, parts[at], (seed, number, at), planned, hot, until)  # noqa: B023

            found = []
            for at, done in enumerate(pool.map(one, range(len(parts)))):
                found.append(done)
                if at % 16 == 0:
                    report(
                        "construction" if number == 0 else "search",
                        max(placed, sum(one.placed for one in found)),
                        total,
                        limits.share_done(begun, passes),
                    )
            groups = tuple(group for done in found for group in done.groups)
            placed, total = sum(done.placed for done in found), sum(done.total for done in found)
            passes, number = passes + planned, number + 1
            cancelled = limits.cancelled()
            report("search", placed, total, limits.share_done(begun, passes))
    return Solved(groups, placed, total, passes, cancelled)
