"""The page on rematches names every file, every table of a diff, every column of a history and every option."""

from __future__ import annotations

import inspect
from pathlib import Path

from matcher.rematch.history_reading import HistoryRow
from service.commands.rematching import rematch_command
from service.reports.rematch_diff import COLUMNS
from service.reports.rematch_files import FILES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "rematch.md").read_text(encoding="utf-8")


def test_files_are_named() -> None:
    assert all(f"`{name}`" in PAGE or f"`{name.partition('.')[0]}`" in PAGE for name in FILES)
    assert all(f"`{table}`" in PAGE for table in COLUMNS)


def test_columns_of_a_history_are_named() -> None:
    assert all(f"`{column}`" in PAGE for column in HistoryRow.model_fields)


def test_options_are_named() -> None:
    options = {"results": "out"}
    for name in inspect.signature(rematch_command).parameters:
        assert f"`--{options.get(name, name).replace('_', '-')}`" in PAGE, name


def test_examples_are_linked() -> None:
    assert all(
        f"examples/{name}" in PAGE and (DOCS / "examples" / name).exists() for name in ("rematch.toml", "history.csv")
    )
