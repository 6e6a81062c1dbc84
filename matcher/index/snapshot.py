"""Snapshots: a whole index as one file that proves its own integrity (:mod:`matcher.index.snapshot_file`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

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
from matcher.index.shelves import CHUNK, Shelves
from matcher.index.slots import Slots
from matcher.index.snapshot_file import Header, SnapshotReader, new_snapshot, write_section


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


def _read_filter(reader: SnapshotReader) -> OnlineFilter:
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
