"""The vectors themselves, compiled: rows to item vectors, and an item vector to the query vector of its owner."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled
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
BUCKETS = (40, 20, 15)
"""Buckets of procedure, topics and interests; the split that left least slack on the sample population."""
AXES = (14, 7)
"""Axes of stage and age."""

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
def encode_items(rows: Rows, groups: TagGroups, fitted: tuple[Any, ...], out: npt.NDArray[np.float32]) -> None:
    """Write the item vector of each row into ``out``, (n, 129) float32."""
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
def query_of(
    item: npt.NDArray[np.float32],
    band: int,
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
    margin: float,
) -> npt.NDArray[np.float32]:
    """(129,) float32: the query vector of the member whose item vector and stage band these are."""
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
