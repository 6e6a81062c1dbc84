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
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from matcher.catalog import Catalog
from matcher.compilation import compiled
from matcher.embedding.buckets import fit_buckets
from matcher.embedding.facets import (
    age_features,
    bits,
    interests_features,
    mentor_credit,
    procedure_features,
    stage_features,
    topics_features,
)
from matcher.embedding.rows import Rows, TagGroups

DIMENSIONS = 129
ROUNDING_MARGIN = 1e-5
"""Added to every bound: 129 float32 products of a sum at most 1 round by less."""
BUCKETS = (40, 20, 15)
"""Buckets of procedure, topics and interests; the split that left least slack on the sample population."""
AXES = (14, 7)
"""Axes of stage and age."""
GRID_WIDTHS = (88, 201)
FIT_MEMBERS = 4000

# Where things stand in a vector: procedure 0, topics 40, interests 60, stage 75 and its norm 89, age 90 and its norm
# 97, channel 98, cadence 102, offers 105, needs 109, mentor credits 113, known flags 119 (procedure, topics,
# interests, stage, age, channel, cadence, offers, needs), constant 128. Compiled code below uses the numbers.


class Fitted(NamedTuple):
    """What was learnt from the population. Compiled code takes it as a plain tuple (see ``TagGroups``), in this order.

    Attributes:
        procedure_buckets: bucket of each procedure coordinate; the next two likewise.
        topic_buckets: see above.
        interest_buckets: of catalogue tags; free tags are dealt out in turn.
        stage_axes: (88, 14) float64 orthonormal columns.
        age_axes: (201, 7) likewise.
    """

    procedure_buckets: npt.NDArray[np.int16]
    topic_buckets: npt.NDArray[np.int16]
    interest_buckets: npt.NDArray[np.int16]
    stage_axes: npt.NDArray[np.float64]
    age_axes: npt.NDArray[np.float64]


@compiled
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
def _bucket_norms(
    out: npt.NDArray[np.float32],
    at: npt.NDArray[Any],
    value: npt.NDArray[Any],
    count: int,
    bucket_of: npt.NDArray[np.int16],
) -> None:
    squares = np.zeros(40)
    for j in range(count):
        bucket = bucket_of[at[j]] if at[j] < bucket_of.size else at[j] % out.size
        squares[bucket] += value[j] * value[j]
    for bucket in range(out.size):
        out[bucket] = np.sqrt(squares[bucket])


@compiled
def _rotate(
    out: npt.NDArray[np.float32],
    at: npt.NDArray[Any],
    value: npt.NDArray[Any],
    count: int,
    axes: npt.NDArray[np.float64],
) -> None:
    kept = np.zeros(axes.shape[1])
    for j in range(count):
        for axis in range(axes.shape[1]):
            kept[axis] += value[j] * axes[at[j], axis]
    left = 1.0
    for axis in range(axes.shape[1]):
        out[axis] = kept[axis]
        left -= kept[axis] * kept[axis]
    out[axes.shape[1]] = np.sqrt(max(0.0, left))


@compiled
def _encode_items(rows: Rows, groups: TagGroups, fitted: tuple[Any, ...], out: npt.NDArray[np.float32]) -> None:
    at = np.empty(201, dtype=np.int32)
    value = np.empty(201)
    for i in range(rows.size):
        row = rows[i]
        vector = out[i]
        vector[:] = 0.0
        if row.procedure >= 0:
            count = procedure_features(row, at, value)
            _bucket_norms(vector[0:40], at, value, count, fitted[0])
            vector[119] = 1.0
        if row.topic_count > 0:
            count = topics_features(row, groups, at, value)
            _bucket_norms(vector[40:60], at, value, count, fitted[1])
            vector[120] = 1.0
        if row.interest_count > 0:
            count = interests_features(row, groups, at, value)
            _bucket_norms(vector[60:75], at, value, count, fitted[2])
            vector[121] = 1.0
        if row.band >= 0:
            count = stage_features(row, at, value)
            _rotate(vector[75:90], at, value, count, fitted[3])
            for band in range(6):
                vector[113 + band] = mentor_credit(band, row.u)
            vector[122] = 1.0
        if row.birth_year > 0:
            count = age_features(row, at, value)
            _rotate(vector[90:98], at, value, count, fitted[4])
            vector[123] = 1.0
        if row.channels > 0:
            share = 1.0 / np.sqrt(bits(row.channels))
            for channel in range(4):
                if row.channels >> channel & 1:
                    vector[98 + channel] = share
            vector[124] = 1.0
        if row.cadence >= 0:
            # The Cholesky factor of the cadence kernel: weekly shares half a unit with daily and with monthly.
            if row.cadence == 0:
                vector[102] = 1.0
            elif row.cadence == 1:
                vector[102], vector[103], vector[104] = 0.5, 0.5, np.sqrt(0.5)
            else:
                vector[103] = 1.0
            vector[125] = 1.0
        if row.offers > 0:
            for kind in range(4):
                vector[105 + kind] = row.offers >> kind & 1
            vector[126] = 1.0
        if row.needs > 0:
            share = 1.0 / bits(row.needs)
            for kind in range(4):
                vector[109 + kind] = share * (row.needs >> kind & 1)
            vector[127] = 1.0
        vector[128] = 1.0


@compiled
def _to_query(
    item: npt.NDArray[np.float32],
    band: int,
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
    margin: float,
) -> npt.NDArray[np.float32]:
    query = np.zeros(129, dtype=np.float32)
    constant = margin
    for part in range(8):
        constant += weights[part] * means[part]
    # (first coordinate, one past the last, known flag, part) of the facets that are alike in both directions
    for first, last, flag, part in (
        (0, 40, 119, 0),
        (40, 60, 120, 2),
        (60, 75, 121, 6),
        (75, 90, 122, 1),
        (90, 98, 123, 7),
        (98, 102, 124, 4),
        (102, 105, 125, 5),
    ):
        if not (mentoring and part == 1):
            for axis in range(first, last):
                query[axis] = weights[part] * item[axis]
        query[flag] = -weights[part] * means[part] * item[flag]
    if mentoring and band >= 0:
        query[113 + band] = weights[1]
    there = weights[3] if mentoring else 0.5 * weights[3]
    back = 0.0 if mentoring else 0.5 * weights[3]
    for kind in range(4):
        query[105 + kind] = there * item[109 + kind]
        query[109 + kind] = back * item[105 + kind]
    query[126] = -there * means[3] * item[127]
    query[127] = -back * means[3] * item[126]
    query[128] = constant
    return query


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
        _encode_items(rows, self.groups, tuple(self.fitted), out)
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
        return _to_query(item, int(row[0]["band"]), weights, means, mentoring, margin)
