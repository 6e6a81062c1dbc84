"""Results of tasks as Arrow tables: bytes that mean the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def to_arrow(columns: Mapping[str, npt.NDArray[Any] | pa.Array[Any]]) -> bytes:
    """One record batch as an IPC stream."""
    batch = pa.RecordBatch.from_arrays(
        [column if isinstance(column, pa.Array) else pa.array(column) for column in columns.values()], list(columns)
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return sink.getvalue().to_pybytes()


def from_arrow(raw: bytes) -> pa.RecordBatch:
    """The batch again, without a copy of its columns."""
    with pa.ipc.open_stream(pa.py_buffer(raw)) as stream:
        return stream.read_next_batch()


def as_lists(counts: npt.NDArray[np.int64], values: npt.NDArray[Any]) -> pa.Array[Any]:
    """Flat values as one list a row, of so many values each."""
    ends: Any = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    flat: pa.Array[Any] = pa.array(values)
    return pa.ListArray.from_arrays(ends, flat)


def numbers(batch: pa.RecordBatch, name: str) -> npt.NDArray[Any]:
    """A column of numbers; of lists all their values, flat."""
    found: Any = batch.column(name)
    values = found.values if pa.types.is_list(found.type) else found
    return np.asarray(values.to_numpy(zero_copy_only=False))


def list_sizes(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.int64]:
    """How many values each list of a column has."""
    found: Any = batch.column(name)
    ends: npt.NDArray[np.int64] = found.offsets.to_numpy().astype(np.int64)
    return np.diff(ends)
