"""Rows of Parquet files, a batch of columns at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from matcher.errors import Problem, ReadingError
from matcher.members.cells import READERS, CellError, procedure, slot
from matcher.members.csv_rows import check_columns
from matcher.members.rows import RawRow

BATCH = 8192
_STRUCTS = {"procedures": ("procedure", "date"), "availability": ("day", "start", "end")}
_ITEMS: dict[str, Callable[[str], Any]] = {"procedures": procedure, "availability": slot}
_WHOLE = frozenset({"birth_year", "buddy_capacity", "mentor_capacity"})
_TRUTH = frozenset({"consent", "mentor_approved", "avoid_same_clinic"})
_SINGLE = frozenset({"member_id", "alias", "status", "role", "gender", "time_zone", "cadence", "region", "clinic"})

Arrow = Any
"""An Arrow array; the type stubs do not know that some are lists and some are dictionaries."""
Column = list[Any]
"""One value a row; ``None`` where the field is unknown, a :class:`CellError` where the cell has no sense."""


def parquet_rows(path: Path) -> Iterator[RawRow]:
    """Stream the rows of a Parquet file. A null, and NaN in a column of numbers, is an unknown field.

    Raises:
        ReadingError: if the file is damaged, or a column's name or type fits no profile field.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            check_columns(str(path), schema.names)
            _check_types(path, schema)
            first = 1
            for batch in file.iter_batches(batch_size=BATCH):
                yield from _rows(batch, first)
                first += batch.num_rows
    except OSError as error:
        reason = error.strerror or "it is damaged"
        raise ReadingError(str(path), f"cannot be read: {reason}", "a whole Parquet file") from error
    except pa.ArrowException as error:
        raise ReadingError(str(path), "is damaged or not Parquet", "a whole Parquet file") from error


def _rows(batch: pa.RecordBatch, first: int) -> Iterator[RawRow]:
    names, columns, doubtful = [], [], False
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        column = _values(name, array)
        if column is not None:
            doubtful = doubtful or (_may_fail(array.type) and any(isinstance(value, CellError) for value in column))
            names.append(name)
            columns.append(column)
    for number, row in enumerate(zip(*columns, strict=True), first):
        fields = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        problems = _taken_out(fields) if doubtful else ()
        yield RawRow(number, fields, problems)


def _may_fail(kind: Any) -> bool:
    return _is_text(_plain(kind)) or (_is_list(kind) and _is_text(_plain(kind.value_type)))


def _taken_out(fields: dict[str, Any]) -> tuple[Problem, ...]:
    wrong = {name: value for name, value in fields.items() if isinstance(value, CellError)}
    for name in wrong:
        del fields[name]
    return tuple(Problem(name + error.place, error.what, error.accepted) for name, error in wrong.items())


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _accepted(name: str) -> str:
    if name in _STRUCTS:
        return f"a list of structs of {', '.join(_STRUCTS[name])}, a list of text, or text"
    if name in _WHOLE:
        return "whole numbers or text"
    if name in _TRUTH:
        return "booleans or text"
    return "text" if name in _SINGLE else "a list of text, or text"


def _fits(name: str, kind: Any) -> bool:
    kind = _plain(kind)
    if pa.types.is_null(kind) or _is_text(kind):
        return True
    if name in _WHOLE:
        return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
    if name in _TRUTH:
        return bool(pa.types.is_boolean(kind))
    if name in _SINGLE or not _is_list(kind):
        return False
    item = _plain(kind.value_type)
    if _is_text(item) or pa.types.is_null(item):
        return True
    if name not in _STRUCTS or not pa.types.is_struct(item):
        return False
    return all(
        field.name in _STRUCTS[name]
        and (
            _is_text(_plain(field.type))
            or pa.types.is_null(field.type)
            or (field.name == "date" and pa.types.is_date(field.type))
        )
        for field in item
    )


def _check_types(path: Path, schema: pa.Schema) -> None:
    wrong = [
        f"{field.name} is {field.type}, accepted is {_accepted(field.name)}"
        for field in schema
        if not _fits(field.name, field.type)
    ]
    if wrong:
        raise ReadingError(str(path), "; ".join(wrong), "columns of these types")


def _values(name: str, array: Arrow) -> Column | None:
    """One value a row, or ``None`` for a column without any."""
    array = _decoded(array)
    kind = array.type
    if pa.types.is_null(kind):
        return None
    if _is_list(kind):
        return _lists(name, array)
    if not _is_text(kind):
        return _numbers(array)
    texts = _texts(array)
    if name in _SINGLE:
        return texts
    read = READERS[name]
    return [_attempt(read, text) if text else None for text in texts]


def _attempt(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except CellError as error:
        return error


def _decoded(array: Arrow) -> Arrow:
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _texts(array: Arrow) -> Column:
    # By way of numpy: equal texts become one object, and it is many times faster than one scalar at a time.
    found: Column = array.to_numpy(zero_copy_only=False).tolist()
    return found


def _numbers(array: Arrow) -> Column:
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, array.type))
    if array.null_count == 0:
        found: Column = array.to_numpy(zero_copy_only=False).tolist()
        return found
    zero = pa.scalar(0).cast(array.type)
    values = array.fill_null(zero).to_numpy(zero_copy_only=False).astype(object)
    values[array.is_null().to_numpy(zero_copy_only=False)] = None
    column: Column = values.tolist()
    return column


def _lists(name: str, array: Arrow) -> Column:
    counted: Arrow = pc.list_value_length(array)
    lengths = counted.fill_null(0).to_numpy(zero_copy_only=False)
    items = _items(name, _decoded(array.flatten()))
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    nulls = array.is_null().to_numpy(zero_copy_only=False).tolist() if array.null_count else [False] * len(array)
    bounds = pairwise([0, *ends])
    lists: Column = [None if null else items[start:end] for null, (start, end) in zip(nulls, bounds, strict=True)]
    if name == "availability" and any(isinstance(item, CellError) for item in items):
        return [next((item for item in row if isinstance(item, CellError)), row) if row else row for row in lists]
    return lists


def _items(name: str, array: Arrow) -> Column:
    if pa.types.is_null(array.type):
        return [None] * len(array)
    if _is_text(array.type):
        texts = _texts(array)
        read = _ITEMS.get(name)
        return texts if read is None else [None if text is None else _attempt(read, text) for text in texts]
    names = [field.name for field in array.type]
    parts = [_parts(_decoded(part)) for part in array.flatten()]
    return [
        {key: value for key, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*parts, strict=True)
    ]


def _parts(array: Arrow) -> Column:
    if pa.types.is_null(array.type):
        return [None] * len(array)
    if _is_text(array.type):
        return _texts(array)
    found: Column = array.cast(pa.date32()).to_numpy(zero_copy_only=False).astype(object).tolist()
    return found
