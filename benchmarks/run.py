"""Runs the measurements and prints their tables.

python -m benchmarks.run [QUESTION ...] [--quick] [--sizes N ...] [--markdown FILE]
"""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from rich.console import Console

from benchmarks.tables import Table

QUESTIONS = {
    "request": "benchmarks.request",
    "filters": "benchmarks.filters",
    "http": "benchmarks.http_call",
    "load": "benchmarks.load",
    "exposure": "benchmarks.exposure",
    "growth": "benchmarks.growth",
    "encoder": "benchmarks.encoder",
    "candidates": "benchmarks.candidates",
    "pairing": "benchmarks.pairing",
    "groups": "benchmarks.groups",
    "diversity": "benchmarks.diversity",
    "rematch": "benchmarks.rematch",
}
"""What can be asked, in the order in which it is."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run", description="Measures us against our peers in the same run."
    )
    parser.add_argument(
        "questions", nargs="*", metavar="QUESTION", help=f"any of {', '.join(QUESTIONS)}; all by default"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small sizes and few repetitions: whether it runs, not what it costs"
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", metavar="N", help="members, instead of each question's own sizes"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also append the tables to FILE as Markdown")
    asked = parser.parse_args()
    unknown = [name for name in asked.questions if name not in QUESTIONS]
    if unknown:
        parser.error(f"unknown question {', '.join(unknown)} (accepted: {', '.join(QUESTIONS)})")
    for name in ONE_THREAD:
        os.environ[name] = "1"  # before the libraries are imported, which read it once
    console = Console()
    if not console.is_terminal:
        console = Console(width=180)
    for name in asked.questions or QUESTIONS:
        for table in importlib.import_module(QUESTIONS[name]).measure(asked.sizes, asked.quick):
            table.show(console)
            if asked.markdown:
                _append(asked.markdown, table)


def _append(path: Path, table: Table) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(table.markdown() + "\n")


if __name__ == "__main__":
    main()
