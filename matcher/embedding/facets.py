"""The facets: each as an exact kernel between two rows and as the sparse features whose inner product that kernel is.

A kernel returns a number in [0, 1], or ``UNKNOWN_FIT`` where either side does not say. A feature function writes the
coordinates and values of one row's feature vector, each coordinate once, and returns how many it wrote: 0 where the
facet is unknown. Feature vectors of known facets have norm 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place
from matcher.embedding.rows import TagGroups, tag_inner_product

PARTS = ("procedure", "stage", "topics", "support", "channel", "cadence", "interests", "age")
"""The weighted parts of a fit, in the order of ``FacetWeights.parts()``; channel and cadence share the facet
*contact*."""
PROCEDURE, STAGE, TOPICS, SUPPORT, CHANNEL, CADENCE, INTERESTS, AGE = range(8)

UNKNOWN_FIT = -1.0
STAGE_SPREAD = 0.6
"""Standard deviation of the stage kernel, in units of ``u``."""
GRID_STEP = STAGE_SPREAD / 2
GRID_LOW = -12.1
GRID_POINTS = 88
"""The stage features' grid: Gaussian bumps every half spread. By Poisson summation their inner product is the
Gaussian kernel to a relative error of 2 exp(-2 pi^2) = 5e-9, far below float32."""
AGE_SCALE_YEARS = 20.0
FIRST_YEAR, LAST_YEAR = 1900, 2100
SAME_FAMILY, SAME_DOMAIN = 0.7, 0.35

Row = Any
"""One record of :data:`matcher.embedding.rows.FACET_ROW`."""


@compiled_in_place
def procedure_kernel(one: Row, other: Row) -> float:
    """Depth of the common path in the catalogue's tree."""
    if one.procedure < 0 or other.procedure < 0:
        return -1.0
    if one.procedure == other.procedure:
        return 1.0
    if one.family == other.family:
        return 0.7
    if one.domain == other.domain:
        return 0.35
    return 0.0


@compiled_in_place
def stage_kernel(one: Row, other: Row) -> float:
    """Gaussian in the difference of stages: the closer, the better."""
    if one.band < 0 or other.band < 0:
        return -1.0
    difference = (one.u - other.u) / 0.6
    return math.exp(-0.5 * difference * difference)


@compiled_in_place
def mentor_edge(band: int) -> float:
    """The stage from which a mentor has full credit for a seeker in ``band``: where the next band starts."""
    if band <= 0:
        return 0.0
    if band == 1:
        return math.asinh(1.0)
    if band == 2:
        return math.asinh(3.5)
    if band == 3:
        return math.asinh(10.0)
    return math.asinh(20.0)


@compiled_in_place
def mentor_credit(band: int, stage: float) -> float:
    """Credit of a mentor at ``stage`` for a seeker in ``band``: full one band ahead, falling off before."""
    short = (mentor_edge(band) - stage) / 0.6
    return 1.0 if short <= 0.0 else math.exp(-0.5 * short * short)


@compiled_in_place
def mentor_stage_kernel(seeker: Row, mentor: Row) -> float:
    """Whether the mentor is further on than the seeker."""
    if seeker.band < 0 or mentor.band < 0:
        return -1.0
    return mentor_credit(seeker.band, mentor.u)


@compiled_in_place
def topics_kernel(one: Row, other: Row, groups: TagGroups) -> float:
    """Cosine of topic sets in the two-level vocabulary."""
    if one.topic_count == 0 or other.topic_count == 0:
        return -1.0
    inner = tag_inner_product(one.topics, one.topic_count, other.topics, other.topic_count, groups[0])
    return min(1.0, inner / (one.topic_norm * other.topic_norm))


@compiled_in_place
def interests_kernel(one: Row, other: Row, groups: TagGroups) -> float:
    """Cosine of interest sets in the two-level vocabulary; a free tag matches itself."""
    if one.interest_count == 0 or other.interest_count == 0:
        return -1.0
    inner = tag_inner_product(one.interests, one.interest_count, other.interests, other.interest_count, groups[1])
    return min(1.0, inner / (one.interest_norm * other.interest_norm))


@compiled_in_place
def bits(mask: int) -> int:
    """Number of set bits in a four-bit mask."""
    return (mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1) + (mask >> 3 & 1)


@compiled_in_place
def support_share(needs: int, offers: int) -> float:
    """Share of ``needs`` that ``offers`` hold, of masks that hold something."""
    return bits(needs & offers) / bits(needs)


@compiled_in_place
def support_kernel(asking: Row, giving: Row) -> float:
    """Share of the asker's needs that the giver offers. Directed."""
    if asking.needs == 0 or giving.offers == 0:
        return -1.0
    return support_share(asking.needs, giving.offers)


@compiled_in_place
def channel_cosine(one: int, other: int) -> float:
    """Cosine of two sets, as masks that hold something."""
    return bits(one & other) / math.sqrt(bits(one) * bits(other))


@compiled_in_place
def channel_kernel(one: Row, other: Row) -> float:
    """Cosine of channel sets."""
    if one.channels == 0 or other.channels == 0:
        return -1.0
    return channel_cosine(one.channels, other.channels)


@compiled_in_place
def cadence_fit(steps: int) -> float:
    """Same cadence 1, a step apart a half, daily against monthly 0."""
    return 1.0 - 0.5 * steps


@compiled_in_place
def cadence_kernel(one: Row, other: Row) -> float:
    """By the steps between two cadences."""
    if one.cadence < 0 or other.cadence < 0:
        return -1.0
    return cadence_fit(abs(one.cadence - other.cadence))


@compiled_in_place
def age_fit(gap: int) -> float:
    """Exponential in a gap in years."""
    return math.exp(-gap / 20.0)


@compiled_in_place
def age_kernel(one: Row, other: Row) -> float:
    """Exponential in the gap between years of birth."""
    if one.birth_year == 0 or other.birth_year == 0:
        return -1.0
    return age_fit(abs(one.birth_year - other.birth_year))


Coordinates = npt.NDArray[np.int32]
Values = npt.NDArray[np.float64]


@compiled_in_place
def procedure_features(row: Row, at: Coordinates, value: Values) -> int:
    """One coordinate per node on the path: domain, family (after 64 domains), leaf (after 448 families)."""
    if row.procedure < 0:
        return 0
    at[0], value[0] = row.domain, math.sqrt(0.35)
    at[1], value[1] = 64 + row.family, math.sqrt(0.7 - 0.35)
    at[2], value[2] = 512 + row.procedure, math.sqrt(1.0 - 0.7)
    return 3


@compiled_in_place
def stage_features(row: Row, at: Coordinates, value: Values) -> int:
    """Gaussian bumps on a fixed grid; those below 1e-13 are left out."""
    if row.band < 0:
        return 0
    scale = math.sqrt(0.3 / (0.6 * math.sqrt(math.pi / 2.0)))
    middle = round((row.u + 12.1) / 0.3)
    count = 0
    for point in range(max(0, middle - 11), min(88, middle + 12)):
        difference = (row.u + 12.1 - 0.3 * point) / 0.6
        at[count], value[count] = point, scale * math.exp(-difference * difference)
        count += 1
    return count


@compiled_in_place
def tag_features(
    tags: npt.NDArray[Any], count: int, norm: float, groups: npt.NDArray[np.int16], at: Coordinates, value: Values
) -> int:
    """Each tag on its own coordinate (after 128 groups), the catalogue's also on their group's; one entry a coordinate.

    A free tag stands wholly on its own coordinate. One that nobody indexed has can meet nothing and is left out.
    """
    written = 0
    for i in range(count):
        tag = tags[i]
        if tag < 0:
            continue
        own = 1.0
        if tag < groups.size:
            own = math.sqrt(0.7)
            place = 0
            while place < written and at[place] != groups[tag]:
                place += 1
            if place == written:
                at[place], value[place] = groups[tag], 0.0
                written += 1
            value[place] += math.sqrt(0.3) / norm
        at[written], value[written] = 128 + tag, own / norm
        written += 1
    return written


@compiled_in_place
def topics_features(row: Row, groups: TagGroups, at: Coordinates, value: Values) -> int:
    """Topic set, normalised."""
    return tag_features(row.topics, row.topic_count, row.topic_norm, groups[0], at, value)


@compiled_in_place
def interests_features(row: Row, groups: TagGroups, at: Coordinates, value: Values) -> int:
    """Interest set with its free tags, normalised."""
    return tag_features(row.interests, row.interest_count, row.interest_norm, groups[1], at, value)


@compiled_in_place
def age_features(row: Row, at: Coordinates, value: Values) -> int:
    """The exponential kernel on whole years as a first-order autoregression: its innovations are orthogonal."""
    if row.birth_year == 0:
        return 0
    year = row.birth_year - 1900
    decay = math.exp(-1.0 / 20.0)
    share = math.sqrt(1.0 - decay * decay)
    for step in range(year):
        at[step], value[step] = year - step, share
        share *= decay
    at[year], value[year] = 0, math.exp(-year / 20.0)
    return year + 1
