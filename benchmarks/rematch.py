"""What does a rematch cost, phase by phase, in time and memory, how does it grow, and what does a Dask cluster save?

    python -m benchmarks.run rematch                     2,000, 20,000 and 200,000 members
    python -m benchmarks.run rematch --sizes 1000000     the largest, pairs alone: half an hour and 12 GB

Every run is a process of its own, so that its memory is its own. Every plan was verified before its row is printed.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.tables import Table, ratio, three, verdict

SIZES = (2_000, 20_000, 200_000)
WORKERS = 2
EVERYTHING_AT, EVERYTHING_BAR_S = 20_000, 120.0
PAIRS_AT, PAIRS_BAR_S, PAIRS_BAR_BYTES = 1_000_000, 1800.0, 12e9
GROWTH_FROM, GROWTH_BAR = 20_000, 1.2
DASK_MOST, DASK_BAR_AT, DASK_BAR = 200_000, 200_000, 1.6


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """Pairs at every size, all ties at 20,000, and candidate search on a cluster."""
    chosen = sorted(sizes or ((2_000,) if quick else SIZES))
    runs: dict[int, dict[str, Any]] = {}
    for size in chosen:
        runs[size] = _run("pairs", size)
        bar = (PAIRS_BAR_S, PAIRS_BAR_BYTES) if size == PAIRS_AT else (None, None)
        yield _phases(f"Rematch of {size:,} members: pairs", runs[size], *bar)
    yield _growth(runs)
    if (quick and not sizes) or EVERYTHING_AT in chosen:
        size = EVERYTHING_AT if EVERYTHING_AT in chosen else chosen[0]
        bar_s = EVERYTHING_BAR_S if size == EVERYTHING_AT else None
        yield _phases(f"Rematch of {size:,} members: pairs, mentors and groups", _run("everything", size), bar_s)
    if small := [size for size in chosen if size <= DASK_MOST]:
        yield _cluster(small)


def _run(stage: str, size: int, workers: int = WORKERS) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.rematch_stages", stage, str(size), str(workers)]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parent.parent
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _phases(title: str, figures: dict[str, Any], bar_s: float | None = None, bar_bytes: float | None = None) -> Table:
    table = Table(
        f"{title}, {WORKERS} workers",
        ("phase", "seconds", "highest memory", "bar"),
        notes=(
            f"Memory is that of the process that asks; each worker took {_bytes(figures['worker_bytes'])} at most.",
            f"Pairing was to stop {figures['asked_gap']:.1%} below its bound at most; it is {figures['gap']:.2%}.",
            f"{figures['ties']:,} ties; {three(figures['processor'])} s of processor in the process that asks.",
            f"Workers are started within the first phase that needs them. Load at the start: {figures['load']:.1f}.",
        ),
    )
    for phase, seconds in figures["seconds"].items():
        table.add(phase, three(seconds), _bytes(figures["bytes"][phase]), "")
    table.divide()
    table.add("all", three(figures["total"]), "", verdict(figures["total"], bar_s, "{:g} s".format))
    everywhere = figures["everywhere"]
    table.add("with workers, at once", "", _bytes(everywhere), verdict(everywhere, bar_bytes, _bytes))
    return table


def _growth(runs: dict[int, dict[str, Any]]) -> Table:
    table = Table(
        "Growth of a rematch, pairs",
        ("members", "seconds", "a member", "grows as n to the", "bar"),
        notes=(
            "The exponent is that between a size and the one above: log of the ratio of times by that of sizes; in the",
            f"last line that of the line through all sizes from {GROWTH_FROM:,} on, by least squares.",
        ),
    )
    before: int | None = None
    for size, figures in runs.items():
        seconds, exponent, said = figures["total"], "", "no bar"
        if before is not None:
            power = math.log(seconds / runs[before]["total"]) / math.log(size / before)
            exponent = f"{power:.2f}"
            said = verdict(power, GROWTH_BAR if before >= GROWTH_FROM else None)
        table.add(f"{size:,}", three(seconds), f"{three(seconds / size * 1e3)} ms", exponent, said)
        before = size
    fitted = [(math.log(size), math.log(one["total"])) for size, one in runs.items() if size >= GROWTH_FROM]
    if len(fitted) > 2:
        slope, _ = statistics.linear_regression(*zip(*fitted, strict=True))
        table.divide()
        table.add(f"from {GROWTH_FROM:,} on", "", "", f"{slope:.2f}", verdict(slope, GROWTH_BAR))
    return table


def _cluster(sizes: Sequence[int]) -> Table:
    table = Table(
        "Candidate search on a Dask cluster of this machine, one thread a worker",
        ("members", "one worker", "two workers", "ratio", "bar", "a worker's memory", "sent to each", "sent back"),
        notes=(
            "Workers are warm; indexing, sending the index and joining lists are within the time, in this process.",
            "Sent: the index, once a worker; back: candidate lists as Arrow tables, by all workers together.",
            "Both give the same graph as this process, byte for byte, or the run fails.",
        ),
    )
    for size in sizes:
        one, two = _run("cluster", size, 1), _run("cluster", size, 2)
        if one["graph"] != two["graph"]:
            raise AssertionError("two workers build another graph than one")
        gained = one["total"] / two["total"]
        bar = DASK_BAR if size == DASK_BAR_AT else None
        table.add(
            f"{size:,}",
            f"{three(one['total'])} s",
            f"{three(two['total'])} s",
            ratio(gained),
            "no bar" if bar is None else f"{'met' if gained >= bar else 'MISSED'} (>= {bar:g})",
            _bytes(two["worker_bytes"]),
            _bytes(two["sent"]),
            _bytes(two["back"]),
        )
    return table


def _bytes(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
