"""The best of some scores, and shelves by flags, each in one step that keeps the interpreter lock.

numpy gives it back for every partition, sort and comparison, and a search makes a dozen of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place, compiled_short


@compiled_in_place
def insert(best: npt.NDArray[np.float64], score: float) -> None:
    """Put ``score`` into the ascending ``best`` in place of its first, which it exceeds."""
    place = 0
    while place + 1 < best.size and best[place + 1] < score:
        best[place] = best[place + 1]
        place += 1
    best[place] = score


@compiled_short
def highest_scores(scores: npt.NDArray[np.float64], k: int) -> npt.NDArray[np.float64]:
    """(k,) the ``k`` highest of at least so many scores, ascending."""
    rest = scores.size - k
    return np.sort(np.partition(scores, rest)[rest:])


@compiled_short
def best_among(
    slots: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Those of ``slots`` that score no less than the k-th best, with their scores: ``k`` or, with ties, more."""
    if slots.size <= k:
        return slots, scores
    among = scores >= np.partition(scores, slots.size - k)[slots.size - k]
    return slots[among], scores[among]


@compiled_short
def joined(
    slots: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float64],
    more: npt.NDArray[np.int64],
    more_scores: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Slots and their scores, the one after the other."""
    return np.concatenate((slots, more)), np.concatenate((scores, more_scores))


@compiled_short
def opened_ids(opened: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Numbers of the shelves that are opened."""
    return np.flatnonzero(opened)


@compiled_short
def shut_ids(bounds: npt.NDArray[np.float64], opened: npt.NDArray[np.bool_], at_least: float) -> npt.NDArray[np.int64]:
    """Numbers of the shelves that are not opened and whose bound is no less than ``at_least``."""
    return np.flatnonzero((bounds >= at_least) & ~opened)


@compiled_short
def rows_on(shelves: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]) -> int:
    """Rows that stand on ``shelves``, whose rows begin at ``starts``."""
    total = 0
    for shelf in shelves:
        total += starts[shelf + 1] - starts[shelf]
    return total
