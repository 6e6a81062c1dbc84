"""The exact score of one seeker against many peers, and of many pairs; the index orders, this decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_short
from matcher.embedding.parts import mutual_fit, part_fits
from matcher.embedding.population import FacetMeans
from matcher.embedding.rows import Rows, TagGroups
from matcher.embedding.weights import FacetWeights
from matcher.members.vocabulary import Kind


@compiled_short
def _score_slots(
    seeker: Rows,
    rows: Rows,
    slots: npt.NDArray[Any],
    groups: TagGroups,
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
) -> npt.NDArray[np.float64]:
    scores = np.empty(slots.size)
    parts = np.empty(9)
    one = seeker[0]
    for i in range(slots.size):
        part_fits(one, rows[slots[i]], groups, mentoring, parts)
        scores[i] = mutual_fit(parts, weights, means, mentoring)
    return scores


@compiled_short
def _parts_of_rows(seeker: Rows, rows: Rows, groups: TagGroups, mentoring: bool) -> npt.NDArray[np.float64]:
    out = np.empty((rows.size, 9))
    for i in range(rows.size):
        part_fits(seeker[0], rows[i], groups, mentoring, out[i])
    return out


@compiled
def _score_pairs(
    rows: Rows,
    one: npt.NDArray[Any],
    other: npt.NDArray[Any],
    groups: TagGroups,
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
) -> npt.NDArray[np.float64]:
    scores = np.empty(one.size)
    parts = np.empty(9)
    for i in range(one.size):
        part_fits(rows[one[i]], rows[other[i]], groups, mentoring, parts)
        scores[i] = mutual_fit(parts, weights, means, mentoring)
    return scores


@dataclass(frozen=True, slots=True, eq=False)
class Scoring:
    """All that a score depends on besides the two members.

    Attributes:
        groups: the vocabularies' group tables.
        weights: (8,) part weights.
        means: (8,) what unknown parts score.
        mentoring: whether the first of a pair seeks a mentor in the second.
    """

    groups: TagGroups
    weights: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]
    mentoring: bool

    @classmethod
    def of(cls, groups: TagGroups, weights: FacetWeights, means: FacetMeans, kind: Kind) -> Scoring:
        """Put together the scoring of one request."""
        return cls(groups, weights.parts(), means.parts(kind), kind == "mentor")

    def slots(self, seeker: Rows, rows: Rows, slots: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Exact scores of ``seeker`` (1,) with ``rows[slots]``: (m,) float64 in [0, 1]. About 0.1 microseconds each."""
        return _score_slots(seeker, rows, slots, self.groups, self.weights, self.means, self.mentoring)

    def pairs(self, rows: Rows, one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Exact scores of ``rows[one]`` with ``rows[other]``: (m,) float64."""
        return _score_pairs(rows, one, other, self.groups, self.weights, self.means, self.mentoring)

    def parts(self, seeker: Rows, rows: Rows) -> npt.NDArray[np.float64]:
        """(m, 9) kernels of ``seeker`` (1,) with each of ``rows``, ``UNKNOWN_FIT`` where either side does not say."""
        return _parts_of_rows(seeker, rows, self.groups, self.mentoring)
