"""Tables as files: Parquet for programs, CSV for spreadsheets, both with the same rows."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Columns = Mapping[str, pa.DataType]
Rows = Sequence[Mapping[str, Any]]


def write_parquet(path: Path, columns: Columns, rows: Rows) -> None:
    """Write rows whose columns are typed whatever they hold."""
    schema = pa.schema([pa.field(name, kind) for name, kind in columns.items()])
    filled = [pa.array([row.get(name) for row in rows], kind) for name, kind in columns.items()]
    pq.write_table(pa.Table.from_arrays(filled, schema=schema), path)


def write_csv(path: Path, columns: Columns, rows: Rows) -> None:
    """Write the same rows as text in UTF-8; nothing stands for what is unknown."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, tuple(columns))
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
