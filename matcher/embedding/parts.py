"""All parts of a pair's fit at once, compiled: what every exact score in the product is made of."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from matcher.compilation import compiled_in_place
from matcher.embedding.facets import (
    Row,
    age_kernel,
    cadence_kernel,
    channel_kernel,
    interests_kernel,
    mentor_stage_kernel,
    procedure_kernel,
    stage_kernel,
    support_kernel,
    topics_kernel,
)
from matcher.embedding.rows import TagGroups

SUPPORT_BACK = 8
"""Place of the peer's support by the seeker, after the eight parts."""
PART_COUNT = 9


@compiled_in_place
def part_fits(one: Row, other: Row, groups: TagGroups, mentoring: bool, out: npt.NDArray[Any]) -> None:
    """Write the nine kernels of a pair, ``UNKNOWN_FIT`` where either side does not say.

    Args:
        one: the seeker.
        other: the peer, or the mentor.
        groups: the vocabularies.
        mentoring: read the stage as a seeker's against a mentor's.
        out: (9,) float64: the parts in order, then support in the other direction.
    """
    out[0] = procedure_kernel(one, other)
    out[1] = mentor_stage_kernel(one, other) if mentoring else stage_kernel(one, other)
    out[2] = topics_kernel(one, other, groups)
    out[3] = support_kernel(one, other)
    out[4] = channel_kernel(one, other)
    out[5] = cadence_kernel(one, other)
    out[6] = interests_kernel(one, other, groups)
    out[7] = age_kernel(one, other)
    out[8] = support_kernel(other, one)


@compiled_in_place
def mutual_fit(parts: npt.NDArray[Any], weights: npt.NDArray[Any], means: npt.NDArray[Any], mentoring: bool) -> float:
    """The score of a pair from its parts: the harmonic mean of both directions; for mentoring both are the same.

    Args:
        parts: (9,) as :func:`part_fits` writes them; unknown ones are replaced by the means in place.
        weights: (8,) of the parts.
        means: (8,) what an unknown part scores.
        mentoring: read support once, from seeker to mentor.
    """
    shared = 0.0
    for part in range(8):
        if parts[part] < 0.0:
            parts[part] = means[part]
        if part != 3:
            shared += weights[part] * parts[part]
    if parts[8] < 0.0:
        parts[8] = means[3]
    there = shared + weights[3] * parts[3]
    if mentoring:
        return there
    back = shared + weights[3] * parts[8]
    total = there + back
    return 2.0 * there * back / total if total > 0.0 else 0.0
