"""Shelves: members sorted by procedure and stage, so that a search opens only those that could hold one of the best.

A shelf's bound is the exact procedure term, the most its stage bucket can give, and the most that all other facets
can give this seeker. The vectors stand in FAISS inverted lists, one list a shelf, with our own assignment.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import faiss
import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled
from matcher.eligibility.bitsets import Words
from matcher.embedding.encoder import Encoder
from matcher.embedding.rows import Rows
from matcher.embedding.vectors import DIMENSIONS
from matcher.index.bounds import shelf_bounds, shelf_keys
from matcher.index.ordered_scan import scan_in_order
from matcher.scoring.fit import Scoring

CHUNK = 1 << 16
PIECE = 1 << 10


@compiled
def _best_shelves(bounds: npt.NDArray[np.float64], starts: npt.NDArray[np.int64], wanted: int) -> npt.NDArray[np.bool_]:
    filled = np.zeros(256, dtype=np.int64)
    levels = np.empty(bounds.size, dtype=np.int64)
    for shelf in range(bounds.size):
        levels[shelf] = min(255, max(0, int(bounds[shelf] * 255.0)))
        filled[levels[shelf]] += starts[shelf + 1] - starts[shelf]
    last = 255
    total = filled[255]
    while last > 0 and total < wanted:
        last -= 1
        total += filled[last]
    room = wanted - (total - filled[last])
    opened = np.empty(bounds.size, dtype=np.bool_)
    for shelf in range(bounds.size):
        opened[shelf] = levels[shelf] > last or (levels[shelf] == last and room > 0)
        if levels[shelf] == last:
            room -= starts[shelf + 1] - starts[shelf]
    return opened


@compiled
def _highest_shut(bounds: npt.NDArray[np.float64], opened: npt.NDArray[np.bool_], below: float) -> float:
    highest = -1.0
    for shelf in range(bounds.size):
        if highest < bounds[shelf] < below and not opened[shelf]:
            highest = bounds[shelf]
    return highest


@compiled
def _eligible_on(
    shelves: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], order: npt.NDArray[np.int32], words: Words
) -> npt.NDArray[np.int64]:
    total = 0
    for shelf in shelves:
        total += starts[shelf + 1] - starts[shelf]
    slots = np.empty(total, dtype=np.int64)
    found = 0
    for shelf in shelves:
        for place in range(starts[shelf], starts[shelf + 1]):
            slot = order[place]
            if (words[slot >> 6] >> np.uint64(slot & 63)) & np.uint64(1):
                slots[found] = slot
                found += 1
    return slots[:found]


@dataclass(frozen=True, slots=True, eq=False)
class Shelves:
    """An immutable arrangement of the first ``size`` slots.

    Attributes:
        size: slots arranged.
        keys: (shelves,) procedure and stage bucket of each shelf.
        starts: (shelves + 1,) where each shelf's slots begin in ``order``.
        order: (size,) slots, shelf by shelf.
        families: family of each procedure of the catalogue.
        domains: its domain.
        lists: FAISS inverted lists, one a shelf, ids = slots.
    """

    size: int
    keys: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    order: npt.NDArray[np.int32]
    families: npt.NDArray[np.int16]
    domains: npt.NDArray[np.int16]
    lists: Any

    @classmethod
    def arrange(
        cls,
        rows: Rows,
        encoder: Encoder,
        families: npt.NDArray[np.int16],
        domains: npt.NDArray[np.int16],
        vectors: npt.NDArray[np.float32] | None = None,
        *,
        beside_others: bool = False,
        rest_s: float = 0.0,
    ) -> Self:
        """Arrange all of ``rows``. About 2 microseconds a row; 532 bytes a row of memory.

        Args:
            rows: (n,) of FACET_ROW, slot by slot.
            encoder: makes their vectors.
            families: family of each procedure.
            domains: its domain.
            vectors: (n, 129) float32, if they are at hand already.
            beside_others: whether threads of this process answer meanwhile. Then no space is reserved list by list,
                which would take the interpreter from them thousands of times; memory is up to half as much again.
            rest_s: if nobody waits for it, how long to rest after every :data:`PIECE` rows, which take one or two
                milliseconds: those who answer need the processors, too.
        """
        faiss.omp_set_num_threads(1)
        keys, shelf_of = np.unique(shelf_keys(rows), return_inverse=True)
        shelf_of = shelf_of.astype(np.int64)
        order = np.argsort(shelf_of, kind="stable").astype(np.int32)
        starts = np.searchsorted(shelf_of[order], np.arange(keys.size + 1)).astype(np.int64)
        quantizer = faiss.IndexFlatIP(DIMENSIONS)
        lists = faiss.IndexIVFFlat(quantizer, DIMENSIONS, max(1, keys.size), faiss.METRIC_INNER_PRODUCT)
        lists.is_trained = True
        inverted: Any = lists.invlists
        for shelf in range(0 if beside_others else keys.size):  # reserves, so that lists do not grow by doubling
            inverted.resize(shelf, int(starts[shelf + 1] - starts[shelf]))
            inverted.resize(shelf, 0)
        step = PIECE if rest_s else CHUNK
        for first in range(0, rows.size, step):
            part = slice(first, min(first + step, rows.size))
            block = np.ascontiguousarray(vectors[part]) if vectors is not None else encoder.items(rows[part])
            ids = np.arange(part.start, part.stop, dtype=np.int64)
            assign = np.ascontiguousarray(shelf_of[part])
            lists.add_core(ids.size, faiss.swig_ptr(block), faiss.swig_ptr(ids), faiss.swig_ptr(assign))
            if rest_s:
                time.sleep(rest_s)
        return cls(rows.size, keys, starts, order, families, domains, lists)

    def bounds(self, seeker: Rows, scoring: Scoring) -> npt.NDArray[np.float64]:
        """(shelves,) float64: no member of the shelf can score more with ``seeker``."""
        return shelf_bounds(
            self.keys, seeker, self.families, self.domains, scoring.weights, scoring.means, scoring.mentoring
        )

    def best(self, bounds: npt.NDArray[np.float64], wanted: int) -> npt.NDArray[np.bool_]:
        """(shelves,) flags: those with the highest bounds, to one part in 256, that hold at least ``wanted`` rows."""
        return _best_shelves(bounds, self.starts, wanted)

    def highest_shut(self, bounds: npt.NDArray[np.float64], opened: npt.NDArray[np.bool_], below: float) -> float:
        """The highest bound below ``below`` of a shelf that was not opened; -1 if there is none."""
        return _highest_shut(bounds, opened, below)

    def rows_on(self, shelves: npt.NDArray[np.int64]) -> int:
        """Rows that stand on ``shelves``."""
        return int((self.starts[shelves + 1] - self.starts[shelves]).sum())

    def eligible_on(self, shelves: npt.NDArray[np.int64], words: Words) -> npt.NDArray[np.int64]:
        """Slots on ``shelves`` whose bit is set."""
        return _eligible_on(shelves, self.starts, self.order, words)

    def scan(
        self,
        shelves: npt.NDArray[np.int64],
        bounds: npt.NDArray[np.float64],
        words: Words,
        seeker: Rows,
        rows: Rows,
        scoring: Scoring,
        best: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Score ``shelves`` in falling order of bound until none can beat ``best``; see :func:`scan_in_order`."""
        falling = shelves[np.argsort(-bounds[shelves], kind="stable")]
        return scan_in_order(
            falling,
            bounds,
            self.starts,
            self.order,
            words,
            seeker,
            rows,
            scoring.groups,
            scoring.weights,
            scoring.means,
            scoring.mentoring,
            best,
        )

    def above(
        self, shelves: npt.NDArray[np.int64], words: Words, query: npt.NDArray[np.float32], radius: float
    ) -> npt.NDArray[np.int64]:
        """Slots on ``shelves`` whose bit is set and whose inner product with ``query`` exceeds ``radius``."""
        found = faiss.RangeSearchResult(1)
        selector = faiss.IDSelectorBitmap(words.nbytes, faiss.swig_ptr(words.view(np.uint8)))
        parameters: Any = faiss.SearchParametersIVF()
        parameters.sel, parameters.nprobe = selector, shelves.size
        coarse = np.zeros(shelves.size, dtype=np.float32)
        self.lists.range_search_preassigned_c(
            1, faiss.swig_ptr(query), radius, faiss.swig_ptr(shelves), faiss.swig_ptr(coarse), found, False, parameters
        )
        total = int(faiss.rev_swig_ptr(found.lims, 2)[1])
        slots: npt.NDArray[np.int64] = (
            faiss.rev_swig_ptr(found.labels, total).copy() if total else np.empty(0, np.int64)
        )
        return slots

    def stored(
        self, shelves: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Vectors of ``shelves`` one after the other, (m, 129) float32, where each shelf begins, and their slots."""
        inverted: Any = self.lists.invlists
        starts = np.zeros(shelves.size + 1, dtype=np.int64)
        np.cumsum(self.starts[shelves + 1] - self.starts[shelves], out=starts[1:])
        vectors = np.empty((int(starts[-1]), DIMENSIONS), dtype=np.float32)
        for place, shelf in enumerate(shelves.tolist()):
            rows = int(starts[place + 1] - starts[place])
            codes = faiss.rev_swig_ptr(inverted.get_codes(shelf), rows * DIMENSIONS * 4)
            vectors[starts[place] : starts[place + 1]] = codes.view(np.float32).reshape(rows, DIMENSIONS)
        flat = np.arange(starts[-1]) + np.repeat(self.starts[shelves] - starts[:-1], np.diff(starts))
        return vectors, starts, self.order[flat]


def shelf_ids(chosen: npt.NDArray[np.bool_] | Sequence[bool]) -> npt.NDArray[np.int64]:
    """Numbers of the shelves that are chosen."""
    return np.flatnonzero(chosen).astype(np.int64, copy=False)
