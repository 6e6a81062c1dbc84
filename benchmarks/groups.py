"""How good are our groups beside those of simple ways, in the same time, under the same rules?

Three baselines (:mod:`benchmarks.group_baselines`) form groups of the same members by the same spec. Every run has a
process of its own; every plan is checked outside the timing, by code that no search shares. Plans compare by members
placed, then by total.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.group_baselines import WAYS
from benchmarks.group_runs import OURS, Outcome
from benchmarks.group_specs import Asked
from benchmarks.tables import Table, percent, ratio, three, verdict

SIZES = (240, 1_000, 10_000, 100_000)
SECONDS = {240: 2.0, 1_000: 10.0, 10_000: 60.0, 100_000: 600.0}
LONG_AT, LONG_SECONDS = 240, 60.0
"""Where a short search is held against a long one."""
SHORT_BAR, LOSS_BAR, MEMORY_BAR = 2.0, 0.01, 4e9
ASKED: tuple[Asked, ...] = ("full", "plain")
COLUMNS = (
    "way", "placed", "total", "total / ours", "gap", "mean fit", "worst tenth", "seconds", "cpu", "MB",
)  # fmt: skip


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """A table for every size and spec."""
    for size in sizes or (SIZES[:1] if quick else SIZES):
        for asked in ASKED:
            yield against_baselines(asked, size, quick)


def against_baselines(asked: Asked, size: int, quick: bool) -> Table:
    """Ours and every baseline, in the same time."""
    seconds = seconds_for(size)
    table = Table(f"Groups, {size:,} members, spec {asked}, {seconds:g} s", COLUMNS)
    ours = outcome(asked, OURS, size, seconds)
    _add(table, OURS, ours, ours)
    others = {way: outcome(asked, way, size, seconds) for way in WAYS}
    for way, one in others.items():
        _add(table, way, one, ours)
    behind = [way for way, one in others.items() if (one.placed, one.total) >= (ours.placed, ours.total)]
    notes = [f"Above every baseline: {'NO: ' + ', '.join(behind) if behind else 'yes'}."]
    if size == LONG_AT and not quick:
        notes.append(_against_longer(table, asked, size, ours))
    if size >= SIZES[-1]:
        notes.append(f"Memory of ours: {verdict(ours.peak, MEMORY_BAR, lambda value: f'{value / 1e9:g} GB')}.")
    table.notes = (*notes, "The gap is to one upper bound, ours, on what any plan is worth.")
    return table


def seconds_for(size: int) -> float:
    """The time at a size: of the nearest one below that has one."""
    return SECONDS[max((known for known in SECONDS if known <= size), default=SIZES[0])]


def outcome(asked: Asked, way: str, size: int, seconds: float) -> Outcome:
    """What came of a run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.group_runs", asked, way, str(size), str(seconds)]
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parent.parent
    )
    if done.returncode == -signal.SIGALRM:
        return Outcome(f"no plan in {seconds:g} s")
    done.check_returncode()
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def _against_longer(table: Table, asked: Asked, size: int, short: Outcome) -> str:
    table.divide()
    longer = {way: outcome(asked, way, size, LONG_SECONDS) for way in (OURS, "random swaps from greedy")}
    best = longer[OURS]
    for way, one in longer.items():
        _add(table, f"{way}, {LONG_SECONDS:g} s", one, best)
    if short.why_not or best.why_not:
        return "Ours found no plan."
    lost = 1 - short.total / best.total
    return (
        f"Ours in {seconds_for(size):g} s: {short.seconds:.2f} s {verdict(short.seconds, SHORT_BAR)}, "
        f"{best.placed - short.placed} fewer placed and {lost:.2%} less worth than in {LONG_SECONDS:g} s: "
        f"{verdict(lost if short.placed >= best.placed else 1.0, LOSS_BAR, percent)}."
    )


def _add(table: Table, way: str, one: Outcome, ours: Outcome) -> None:
    if one.why_not:
        table.add(way, one.why_not, *[""] * (len(COLUMNS) - 2))
        return
    bound = ours.bound or 0.0
    table.add(
        way,
        f"{one.placed:,}",
        f"{one.total:,.1f}",
        ratio(one.total / ours.total) if one is not ours and ours.total else "",
        percent((bound - one.total) / bound) if bound > 0 else "",
        f"{one.mean_fit:.3f}",
        f"{one.worst_fit:.3f}",
        three(one.seconds),
        three(one.processor),
        f"{one.peak / 1e6:,.0f}",
    )
