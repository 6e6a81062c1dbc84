"""Snapshots: a whole index as one file that proves its own integrity (:mod:`matcher.index.snapshot_file`)."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Hashable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.eligibility.filter import OnlineFilter
from matcher.eligibility.relations import Load, Relations
from matcher.embedding.encoder import Encoder
from matcher.embedding.population import FacetMeans
from matcher.embedding.rows import FACET_ROW, Events, RowCoder
from matcher.embedding.vectors import DIMENSIONS, Fitted
from matcher.embedding.weights import FacetWeights
from matcher.index.contents import Contents
from matcher.index.shelves import Shelves
from matcher.index.slots import Slots
from matcher.index.snapshot_file import Header, SnapshotReader, new_snapshot, write_section
from matcher.index.vector_lists import CHUNK


def _bytes(value: object) -> npt.NDArray[np.uint8]:
    return np.frombuffer(msgspec.msgpack.encode(value), dtype=np.uint8)


def _keys(sets: Iterable[Hashable]) -> npt.NDArray[np.uint8]:
    return _bytes([list(key) if isinstance(key, tuple) else [key] for key in sets])


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
    packed, listed = eligibility.bits.packed, eligibility.bits.listed
    yield "packed_keys", _keys(packed)
    yield "packed_bits", np.concatenate([*packed.values(), np.empty(0, dtype=np.uint64)])
    yield "listed_keys", _keys(listed)
    yield "listed_sizes", np.fromiter(map(len, listed.values()), dtype=np.int64, count=len(listed))
    yield "listed_slots", np.concatenate([*listed.values(), np.empty(0, dtype=np.int64)]).astype(np.int64)
    yield "blockers", _bytes({name: sorted(blockers) for name, blockers in eligibility.blockers.items()})
    yield "loads", _bytes(eligibility.relations.loads)
    yield "ties", _bytes(eligibility.relations.ties)
    yield from encoder.fitted._asdict().items()


def _vectors(slots: Slots, encoder: Encoder) -> Iterator[npt.NDArray[np.float32]]:
    rows = slots.rows
    for first in range(0, rows.size, CHUNK):
        yield encoder.items(rows[first : first + CHUNK])


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
    with new_snapshot(path) as (file, finish):
        sections = {
            name: write_section(file, part.dtype.str, [part]) for name, part in _sections(slots, eligibility, encoder)
        }
        sections["vectors"] = write_section(file, "<f4", _vectors(slots, encoder), DIMENSIONS)
        finish(
            Header(
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


def _read_keys(reader: SnapshotReader, name: str) -> list[Hashable]:
    keys = reader.value(name, list[list[str | int]])
    return [tuple(key) if len(key) > 1 else key[0] for key in keys]


def _read_filter(reader: SnapshotReader) -> OnlineFilter:
    loads = {name: Load(*load) for name, load in reader.value("loads", dict[str, tuple[int, int]]).items()}
    eligibility = OnlineFilter(Relations(loads, reader.value("ties", dict[str, dict[str, Any]])))
    bits = eligibility.bits
    keys = _read_keys(reader, "packed_keys")
    if keys:
        words = reader.section("packed_bits").reshape(len(keys), -1).copy()
        bits.words = words.shape[1]
        bits.empty = np.zeros(bits.words, dtype=np.uint64)
        bits.packed = dict(zip(keys, words, strict=True))
    slots, first = reader.section("listed_slots"), 0
    for key, size in zip(_read_keys(reader, "listed_keys"), reader.section("listed_sizes").tolist(), strict=True):
        bits.listed[key] = array("q", slots[first : first + size].tobytes())
        first += size
    blockers = reader.value("blockers", dict[str, list[str]])
    eligibility.blockers = {name: set(found) for name, found in blockers.items()}
    return eligibility


def read_snapshot(path: Path) -> Contents:
    """Read a snapshot back and arrange its shelves.

    Raises:
        SnapshotError: if the file is missing, cut short, altered, or of another version, catalogue or encoder.
    """
    reader = SnapshotReader(path)
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
