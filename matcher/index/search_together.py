"""Many exact searches together: what one request sweeps vector by vector, a batch sweeps as products of matrices.

A vector is then read once for all who want it, and multiplied some ten times as fast, so sweeping pays much earlier
than for one. Answers are those of searches one by one.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from matcher.compilation import compiled_in_place
from matcher.eligibility.bitsets import Words
from matcher.embedding.encoder import Encoder
from matcher.embedding.rows import Rows
from matcher.index.search_plan import Begun, TopMembers, begin, scanned, swept
from matcher.index.seeking import Seeker
from matcher.index.shelves import Shelves
from matcher.scoring.fit import Scoring

TOGETHER = 256
"""Searches that are swept at once: more cost memory, fewer cost time."""
SWEEP_TOGETHER_FROM = 2500
"""Eligible members expected on the shelves that are left, from which a batch sweeps."""
BLOCK_ROWS = 2048
"""Vectors multiplied at once: with their products they stay in the processor's cache."""


class Asked(NamedTuple):
    """One of the searches: a row of FACET_ROW, whom it may find, and how many they are."""

    seeker: Rows
    eligible: Words
    eligible_count: int


@compiled_in_place
def _above(
    products: npt.NDArray[np.float32],
    using: npt.NDArray[np.int64],
    radii: npt.NDArray[np.float32],
    wanted: npt.NDArray[np.bool_],
    starts: npt.NDArray[np.int64],
    slots: npt.NDArray[np.int32],
    words: Words,
    found_by: npt.NDArray[np.int64],
    found: npt.NDArray[np.int64],
) -> int:
    """Which eligible slots exceed the radius of whom, on the shelves that each wants; returns how many."""
    count = 0
    for row in range(using.size):
        one = using[row]
        for shelf in range(starts.size - 1):
            if not wanted[row, shelf]:
                continue
            for place in range(starts[shelf], starts[shelf + 1]):
                if products[row, place] > radii[one]:
                    slot = slots[place]
                    if (words[one, slot >> 6] >> np.uint64(slot & 63)) & np.uint64(1):
                        found_by[count] = one
                        found[count] = slot
                        count += 1
    return count


def search_together(
    shelves: Shelves, rows: Rows, ids: Sequence[str], asked: Sequence[Asked], k: int, scoring: Scoring, encoder: Encoder
) -> list[TopMembers]:
    """The exact best of every search, in their order, as :func:`~matcher.index.search_plan.search` finds them.

    Args:
        shelves: arrangement of the first slots.
        rows: (slots,) of FACET_ROW.
        ids: member id by slot, for ties.
        asked: the searches, of one batch; those that stand beside each other do best to seek alike.
        k: how many each wants, at least 1.
        scoring: weights and means of all of them.
        encoder: the one the shelves' vectors were made with.

    Cost: memory of all eligible sets and bounds at once, some 250 kB each at 1,000,000 members; see :func:`batches`.
    """
    with _libraries().limit(limits=1, user_api="blas"):  # workers are processes; threads would be in their way
        return _searched(shelves, rows, ids, asked, k, scoring, encoder)


def batches(seekers: Sequence[Seeker]) -> Iterator[Sequence[Seeker]]:
    """``seekers`` in portions that are searched together."""
    for first in range(0, len(seekers), TOGETHER):
        yield seekers[first : first + TOGETHER]


@functools.cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def _searched(
    shelves: Shelves, rows: Rows, ids: Sequence[str], asked: Sequence[Asked], k: int, scoring: Scoring, encoder: Encoder
) -> list[TopMembers]:
    answers: list[TopMembers | None] = []
    waiting: list[tuple[int, Begun]] = []
    for place, one in enumerate(asked):
        begun = begin(shelves, rows, ids, one.seeker, one.eligible, one.eligible_count, k, scoring)
        if isinstance(begun, TopMembers):
            answers.append(begun)
        elif begun.eligible_left(shelves) <= SWEEP_TOGETHER_FROM:
            answers.append(scanned(begun, shelves, rows, ids, scoring))
        else:
            answers.append(None)
            waiting.append((place, begun))
    more = _sweep([begun for _, begun in waiting], shelves, scoring, encoder)
    for (place, begun), slots in zip(waiting, more, strict=True):
        answers[place] = swept(begun, slots, shelves, rows, ids, scoring)
    return [answer for answer in answers if answer is not None]


def _sweep(
    waiting: Sequence[Begun], shelves: Shelves, scoring: Scoring, encoder: Encoder
) -> list[npt.NDArray[np.int64]]:
    """Of every search the slots on the shelves it has left whose inner product exceeds its radius."""
    if not waiting:
        return []
    wanted = np.zeros((len(waiting), shelves.keys.size), dtype=np.bool_)
    for one, begun in enumerate(waiting):
        wanted[one, begun.left] = True
    queries = np.stack(
        [encoder.query(begun.seeker, scoring.weights, scoring.means, scoring.mentoring) for begun in waiting]
    )
    # Rounded down, so that nothing is lost on the way to float32.
    radii = np.nextafter(np.array([begun.radius() for begun in waiting], dtype=np.float32), np.float32(-np.inf))
    words = np.stack([begun.eligible for begun in waiting])
    everybody, everything = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for block in _blocks(shelves, np.flatnonzero(wanted.any(axis=0))):
        using = np.flatnonzero(wanted[:, block].any(axis=1))
        vectors, starts, slots = shelves.stored(block)
        products = queries[using] @ vectors.T
        found_by, found = np.empty(products.size, np.int64), np.empty(products.size, np.int64)
        count = _above(products, using, radii, wanted[np.ix_(using, block)], starts, slots, words, found_by, found)
        everybody.append(found_by[:count].copy())
        everything.append(found[:count].copy())
    who, slots = np.concatenate(everybody), np.concatenate(everything)
    order = np.argsort(who, kind="stable")
    ends = np.searchsorted(who[order], np.arange(1, len(waiting)))
    return np.split(slots[order], ends)


def _blocks(shelves: Shelves, chosen: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """``chosen`` in runs of shelves that hold about ``BLOCK_ROWS`` rows together."""
    block = np.cumsum(shelves.starts[chosen + 1] - shelves.starts[chosen]) // BLOCK_ROWS
    yield from np.split(chosen, np.flatnonzero(np.diff(block)) + 1)
