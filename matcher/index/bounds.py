"""Upper bounds of the scores on a whole shelf, from procedure and stage alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_in_place, compiled_short
from matcher.embedding.facets import SAME_DOMAIN, SAME_FAMILY, mentor_credit
from matcher.embedding.rows import Rows

BUCKET_LOW, BUCKET_WIDTH, BUCKETS = -4.0, 0.4, 40
"""Stage buckets of ``u``; what is below the first stands in it. Finer ones prune no better for their number."""
KEYS_A_PROCEDURE = BUCKETS + 1
"""The first for an unknown stage."""


@compiled
def shelf_keys(rows: Rows) -> npt.NDArray[np.int32]:
    """(n,) the shelf each row belongs on: procedure, then stage bucket."""
    keys = np.empty(rows.size, dtype=np.int32)
    for i in range(rows.size):
        bucket = 0
        if rows[i].band >= 0:
            bucket = 1 + min(BUCKETS - 1, max(0, int(np.floor((rows[i].u - BUCKET_LOW) / BUCKET_WIDTH))))
        keys[i] = (rows[i].procedure + 1) * KEYS_A_PROCEDURE + bucket
    return keys


@compiled_in_place
def most_of_the_rest(
    one: Any, weights: npt.NDArray[np.float64], means: npt.NDArray[np.float64], mentoring: bool
) -> float:
    """The most that all facets but procedure and stage can give a seeker; a hair more, for rounding."""
    known = (
        True,
        True,
        one.topic_count > 0,
        one.needs > 0,
        one.channels > 0,
        one.cadence >= 0,
        one.interest_count > 0,
        one.birth_year > 0,
    )
    rest = 1e-9
    for part in range(2, 8):
        most = max(1.0, means[part]) if known[part] else means[part]
        if part == 3 and not mentoring:
            most = 0.5 * (most + (max(1.0, means[3]) if one.offers > 0 else means[3]))
        rest += weights[part] * most
    return float(rest)


@compiled
def procedure_parts(
    one: Any, families: npt.NDArray[np.int16], domains: npt.NDArray[np.int16], unknown: float
) -> npt.NDArray[np.float64]:
    """(procedures + 1,) what a peer of each procedure scores by it; the first for one who names none."""
    parts = np.empty(families.size + 1)
    parts[0] = unknown
    for code in range(families.size):
        if one.procedure < 0:
            parts[code + 1] = unknown
        elif code == one.procedure:
            parts[code + 1] = 1.0
        elif families[code] == one.family:
            parts[code + 1] = SAME_FAMILY
        elif domains[code] == one.domain:
            parts[code + 1] = SAME_DOMAIN
        else:
            parts[code + 1] = 0.0
    return parts


@compiled_short
def shelf_bounds(
    keys: npt.NDArray[np.int32],
    seeker: Rows,
    families: npt.NDArray[np.int16],
    domains: npt.NDArray[np.int16],
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
) -> npt.NDArray[np.float64]:
    """(shelves,) float64: no member of a shelf can score more with the seeker."""
    one = seeker[0]
    rest = most_of_the_rest(one, weights, means, mentoring)
    stage_known = one.band >= 0
    stages = np.empty(KEYS_A_PROCEDURE)
    stages[0] = means[1]
    for bucket in range(BUCKETS):
        # A hair wider than the bucket, for the rounding of its edges.
        low = -1e9 if bucket == 0 else BUCKET_LOW + BUCKET_WIDTH * bucket - 1e-9
        high = 1e9 if bucket == BUCKETS - 1 else BUCKET_LOW + BUCKET_WIDTH * (bucket + 1) + 1e-9
        if not stage_known:
            stages[bucket + 1] = means[1]
        elif mentoring:
            stages[bucket + 1] = mentor_credit(one.band, high)
        else:
            away = max(0.0, low - one.u, one.u - high) / 0.6
            stages[bucket + 1] = np.exp(-0.5 * away * away)
    procedures = procedure_parts(one, families, domains, means[0])
    bounds = np.empty(keys.size)
    for shelf in range(keys.size):
        procedure = keys[shelf] // KEYS_A_PROCEDURE
        bounds[shelf] = (
            rest + weights[0] * procedures[procedure] + weights[1] * stages[keys[shelf] - KEYS_A_PROCEDURE * procedure]
        )
    return bounds
