"""The stages of a community's life that :mod:`benchmarks.growth` measures, each in a fresh process of its own.

python -m benchmarks.growth_stages STAGE SIZE FOLDER    prints what it measured as one line of JSON
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
import pyarrow.parquet

from benchmarks.community import CHUNK, DAY, Insides, drawn
from benchmarks.measuring import Took, in_turns, seconds_of
from benchmarks.request import who_may_ask
from matcher.buddies.recommend import recommend_buddies
from matcher.embedding.vectors import DIMENSIONS
from matcher.errors import ReadingError
from matcher.index.member_index import LATE_SHARE, MemberIndex
from matcher.members.profile import MemberProfile
from matcher.members.reading import read_members
from matcher.members.writing import write_members

Figures = dict[str, float]
"""By name; a time by the wall, and under the same name with ``_cpu`` in processor time."""
TRAINED_ON = 40
"""Vectors a list."""
_faiss: Any = faiss
"""Its stubs know only some of it."""


def memory(line: str) -> float:
    """A line of this process's memory in bytes: ``VmRSS`` now, ``VmHWM`` at its highest."""
    for found in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if found.startswith(f"{line}:"):
            return float(found.split()[1]) * 1024
    raise LookupError(line)


def times(name: str, took: Took) -> Figures:
    """The two figures of one time."""
    return {name: took.seconds, f"{name}_cpu": took.processor}


class Stopwatch:
    """Counts the seconds spent in a stream that somebody else draws on."""

    def __init__(self) -> None:
        self.seconds = self.processor = 0.0

    def of(self, stream: Iterable[MemberProfile]) -> Iterator[MemberProfile]:
        """The same stream, timed."""
        members = iter(stream)
        while True:
            began, worked = time.perf_counter(), time.thread_time()
            member = next(members, None)
            self.seconds += time.perf_counter() - began
            self.processor += time.thread_time() - worked
            if member is None:
                return
            yield member


def _valid(path: Path) -> Iterator[MemberProfile]:
    for row in read_members(path, DAY):
        if row.member is None:
            raise ReadingError(path.name, f"row {row.line}: {row.problems}", "every row of a drawn population")
        yield row.member


def write(size: int, folder: Path) -> Figures:
    """A drawn population to Parquet."""
    took, _ = seconds_of(lambda: write_members(drawn(size), folder / "members.parquet"))
    return times("write", took)


def index(_: int, folder: Path) -> Figures:
    """Parquet to an index, then changes, then a snapshot, in the order in which memory tells most."""
    path = folder / "members.parquet"
    reading = Stopwatch()
    total, built = seconds_of(lambda: MemberIndex.build(reading.of(_valid(path)), DAY))
    peak = memory("VmHWM")
    gc.collect()
    read = Took(reading.seconds, reading.processor)
    indexing = Took(total.seconds - read.seconds, total.processor - read.processor)
    figures = times("total", total) | times("read", read) | times("index", indexing)
    figures |= {"peak": peak, "resident": memory("VmRSS")}
    # One answer, so that the restart finds compiled code on disk, as every start but a machine's first does.
    recommend_buddies(built, who_may_ask(built, "buddy", 1)[0])
    figures |= times("save", seconds_of(partial(built.save, folder / "index.snapshot"))[0])
    figures["snapshot"] = (folder / "index.snapshot").stat().st_size
    return figures | _changes(built, folder)


def _changes(built: MemberIndex, folder: Path) -> Figures:
    vectors = Insides(built).vectors()
    figures = times("peer_save", seconds_of(partial(_save_flat, vectors, folder / "flat.faiss"))[0])
    took, peer = seconds_of(partial(_inverted_lists, vectors))
    figures |= times("peer_index", took)
    names = Insides(built).ids
    count = int(max(2000, LATE_SHARE * len(names) + 500))
    chosen = np.random.default_rng(4).choice(len(names), size=count, replace=len(names) < count).tolist()
    changed = [built.member(names[slot]).model_copy(update={"cadence": "weekly"}) for slot in chosen]

    def replace(item: tuple[int, MemberProfile]) -> None:
        slot = np.array([item[0]], dtype=np.int64)
        peer.remove_ids(slot)
        peer.add_with_ids(vectors[item[0]].reshape(1, -1), slot)

    turns = in_turns(
        {"ours": lambda item: built.upsert(item[1]), "peer": replace}, list(zip(chosen, changed, strict=True))
    )
    for name, taken in turns.times.items():
        wall, processor = taken.seconds, taken.processor
        figures |= times(f"{name}_upsert", Took(taken.p50, float(np.median(processor))))
        figures |= times(f"{name}_upsert_mean", Took(float(wall.mean()), float(processor.mean())))
        figures |= times(f"{name}_upsert_worst", Took(float(wall.max()), float(processor.max())))
    return figures


def _save_flat(vectors: npt.NDArray[np.float32], path: Path) -> None:
    flat = _faiss.IndexFlatIP(DIMENSIONS)
    flat.add(vectors)
    _faiss.write_index(flat, str(path))


def _inverted_lists(vectors: npt.NDArray[np.float32]) -> Any:
    lists = max(16, int(np.sqrt(vectors.shape[0])))
    peer = _faiss.IndexIVFFlat(_faiss.IndexFlatIP(DIMENSIONS), DIMENSIONS, lists, _faiss.METRIC_INNER_PRODUCT)
    peer.train(vectors[:: max(1, vectors.shape[0] // (TRAINED_ON * lists))])
    for first in range(0, vectors.shape[0], CHUNK):
        peer.add(vectors[first : first + CHUNK])
    peer.set_direct_map_type(_faiss.DirectMap.Hashtable)
    return peer


def restart(_: int, folder: Path) -> Figures:
    """A fresh process that loads the snapshot and answers."""
    took, loaded = seconds_of(lambda: MemberIndex.load(folder / "index.snapshot"))
    seeker = who_may_ask(loaded, "buddy", 1)[0]
    recommend_buddies(loaded, seeker)
    answered = Took(time.time(), time.process_time())
    gc.collect()
    return times("load", took) | times("answered", answered) | {"resident_again": memory("VmRSS")}


def peers(size: int, folder: Path) -> Figures:
    """What the same files cost somebody who only reads them: rows to dictionaries, vectors to a flat index."""

    def rows() -> int:
        file = pyarrow.parquet.ParquetFile(folder / "members.parquet")
        return sum(len(batch.to_pylist()) for batch in file.iter_batches(batch_size=8192))

    read, _ = seconds_of(rows)
    load, flat = seconds_of(lambda: _faiss.read_index(str(folder / "flat.faiss")))
    flat.search(np.ones((1, DIMENSIONS), dtype=np.float32), 1)
    return times("peer_read", read) | times("peer_load", load) | {"peer_vectors": float(size * DIMENSIONS * 4)}


STAGES = {"write": write, "index": index, "restart": restart, "peers": peers}

if __name__ == "__main__":
    _faiss.omp_set_num_threads(1)
    print(json.dumps(STAGES[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))))
