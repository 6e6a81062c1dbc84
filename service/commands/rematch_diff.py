"""``peer-matcher rematch-diff``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import out
from service.reports.rematch_diff import DIFF_FILES, diff_runs, write_diff
from service.reports.rematch_words import KIND_WORDS
from service.reports.whole_folder import check_place

_SHOWN = {
    "matched_share": "with somebody", "score_mean": "mean score", "score_worst_tenth": "worst tenth",
    "exposure_gini": "unevenness", "broken": "ties in force ended",
}  # fmt: skip


def rematch_diff_command(
    first: Annotated[Path, typer.Argument(help="The folder of a rematch.", metavar="A")],
    second: Annotated[Path, typer.Argument(help="The folder of another one.", metavar="B")],
    results: Annotated[
        Path | None, typer.Option("--out", help="Folder for the diff as tables: ties, members, metrics.")
    ] = None,
) -> None:
    """What differs between two rematches: ties, the members whom that concerns, and the figures side by side.

    Example: peer-matcher rematch-diff plan/ plan-with-fewer-changes/
    """
    if results is not None:
        check_place(results, DIFF_FILES, [folder / name for folder in (first, second) for name in DIFF_FILES])
    diff = diff_runs(first, second)
    console = out()
    for note in diff.notes:
        console.print(f"Note: {note}.", soft_wrap=True)
    table = Table(title="Ties", title_justify="left")
    table.add_column("kind")
    for words in ("in both", "only in A", "only in B", "members concerned"):
        table.add_column(words, justify="right")
    for one in diff.kinds:
        table.add_row(KIND_WORDS[one.kind], f"{one.both:,}", f"{one.first:,}", f"{one.second:,}", f"{one.members:,}")
    console.print(table)
    table = Table(title="Figures of the plans", title_justify="left")
    table.add_column("kind")
    table.add_column("figure")
    for words in ("A", "B", "B less A"):
        table.add_column(words, justify="right")
    for row in diff.metrics:
        if row["plan"] == "plan" and row["metric"] in _SHOWN:
            figures = (_figure(row[side], "") for side in ("first", "second"))
            table.add_row(KIND_WORDS[row["kind"]], _SHOWN[row["metric"]], *figures, _figure(row["difference"], "+"))
    console.print(table)
    if results is not None:
        write_diff(results, diff)
        console.print(f"Tables in {results}", markup=False, soft_wrap=True)


def _figure(value: float | None, sign: str) -> str:
    if value is None:
        return "\N{EN DASH}"
    return f"{value:{sign},.0f}" if value == int(value) and abs(value) >= 1 else f"{value:{sign}.3f}"
