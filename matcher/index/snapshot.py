"""Snapshots: an index as one file that proves its own integrity.

Layout: a preamble of fixed size (magic, format version, place, length and checksum of the header), the sections, the
    header
(MessagePack: what the index is made for, and type, shape, place and checksum of each section). Every byte is under a
checksum. The file holds health data and is written for its owner only.
"""

from __future__ import annotations

import dataclasses
import mmap
import os
import struct
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

from matcher.catalog import default_catalog
from matcher.eligibility.filter import OnlineFilter
from matcher.eligibility.relations import Load, Relations
from matcher.embedding.encoder import DIMENSIONS, Encoder, Fitted
from matcher.embedding.population import FacetMeans
from matcher.embedding.rows import FACET_ROW, Events, RowCoder
from matcher.embedding.weights import FacetWeights
from matcher.errors import SnapshotError
from matcher.index.shelves import CHUNK, Shelves
from matcher.index.slots import Slots

MAGIC = b"PEERMTCH"
VERSION = 1
_PREAMBLE = struct.Struct("<8sIQQ16s")


class Contents(NamedTuple):
    """All that an index is made of, in the order in which its constructor takes it."""

    slots: Slots
    eligibility: OnlineFilter
    shelves: Shelves
    encoder: Encoder
    as_of: date
    weights: FacetWeights
    means: FacetMeans
    means_given: bool


@dataclass(frozen=True, slots=True)
class _Section:
    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int
    checksum: bytes


class _Header(msgspec.Struct, frozen=True):
    as_of: date
    weights: dict[str, float]
    means: dict[str, float]
    means_given: bool
    catalog: str
    encoder: str
    dimensions: int
    row_type: str
    sections: dict[str, _Section]


def _bytes(value: object) -> npt.NDArray[np.uint8]:
    return np.frombuffer(msgspec.msgpack.encode(value), dtype=np.uint8)


def _text(parts: Iterable[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer("\n".join(parts).encode(), dtype=np.uint8)


def _sections(slots: Slots, eligibility: OnlineFilter, encoder: Encoder) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    events = slots.events
    yield "ids", _text(slots.ids)
    yield "packed", np.frombuffer(b"".join(slots.packed), dtype=np.uint8)
    yield "packed_sizes", np.fromiter(map(len, slots.packed), dtype=np.int32, count=len(slots))
    yield "rows", slots.rows.view(np.uint8)
    yield "event_codes", events.codes
    yield "event_days", events.days
    yield "event_starts", events.starts
    yield "free_tags", _text(slots.coder.free_tags)
    by_key = eligibility.bits.by_key
    yield "bit_keys", _bytes([list(key) if isinstance(key, tuple) else [key] for key in by_key])
    yield "bits", np.concatenate([*by_key.values(), np.empty(0, dtype=np.uint64)])
    postings = eligibility.postings
    yield "posting_keys", _bytes(list(postings))
    yield "posting_sizes", np.fromiter(map(len, postings.values()), dtype=np.int32, count=len(postings))
    yield "postings", np.fromiter((slot for posted in postings.values() for slot in posted), dtype=np.int32)
    yield "blockers", _bytes({name: sorted(blockers) for name, blockers in eligibility.blockers.items()})
    yield "loads", _bytes(eligibility.relations.loads)
    yield "ties", _bytes(eligibility.relations.ties)
    yield from encoder.fitted._asdict().items()


def _vectors(slots: Slots, encoder: Encoder) -> Iterator[npt.NDArray[np.float32]]:
    rows = slots.rows
    for first in range(0, rows.size, CHUNK):
        yield encoder.items(rows[first : first + CHUNK])


def _write_section(
    file: BinaryIO, dtype: str, blocks: Iterable[npt.NDArray[Any]], width: int | None = None
) -> _Section:
    digest, start, items, shape = xxhash.xxh3_128(), file.tell(), 0, ()
    for block in blocks:
        data = np.ascontiguousarray(block).reshape(-1).view(np.uint8).data
        digest.update(data)
        file.write(data)
        items += block.shape[0]
        shape = block.shape[1:]
    return _Section(dtype, (items, *((width,) if width else shape)), start, file.tell() - start, digest.digest())


def write_snapshot(
    path: Path,
    slots: Slots,
    eligibility: OnlineFilter,
    encoder: Encoder,
    as_of: date,
    weights: FacetWeights,
    means: FacetMeans,
    means_given: bool,
) -> None:
    """Write one file, atomically: it appears whole or not at all, and survives a crash once this returns."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(bytes(_PREAMBLE.size))
            sections = {
                name: _write_section(file, part.dtype.str, [part])
                for name, part in _sections(slots, eligibility, encoder)
            }
            sections["vectors"] = _write_section(file, "<f4", _vectors(slots, encoder), DIMENSIONS)
            header = msgspec.msgpack.encode(
                _Header(
                    as_of,
                    dataclasses.asdict(weights),
                    dataclasses.asdict(means),
                    means_given,
                    slots.coder.catalog.fingerprint,
                    encoder.fingerprint,
                    DIMENSIONS,
                    str(FACET_ROW.descr),
                    sections,
                )
            )
            place = file.tell()
            file.write(header)
            file.seek(0)
            file.write(_PREAMBLE.pack(MAGIC, VERSION, place, len(header), xxhash.xxh3_128_digest(header)))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class _Reader:
    """A mapped snapshot whose every part is checked before it is used."""

    def __init__(self, path: Path, data: mmap.mmap | bytes) -> None:
        self.path = path
        self.data = data
        self.header = self._read_header()

    def refuse(self, what: str, found: object, expected: object) -> SnapshotError:
        return SnapshotError(str(self.path), what, str(found), str(expected))

    def _read_header(self) -> _Header:
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
        header = msgspec.msgpack.decode(raw, type=_Header)
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
        section = self.header.sections[name]
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


def _read_filter(reader: _Reader) -> OnlineFilter:
    loads = {name: Load(*load) for name, load in reader.value("loads", dict[str, tuple[int, int]]).items()}
    eligibility = OnlineFilter(Relations(loads, reader.value("ties", dict[str, dict[str, Any]])))
    keys = reader.value("bit_keys", list[list[str | int]])
    words = reader.section("bits").reshape(len(keys), -1).copy() if keys else np.empty((0, 0), dtype=np.uint64)
    if keys:
        eligibility.bits.words = words.shape[1]
        eligibility.bits.empty = np.zeros(words.shape[1], dtype=np.uint64)
    for key, row in zip(keys, words, strict=True):
        eligibility.bits.by_key[tuple(key) if len(key) > 1 else key[0]] = row
    posted = reader.section("postings").tolist()
    first = 0
    for key, size in zip(
        reader.value("posting_keys", list[tuple[str, str]]), reader.section("posting_sizes"), strict=True
    ):
        eligibility.postings[key] = posted[first : first + int(size)]
        first += int(size)
    blockers = reader.value("blockers", dict[str, list[str]])
    eligibility.blockers = {name: set(found) for name, found in blockers.items()}
    return eligibility


def read_snapshot(path: Path) -> Contents:
    """Read a snapshot back and arrange its shelves.

    Raises:
        SnapshotError: if the file is missing, cut short, altered, or of another version, catalogue or encoder.
    """
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
    except OSError as error:
        raise SnapshotError(str(path), "cannot be read", error.strerror or "an error", "a snapshot file") from error
    reader = _Reader(path, data)
    header = reader.header
    catalog = default_catalog()
    coder = RowCoder(catalog)
    for tag in reader.texts("free_tags"):
        coder.free_tags[tag] = len(catalog.interests.tags) + len(coder.free_tags)
    ends = np.cumsum(reader.section("packed_sizes"), dtype=np.int64).tolist()
    blob = reader.section("packed").tobytes()
    packed = [blob[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)] if ends else []
    rows = reader.section("rows").copy().view(FACET_ROW)
    events = Events(*(reader.section(f"event_{part}").copy() for part in Events._fields))
    slots = Slots(coder, reader.texts("ids"), packed, rows, events)
    encoder = Encoder(coder.groups(), Fitted(*(reader.section(part).copy() for part in Fitted._fields)))
    if encoder.fingerprint != header.encoder:
        raise reader.refuse("snapshot of another encoder", header.encoder, encoder.fingerprint)
    shelves = Shelves.arrange(slots.rows, encoder, catalog.family_of, catalog.domain_of, reader.section("vectors"))
    return Contents(
        slots,
        _read_filter(reader),
        shelves,
        encoder,
        header.as_of,
        FacetWeights(**header.weights),
        FacetMeans.parse(header.means),
        header.means_given,
    )
