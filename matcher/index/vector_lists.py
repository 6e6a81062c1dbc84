"""Vectors in FAISS inverted lists, one a shelf: what a sweep reads.

They may be behind the shelves: searches seldom sweep, and copying all vectors for the few that came would be most of
what a change costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import faiss
import numpy as np
import numpy.typing as npt

from matcher.eligibility.bitsets import Words
from matcher.embedding.encoder import Encoder
from matcher.embedding.rows import Rows
from matcher.embedding.vectors import DIMENSIONS

CHUNK = 1 << 16
SPARE = 64
"""Lists besides those that are needed: members to come may stand on a shelf that is not there yet."""


@dataclass(frozen=True, slots=True, eq=False)
class VectorLists:
    """Immutable; as many readers as there are.

    Attributes:
        size: the first so many slots are in the lists.
        lists: of FAISS, one a shelf and some to spare, ids = slots.
    """

    size: int
    lists: Any

    @classmethod
    def made(
        cls,
        rows: Rows,
        encoder: Encoder,
        shelf_of: npt.NDArray[np.int64],
        shelves: int,
        vectors: npt.NDArray[np.float32] | None = None,
        *,
        beside_others: bool = False,
    ) -> Self:
        """Lists of all of ``rows``, by the shelf of each; other parameters as of :meth:`Shelves.arrange`."""
        faiss.omp_set_num_threads(1)
        quantizer = faiss.IndexFlatIP(DIMENSIONS)
        lists = faiss.IndexIVFFlat(quantizer, DIMENSIONS, shelves + SPARE, faiss.METRIC_INNER_PRODUCT)
        lists.is_trained = True
        inverted: Any = lists.invlists
        sizes = np.bincount(shelf_of, minlength=shelves).tolist()
        for shelf in range(0 if beside_others else shelves):  # reserves, so that lists do not grow by doubling
            inverted.resize(shelf, sizes[shelf])
            inverted.resize(shelf, 0)
        _put(lists, rows, encoder, 0, shelf_of, vectors)
        return cls(rows.size, lists)

    @property
    def room(self) -> int:
        """How many lists there are, those to spare included."""
        return int(self.lists.nlist)

    def extended(self, rows: Rows, encoder: Encoder, shelf_of: npt.NDArray[np.int64]) -> Self:
        """A copy with the rest of ``rows`` in it, by the shelf of each of those.

        About 0.5 microseconds a vector that is copied, and 3 for each that is made.
        """
        lists = faiss.clone_index(self.lists)
        _put(lists, rows, encoder, self.size, shelf_of, None)
        return type(self)(rows.size, lists)

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

    def vectors_of(self, shelf: int, rows: int) -> npt.NDArray[np.float32]:
        """(rows, 129) the first vectors on a shelf; not a copy."""
        codes = faiss.rev_swig_ptr(self.lists.invlists.get_codes(shelf), rows * DIMENSIONS * 4)
        vectors: npt.NDArray[np.float32] = codes.view(np.float32).reshape(rows, DIMENSIONS)
        return vectors


def _put(
    lists: Any,
    rows: Rows,
    encoder: Encoder,
    first_slot: int,
    shelf_of: npt.NDArray[np.int64],
    vectors: npt.NDArray[np.float32] | None,
) -> None:
    """Put the vectors of ``rows`` from ``first_slot`` on into the lists of their shelves."""
    for first in range(first_slot, rows.size, CHUNK):
        part = slice(first, min(first + CHUNK, rows.size))
        block = np.ascontiguousarray(vectors[part]) if vectors is not None else encoder.items(rows[part])
        ids = np.arange(part.start, part.stop, dtype=np.int64)
        assign = np.ascontiguousarray(shelf_of[part.start - first_slot : part.stop - first_slot])
        lists.add_core(ids.size, faiss.swig_ptr(block), faiss.swig_ptr(ids), faiss.swig_ptr(assign))
