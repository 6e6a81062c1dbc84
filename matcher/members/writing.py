"""Members to files: the inverse of reading, streaming and all or nothing."""

from __future__ import annotations

import csv
import gzip
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from matcher.errors import InvalidRequest, Problem
from matcher.members.cells import READERS, cells_of
from matcher.members.profile import MemberProfile
from matcher.members.reading import SUFFIXES
from matcher.members.vocabulary import DEFAULT_SHARES, TIES

_DEFAULTS: dict[str, tuple[str, ...]] = {"seeks": TIES, "shares": DEFAULT_SHARES}
Sink = IO[bytes] | gzip.GzipFile


def write_members(members: Iterable[MemberProfile], path: Path | str) -> int:
    """Write ``members`` as CSV, NDJSON or Parquet, by the name of ``path``; reading the file gives equal members.

    Members are taken one at a time. The file appears, or replaces the one there, when all are written.

    Returns:
        How many were written.

    Raises:
        InvalidRequest: if the name says no known form or the file cannot be written.
    """
    path = Path(path)
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise InvalidRequest(
            Problem("path", f"{path.name} says no known form", f"a name that ends in {', '.join(SUFFIXES)}")
        )
    write: Callable[[Iterable[MemberProfile], Sink], int]
    if name.endswith(".parquet"):
        from matcher.members.parquet_writing import write_parquet as write  # pyarrow takes a moment to import
    else:
        write = _write_csv if ".csv" in name[-7:] else _write_json
    try:
        with _replacing(path) as file:
            if name.endswith(".gz"):
                with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
                    return write(members, packed)
            return write(members, file)
    except OSError as error:
        raise InvalidRequest(
            Problem("path", f"{path} cannot be written: {error.strerror}", "a place to write to")
        ) from error


@contextmanager
def _replacing(path: Path) -> Iterator[Sink]:
    """A new file beside ``path`` that takes its place if the block ends well and disappears if not."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _write_json(members: Iterable[MemberProfile], file: Sink) -> int:
    count = 0
    for count, member in enumerate(members, 1):  # noqa: B007 (the last count is the answer)
        file.write(member.model_dump_json(exclude_defaults=True).encode() + b"\n")
    return count


def _write_csv(members: Iterable[MemberProfile], file: Sink) -> int:
    text = io.TextIOWrapper(cast(IO[bytes], file), encoding="utf-8", newline="", write_through=True)
    table = csv.DictWriter(text, tuple(READERS), lineterminator="\r\n")  # RFC 4180; a lone return is quoted so, too
    table.writeheader()
    count = 0
    for count, member in enumerate(members, 1):  # noqa: B007 (the last count is the answer)
        table.writerow(cells_of(member))
    text.detach()
    return count


def batches(members: Iterable[MemberProfile], size: int) -> Iterator[list[MemberProfile]]:
    """``members`` in lists of ``size``."""
    rest = iter(members)
    while batch := list(islice(rest, size)):
        yield batch


def columns_of(batch: list[MemberProfile]) -> dict[str, list[Any]]:
    """Profile fields as columns of plain values; ``None`` where a field is unknown."""
    columns: dict[str, list[Any]] = {name: [getattr(member, name) for member in batch] for name in READERS}
    columns["procedures"] = [
        [{"procedure": event.procedure, "date": event.date} for event in events] for events in columns["procedures"]
    ]
    columns["availability"] = [
        [{"day": slot.day, "start": slot.start, "end": slot.end} for slot in slots] for slots in columns["availability"]
    ]
    for name, values in columns.items():
        if name in _DEFAULTS:  # empty says something else here
            columns[name] = [None if value == _DEFAULTS[name] else value for value in values]
        elif name == "open_to_roles":
            columns[name] = [
                None if value == (own,) else value for own, value in zip(columns["role"], values, strict=True)
            ]
        elif values and isinstance(values[0], tuple | list):
            columns[name] = [value or None for value in values]
    return columns
