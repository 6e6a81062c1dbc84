"""Shelves: members sorted by procedure and stage, so that a search opens only those that could hold one of the best.

A shelf's bound is the exact procedure term, the most its stage bucket can give, and the most that all other facets
can give this seeker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_short
from matcher.eligibility.bitsets import Words
from matcher.embedding.encoder import Encoder
from matcher.embedding.rows import Rows
from matcher.embedding.vectors import DIMENSIONS
from matcher.index.best_of import rows_on
from matcher.index.bounds import shelf_bounds, shelf_keys
from matcher.index.brief_codes import Codes, codes_of
from matcher.index.briefs import Briefs, briefs_of
from matcher.index.flat_scan import scan_flat
from matcher.index.ordered_scan import scan_in_order
from matcher.index.vector_lists import VectorLists
from matcher.scoring.fit import Scoring

LEVELS = 255
"""Steps of bounds by which the best shelves are told."""
VECTORS_BEHIND, VECTORS_BEHIND_SHARE = 8192, 1 / 16
"""Slots on shelves whose vectors are not in the lists, before all are copied to put them there: so many, or this share
of all slots."""


@compiled_short
def _best_shelves(bounds: npt.NDArray[np.float64], starts: npt.NDArray[np.int64], wanted: int) -> npt.NDArray[np.bool_]:
    # Most shelves are of other procedures and far below the best: they are only looked at if the others are too few.
    top = 0
    for shelf in range(bounds.size):
        top = max(top, int(bounds[shelf] * LEVELS))
    lowest = max(0, min(LEVELS, top) - LEVELS // 3)
    while True:
        filled = np.zeros(LEVELS + 1, dtype=np.int64)
        for shelf in range(bounds.size):
            if bounds[shelf] * LEVELS >= lowest:
                filled[min(LEVELS, int(bounds[shelf] * LEVELS))] += starts[shelf + 1] - starts[shelf]
        last = LEVELS
        total = filled[last]
        while last > lowest and total < wanted:
            last -= 1
            total += filled[last]
        if total >= wanted or lowest == 0:
            break
        lowest = 0
    room = wanted - (total - filled[last])
    opened = np.zeros(bounds.size, dtype=np.bool_)
    for shelf in range(bounds.size):
        if bounds[shelf] * LEVELS >= last:
            at_last = min(LEVELS, int(bounds[shelf] * LEVELS)) == last
            opened[shelf] = not at_last or room > 0
            if at_last:
                room -= starts[shelf + 1] - starts[shelf]
    return opened


@compiled_short
def _highest_shut(bounds: npt.NDArray[np.float64], opened: npt.NDArray[np.bool_], below: float) -> float:
    highest = -1.0
    for shelf in range(bounds.size):
        if highest < bounds[shelf] < below and not opened[shelf]:
            highest = bounds[shelf]
    return highest


@compiled_short
def _eligible_on(
    late: npt.NDArray[np.int64],
    shelves: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    order: npt.NDArray[np.int32],
    words: Words,
) -> npt.NDArray[np.int64]:
    total = late.size
    for shelf in shelves:
        total += starts[shelf + 1] - starts[shelf]
    slots = np.empty(total, dtype=np.int64)
    found = late.size
    slots[:found] = late
    for shelf in shelves:
        for place in range(starts[shelf], starts[shelf + 1]):
            slot = order[place]
            if (words[slot >> 6] >> np.uint64(slot & 63)) & np.uint64(1):
                slots[found] = slot
                found += 1
    return slots[:found]


@compiled_short
def _eligible_from(
    first_slot: int,
    shelves: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    order: npt.NDArray[np.int32],
    words: Words,
) -> npt.NDArray[np.int64]:
    """Of the slots on ``shelves`` from ``first_slot`` on those whose bit is set; a shelf's slots ascend."""
    found = np.empty(order.size - first_slot, dtype=np.int64)
    count = 0
    for shelf in shelves:
        for place in range(starts[shelf + 1] - 1, starts[shelf] - 1, -1):
            slot = order[place]
            if slot < first_slot:
                break
            if (words[slot >> 6] >> np.uint64(slot & 63)) & np.uint64(1):
                found[count] = slot
                count += 1
    return found[:count]


def _numbered(
    keys: npt.NDArray[np.int32], shelves: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The shelf of each of ``keys``, all different, and the keys of all shelves: those that are new come last."""
    by_key = np.argsort(shelves)
    place = np.minimum(np.searchsorted(shelves, keys, sorter=by_key), max(0, shelves.size - 1))
    numbers = by_key[place] if shelves.size else place
    new = shelves[numbers] != keys if shelves.size else np.ones(keys.size, dtype=np.bool_)
    numbers[new] = shelves.size + np.arange(np.count_nonzero(new))
    return numbers, np.concatenate([shelves, keys[new]])


def alike_to(seeker: Rows) -> bool:
    """Whether all shelves are alike to a seeker: one who names no procedure, and so has no stage."""
    return bool(seeker["procedure"][0] < 0 and seeker["band"][0] < 0)


@dataclass(frozen=True, slots=True, eq=False)
class Shelves:
    """An immutable arrangement of the first ``size`` slots.

    Attributes:
        size: slots arranged.
        keys: (shelves,) procedure and stage bucket of each shelf.
        starts: (shelves + 1,) where each shelf's slots begin in ``order``.
        order: (size,) slots, shelf by shelf.
        briefs: (size,) of BRIEF, of the slots in ``order``.
        codes: (3, size) of the briefs.
        families: family of each procedure of the catalogue.
        domains: its domain.
        vectors: of all slots, or of all but the last few.
    """

    size: int
    keys: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    order: npt.NDArray[np.int32]
    briefs: Briefs
    codes: Codes
    families: npt.NDArray[np.int16]
    domains: npt.NDArray[np.int16]
    vectors: VectorLists

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
        """
        keys, shelf_of = np.unique(shelf_keys(rows), return_inverse=True)
        shelf_of = shelf_of.astype(np.int64)
        order = np.argsort(shelf_of, kind="stable").astype(np.int32)
        starts = np.searchsorted(shelf_of[order], np.arange(keys.size + 1)).astype(np.int64)
        lists = VectorLists.made(rows, encoder, shelf_of, keys.size, vectors, beside_others=beside_others)
        briefs = briefs_of(rows, order)
        return cls(rows.size, keys, starts, order, briefs, codes_of(briefs), families, domains, lists)

    def extended(self, rows: Rows, encoder: Encoder) -> Self | None:
        """An arrangement of all of ``rows``, of which the first ``size`` are those that stand on these shelves already.

        None where more new shelves are needed than there is room for. These shelves stay as they are. Cost: about 0.1
        microseconds a row; now and then, when :data:`VECTORS_BEHIND` are, that of :meth:`levelled`.
        """
        keys, of_late = np.unique(shelf_keys(rows[self.size :]), return_inverse=True)
        numbers, all_keys = _numbered(keys, self.keys)
        if all_keys.size > self.vectors.room:
            return None
        shelf_of = numbers[of_late]
        sizes = np.zeros(all_keys.size, dtype=np.int64)
        sizes[: self.keys.size] = np.diff(self.starts)
        standing = np.repeat(np.arange(sizes.size), sizes)
        sizes += np.bincount(shelf_of, minlength=sizes.size)
        by_shelf = np.argsort(shelf_of, kind="stable")
        slots = np.concatenate([self.order, (self.size + by_shelf).astype(np.int32)])
        order = slots[np.argsort(np.concatenate([standing, shelf_of[by_shelf]]), kind="stable")]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        briefs = briefs_of(rows, order)
        codes = codes_of(briefs)
        extended = replace(self, size=rows.size, keys=all_keys, starts=starts, order=order, briefs=briefs, codes=codes)
        behind = rows.size - self.vectors.size
        if behind > max(VECTORS_BEHIND, VECTORS_BEHIND_SHARE * rows.size):
            return extended.levelled(rows, encoder)
        return extended

    def levelled(self, rows: Rows, encoder: Encoder) -> Self:
        """The same with the vectors of all slots; see :meth:`VectorLists.extended` for what it costs."""
        if self.vectors.size == self.size:
            return self
        shelf_of = np.empty(self.size, dtype=np.int64)
        shelf_of[self.order] = np.repeat(np.arange(self.keys.size), np.diff(self.starts))
        of_late = shelf_of[self.vectors.size :]
        return replace(self, vectors=self.vectors.extended(rows[: self.size], encoder, of_late))

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
        return int(rows_on(shelves, self.starts))

    def eligible_on(
        self, shelves: npt.NDArray[np.int64], words: Words, late: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """``late``, and the slots on ``shelves`` whose bit is set."""
        return _eligible_on(late, shelves, self.starts, self.order, words)

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
        """Score ``shelves`` in falling order of bound until none can beat ``best``; see :func:`scan_in_order` and, for
        a seeker to whom all of them are alike, :func:`scan_flat`."""
        asked = (words, seeker, rows, scoring.groups, scoring.weights, scoring.means, scoring.mentoring, best)
        if alike_to(seeker):
            return scan_flat(shelves, self.starts, self.order, self.briefs, self.codes, *asked)
        told = (shelves, bounds, self.keys, self.starts, self.order, self.briefs, self.families, self.domains)
        return scan_in_order(*(told + asked))

    def above(
        self, shelves: npt.NDArray[np.int64], words: Words, query: npt.NDArray[np.float32], radius: float
    ) -> npt.NDArray[np.int64]:
        """Slots on ``shelves`` whose bit is set and whose inner product with ``query`` exceeds ``radius``, or whose
        vector is not in the lists."""
        swept = self.vectors.above(shelves, words, query, radius)
        if self.vectors.size == self.size:
            return swept
        return np.concatenate([swept, _eligible_from(self.vectors.size, shelves, self.starts, self.order, words)])

    def stored(
        self, shelves: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Vectors of ``shelves`` one after the other, (m, 129) float32, where each shelf begins, and their slots.

        Of levelled shelves.
        """
        starts = np.zeros(shelves.size + 1, dtype=np.int64)
        np.cumsum(self.starts[shelves + 1] - self.starts[shelves], out=starts[1:])
        vectors = np.empty((int(starts[-1]), DIMENSIONS), dtype=np.float32)
        for place, shelf in enumerate(shelves.tolist()):
            rows = int(starts[place + 1] - starts[place])
            vectors[starts[place] : starts[place + 1]] = self.vectors.vectors_of(shelf, rows)
        flat = np.arange(starts[-1]) + np.repeat(self.starts[shelves] - starts[:-1], np.diff(starts))
        return vectors, starts, self.order[flat]
