"""The snapshot file: sections under checksums, written whole or not at all, read with suspicion.

Layout: a preamble of fixed size (magic, format version, place, length and checksum of the header), the sections, the
    header
(MessagePack: what the index is made for, and type, shape, place and checksum of each section). Every byte is under a
checksum. The file holds health data and is written for its owner only.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

from matcher.catalog import default_catalog
from matcher.embedding.rows import FACET_ROW
from matcher.embedding.vectors import DIMENSIONS
from matcher.errors import SnapshotError

MAGIC = b"PEERMTCH"
VERSION = 1
_PREAMBLE = struct.Struct("<8sIQQ16s")


@dataclass(frozen=True, slots=True)
class Section:
    """Where one array stands in the file, and its checksum."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int
    checksum: bytes


class Header(msgspec.Struct, frozen=True):
    """What a snapshot was made for and by."""

    as_of: date
    weights: dict[str, float]
    means: dict[str, float]
    means_given: bool
    catalog: str
    encoder: str
    dimensions: int
    row_type: str
    sections: dict[str, Section]


def write_section(file: BinaryIO, dtype: str, blocks: Iterable[npt.NDArray[Any]], width: int | None = None) -> Section:
    """Append one array, given in blocks along its first axis; ``width`` says the second where no block may come."""
    digest, start, items, shape = xxhash.xxh3_128(), file.tell(), 0, ()
    for block in blocks:
        data = np.ascontiguousarray(block).reshape(-1).view(np.uint8).data
        digest.update(data)
        file.write(data)
        items += block.shape[0]
        shape = block.shape[1:]
    return Section(dtype, (items, *((width,) if width else shape)), start, file.tell() - start, digest.digest())


def _unwritable(path: Path, error: OSError) -> SnapshotError:
    return SnapshotError(
        str(path), "cannot be written", error.strerror or "an error", "a folder with room, open to writing"
    )


@contextmanager
def new_snapshot(path: Path) -> Iterator[tuple[BinaryIO, Callable[[Header], None]]]:
    """A file to write sections to, and a function that takes the header; it appears at ``path`` when all is on disk."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error

    def finish(header: Header) -> None:
        raw = msgspec.msgpack.encode(header)
        place = file.tell()
        file.write(raw)
        file.seek(0)
        file.write(_PREAMBLE.pack(MAGIC, VERSION, place, len(raw), xxhash.xxh3_128_digest(raw)))

    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(bytes(_PREAMBLE.size))
            yield file, finish
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class SnapshotReader:
    """A mapped snapshot whose every part is checked before it is used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                self.data: mmap.mmap | bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        except OSError as error:
            raise self.refuse("cannot be read", error.strerror or "an error", "a snapshot file") from error
        self.header = self._read_header()

    def refuse(self, what: str, found: object, expected: object) -> SnapshotError:
        """The error that names both values."""
        return SnapshotError(str(self.path), what, str(found), str(expected))

    def _read_header(self) -> Header:
        if len(self.data) < _PREAMBLE.size:
            raise self.refuse("snapshot is cut short", f"{len(self.data)} bytes", f"at least {_PREAMBLE.size}")
        magic, version, place, size, checksum = _PREAMBLE.unpack_from(self.data)
        if magic != MAGIC:
            raise self.refuse("not a snapshot", magic, MAGIC)
        if version != VERSION:
            raise self.refuse("snapshot of another format version", version, VERSION)
        if place + size != len(self.data):
            raise self.refuse("snapshot is cut short or altered", f"{len(self.data)} bytes", f"{place + size}")
        raw = self.data[place : place + size]
        if xxhash.xxh3_128_digest(raw) != checksum:
            raise self.refuse("header is altered: checksum", xxhash.xxh3_128_hexdigest(raw), checksum.hex())
        try:
            header = msgspec.msgpack.decode(raw, type=Header)
        except msgspec.MsgspecError as error:
            raise self.refuse("snapshot of another layout", error, "a header of this version") from None
        expected = {
            "catalogue": (header.catalog, default_catalog().fingerprint),
            "encoder dimensions": (header.dimensions, DIMENSIONS),
            "row layout": (header.row_type, str(FACET_ROW.descr)),
        }
        for what, (found, ours) in expected.items():
            if found != ours:
                raise self.refuse(f"snapshot of another {what}", found, ours)
        return header

    def section(self, name: str) -> npt.NDArray[Any]:
        """A section's array, straight from the file; copy what is kept."""
        section = self.header.sections.get(name)
        if section is None:
            raise self.refuse("snapshot of another layout", "no such section", name)
        if section.start + section.size > len(self.data):
            raise self.refuse(f"section {name} is cut short", len(self.data), section.start + section.size)
        raw = memoryview(self.data)[section.start : section.start + section.size]
        found = xxhash.xxh3_128_digest(raw)
        if found != section.checksum:
            raise self.refuse(f"section {name} is altered: checksum", found.hex(), section.checksum.hex())
        return np.frombuffer(raw, dtype=np.dtype(section.dtype)).reshape(section.shape)

    def value(self, name: str, kind: Any) -> Any:
        """A section that holds one MessagePack value."""
        return msgspec.msgpack.decode(self.section(name).data, type=kind)

    def texts(self, name: str) -> list[str]:
        """A section that holds lines of text."""
        raw = self.section(name).tobytes().decode()
        return raw.split("\n") if raw else []
