"""What does a community cost as it grows: reading, indexing, changing, saving and starting again, in time and memory?

Each stage runs in a fresh process, so that its memory is its own. The peers do less: pyarrow makes dictionaries of the
same rows and checks nothing; FAISS keeps the bare vectors, in inverted lists (trained, changed through a hash table) or
flat (written, read).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.tables import Table, ms, ratio, three, verdict

SIZES = (10_000, 100_000, 1_000_000)
STAGES = ("write", "index", "restart", "peers")
BARS = {"total": 180.0, "peak": 5e9, "resident": 2e9, "answered": 5.0, "resident_again": 2e9}
BARS_HOLD_AT = 1_000_000


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """One table a size."""
    for size in sizes or ((20_000,) if quick else SIZES):
        with tempfile.TemporaryDirectory(prefix="peer-matcher-bench-") as folder:
            figures: dict[str, float] = {}
            for stage in STAGES:
                began = time.time()
                figures |= _run(stage, size, folder)
                if stage == "restart":
                    figures["answered"] -= began
        yield _table(size, figures)


def _run(stage: str, size: int, folder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.growth_stages", stage, str(size), folder]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parent.parent
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _table(size: int, figures: dict[str, float]) -> Table:
    table = Table(
        f"Growth, {size:,} members",
        ("what", "ours", "cpu", "peer", "cpu", "which does", "ratio", "bar"),
        notes=("Files are warm in the page cache, on both sides. Upserts replace members at random, peers in turns.",),
    )
    for what, ours, peer, which, form in (
        ("Parquet: read and validate", "read", "peer_read", "pyarrow to dictionaries", _seconds),
        ("index", "index", "peer_index", "FAISS IVF, trained and filled", _seconds),
        ("Parquet to index", "total", None, "", _seconds),
        ("memory at its peak", "peak", None, "", _bytes),
        ("memory then resident", "resident", "peer_vectors", "the bare vectors", _bytes),
        ("upsert, median", "ours_upsert", "peer_upsert", "FAISS IVF, remove and add", _ms),
        ("upsert, mean", "ours_upsert_mean", "peer_upsert_mean", "FAISS IVF, remove and add", _ms),
        ("upsert, slowest", "ours_upsert_worst", None, "", _ms),
        ("save", "save", "peer_save", "FAISS flat, written", _seconds),
        ("snapshot on disk", "snapshot", "peer_vectors", "the bare vectors", _bytes),
        ("load", "load", "peer_load", "FAISS flat, read", _seconds),
        ("restart: process to first answer", "answered", None, "", _seconds),
        ("memory after a restart", "resident_again", "peer_vectors", "the bare vectors", _bytes),
    ):
        theirs = figures[peer] if peer else None
        bar = BARS.get(ours) if size >= BARS_HOLD_AT else None
        table.add(
            what,
            form(figures[ours]),
            form(figures[f"{ours}_cpu"]) if f"{ours}_cpu" in figures else "",
            form(theirs) if theirs is not None else "",
            form(figures[f"{peer}_cpu"]) if f"{peer}_cpu" in figures else "",
            which,
            ratio(figures[ours] / theirs) if theirs is not None else "",
            verdict(figures[ours], bar, form) if bar is not None else "",
        )
    return table


def _seconds(value: float) -> str:
    return f"{three(value)} s"


def _ms(value: float) -> str:
    return f"{ms(value)} ms"


def _bytes(value: float) -> str:
    return f"{value / 1e6:,.0f} MB"
