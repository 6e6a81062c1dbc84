"""The encoder: 129 float32 a member whose inner product never lies below the exact mean of both fits.

The features of :mod:`matcher.embedding.facets` make the arithmetic mean of both directions one inner product over
some two thousand coordinates. Nothing is cut off without being bounded:

* procedure, topics and interests are sparse; their coordinates are shared out to buckets, and a vector holds **the
  norm of each bucket** (:mod:`matcher.embedding.buckets`);
* stage and age are smooth; they are rotated onto the leading principal axes of the population the encoder was fitted
  to, and **one coordinate more carries the norm of what was cut off**;
* the other facets are small and stand whole.

By Cauchy-Schwarz, block by block, the inner product never underestimates. Weights enter on the query's side alone,
so that a request with its own weights needs no other item vectors.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from matcher.catalog import Catalog
from matcher.compilation import compiled, compiled_in_place
from matcher.embedding.buckets import fit_buckets
from matcher.embedding.facets import (
    GRID_POINTS,
    age_features,
    interests_features,
    procedure_features,
    stage_features,
    topics_features,
)
from matcher.embedding.rows import Rows, TagGroups
from matcher.embedding.vectors import AXES, BUCKETS, DIMENSIONS, Fitted, encode_items, query_of

ROUNDING_MARGIN = 1e-4
"""Added to every bound. 129 float32 products of a sum at most 1 round by less than 1e-5; the stage features' norm is
1 to 5e-9, so the norm of what was cut off is right to 7e-5."""
GRID_WIDTHS = (GRID_POINTS, 201)
"""Coordinates of stage and age."""
FIT_MEMBERS = 4000


@compiled_in_place
def _features(facet: int, row: Any, groups: TagGroups, at: npt.NDArray[Any], value: npt.NDArray[Any]) -> int:
    if facet == 0:
        return procedure_features(row, at, value)
    if facet == 1:
        return topics_features(row, groups, at, value)
    if facet == 2:
        return interests_features(row, groups, at, value)
    if facet == 3:
        return stage_features(row, at, value)
    return age_features(row, at, value)


@compiled
def _sparse_features(
    rows: Rows, facet: int, groups: TagGroups
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    at = np.empty(201, dtype=np.int32)
    value = np.empty(201)
    total = 0
    for i in range(rows.size):
        total += _features(facet, rows[i], groups, at, value)
    coordinate, member, values = np.empty(total, np.int64), np.empty(total, np.int64), np.empty(total)
    written = 0
    for i in range(rows.size):
        for j in range(_features(facet, rows[i], groups, at, value)):
            coordinate[written], member[written], values[written] = at[j], i, value[j]
            written += 1
    return coordinate, member, values


@compiled
def _second_moment(rows: Rows, facet: int, groups: TagGroups, width: int) -> npt.NDArray[np.float64]:
    moment = np.zeros((width, width))
    at = np.empty(201, dtype=np.int32)
    value = np.empty(201)
    for i in range(rows.size):
        count = _features(facet, rows[i], groups, at, value)
        for j in range(count):
            for k in range(count):
                moment[at[j], at[k]] += value[j] * value[k]
    return moment


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """Turns rows into item vectors and, with weights, into query vectors. Make one with :meth:`fit`."""

    groups: TagGroups
    fitted: Fitted

    @classmethod
    def fit(cls, rows: Rows, catalog: Catalog, groups: TagGroups) -> Self:
        """Fit buckets and axes to a population; answers do not depend on it, only how tight the bounds are.

        Args:
            rows: (n,) of FACET_ROW; some thousands are plenty and no more are looked at; none is legal.
            catalog: whose trees and vocabularies the features span.
            groups: its group tables.

        Cost: some tenths of a second.
        """
        rows = np.ascontiguousarray(rows[:: max(1, rows.size // FIT_MEMBERS)])
        widths = (512 + len(catalog.procedures), 128 + len(catalog.topics.tags), 128 + len(catalog.interests.tags))
        buckets = []
        for facet, (width, count) in enumerate(zip(widths, BUCKETS, strict=True)):
            coordinate, member, value = _sparse_features(rows, facet, groups)
            inside = coordinate < width  # free tags are dealt out, not fitted
            found = fit_buckets(coordinate[inside], member[inside], value[inside], max(1, rows.size), width, count)
            buckets.append(found)
        axes = []
        for facet, (width, count) in enumerate(zip(GRID_WIDTHS, AXES, strict=True), len(BUCKETS)):
            _, vectors = np.linalg.eigh(_second_moment(rows, facet, groups, width))
            axes.append(np.ascontiguousarray(vectors[:, ::-1][:, :count]))
        return cls(groups, Fitted(buckets[0], buckets[1], buckets[2], axes[0], axes[1]))

    @property
    def fingerprint(self) -> str:
        """Hash of what was fitted: vectors of encoders that differ in it cannot be compared."""
        return hashlib.sha256(b"".join(part.tobytes() for part in self.fitted)).hexdigest()[:32]

    def items(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Item vectors, (n, 129) float32. About 1.5 microseconds a row."""
        out = np.empty((rows.size, DIMENSIONS), dtype=np.float32)
        encode_items(rows, self.groups, tuple(self.fitted), out)
        return out

    def query(
        self,
        row: Rows,
        weights: npt.NDArray[np.float64],
        means: npt.NDArray[np.float64],
        mentoring: bool,
        margin: float = ROUNDING_MARGIN,
    ) -> npt.NDArray[np.float32]:
        """The query vector of one member.

        Args:
            row: (1,) of FACET_ROW, the seeker.
            weights: (8,) part weights.
            means: (8,) what unknown parts score, for the kind asked.
            mentoring: whether the peers are to be mentors.
            margin: added to every inner product, so that float32 rounding cannot make it an underestimate.

        Returns:
            (129,) float32 ``q`` with ``q @ item >=`` the mean of both fits, for every item.
        """
        item = self.items(row)[0]
        return query_of(item, int(row[0]["band"]), weights, means, mentoring, margin)
