"""Upper bounds of one pair's score for a fraction of its cost.

What a seeker and a peer give each other by support, channels, cadence and age depends on a few small numbers of the
peer, so it is worked out once a seeker for each of them; and a score is no more than the mean of both directions, so
all of it is a sum. Interests are taken to agree wholly, topics first, too, and
then by their bits. Most members on a shelf that may hold one of the best cannot be one themselves, and this is all
that is looked at of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_in_place
from matcher.eligibility.bitsets import popcount
from matcher.embedding.facets import (
    AGE,
    CADENCE,
    CHANNEL,
    INTERESTS,
    PROCEDURE,
    STAGE,
    SUPPORT,
    TOPICS,
    age_fit,
    cadence_fit,
    channel_cosine,
    mentor_credit,
    mentor_stage_kernel,
    procedure_kernel,
    stage_kernel,
    support_share,
)
from matcher.embedding.rows import TAG_SHARE, TagGroups
from matcher.index.briefs import TOPIC_BITS
from matcher.members.vocabulary import CADENCES, CHANNELS, SUPPORT_TYPES

MASKS = 1 << max(len(CHANNELS), len(SUPPORT_TYPES))
MOST_YEARS = 100
CHANNELS_AT = 0
OFFERS_AT = CHANNELS_AT + MASKS
NEEDS_AT = OFFERS_AT + MASKS
CADENCE_AT = NEEDS_AT + MASKS
AGE_AT = CADENCE_AT + 1 + len(CADENCES)
TOPICS_AT = AGE_AT + MOST_YEARS + 2
INTERESTS_AT = TOPICS_AT + 2
TABLE_SIZE = INTERESTS_AT + 2
SLACK = 3e-6
"""Added, for briefs in float32 and for sums in another order."""
Tables = npt.NDArray[np.float64]
TopicBits = npt.NDArray[np.uint64]


@compiled
def tables_of(one: Any, weights: npt.NDArray[np.float64], means: npt.NDArray[np.float64], mentoring: bool) -> Tables:
    """What each value of a peer's gives a seeker, weighted.

    Args:
        one: the seeker's row.
        weights: (8,) part weights.
        means: (8,) what unknown parts score.
        mentoring: read support once, from seeker to mentor.
    """
    tables = np.empty(TABLE_SIZE)
    there = weights[SUPPORT] if mentoring else 0.5 * weights[SUPPORT]
    back = weights[SUPPORT] - there
    for mask in range(MASKS):
        known = mask > 0
        channels = channel_cosine(one.channels, mask) if known and one.channels > 0 else means[CHANNEL]
        tables[CHANNELS_AT + mask] = weights[CHANNEL] * channels
        asked = support_share(one.needs, mask) if known and one.needs > 0 else means[SUPPORT]
        tables[OFFERS_AT + mask] = there * asked
        given = support_share(mask, one.offers) if known and one.offers > 0 else means[SUPPORT]
        tables[NEEDS_AT + mask] = back * given
    for cadence in range(-1, len(CADENCES)):
        known = cadence >= 0 and one.cadence >= 0
        fit = cadence_fit(abs(one.cadence - cadence)) if known else means[CADENCE]
        tables[CADENCE_AT + 1 + cadence] = weights[CADENCE] * fit
    for years in range(MOST_YEARS + 1):
        tables[AGE_AT + years] = weights[AGE] * (age_fit(years) if one.birth_year > 0 else means[AGE])
    tables[AGE_AT + MOST_YEARS + 1] = weights[AGE] * means[AGE]
    wholly = max(1.0, means[TOPICS]) if one.topic_count > 0 else means[TOPICS]
    tables[TOPICS_AT], tables[TOPICS_AT + 1] = weights[TOPICS] * means[TOPICS], weights[TOPICS] * wholly
    wholly = max(1.0, means[INTERESTS]) if one.interest_count > 0 else means[INTERESTS]
    tables[INTERESTS_AT] = weights[INTERESTS] * means[INTERESTS] + SLACK
    tables[INTERESTS_AT + 1] = weights[INTERESTS] * wholly + SLACK
    return tables


@compiled
def topic_bits(one: Any, groups: TagGroups) -> TopicBits:
    """(m, 2) the seeker's own topics, and those of the group of each of them; none where bits cannot tell them."""
    tags = min(groups[0].size, TOPIC_BITS)
    bits = np.zeros((1 + one.topic_count, TOPIC_BITS // 64), dtype=np.uint64)
    told = one.topic_count > 0
    for i in range(one.topic_count):
        topic = one.topics[i]
        if not 0 <= topic < tags or (bits[0, topic >> 6] >> np.uint64(topic & 63)) & np.uint64(1):
            told = False
            break
        bits[0, topic >> 6] |= np.uint64(1) << np.uint64(topic & 63)
        for other in range(tags):
            if groups[0][other] == groups[0][topic]:
                bits[1 + i, other >> 6] |= np.uint64(1) << np.uint64(other & 63)
    return bits if told else bits[:0]


@compiled_in_place
def _by_tables(one: Any, other: Any, tables: Tables) -> float:
    """What support, channels, cadence and age give, of a row or a brief."""
    years = MOST_YEARS + 1
    if other.birth_year > 0:
        years = min(MOST_YEARS, abs(one.birth_year - other.birth_year))
    support = tables[OFFERS_AT + other.offers] + tables[NEEDS_AT + other.needs]
    contact = tables[CHANNELS_AT + other.channels] + tables[CADENCE_AT + 1 + other.cadence]
    return float(support + contact + tables[AGE_AT + years])


@compiled_in_place
def row_bound(
    one: Any,
    other: Any,
    tables: Tables,
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
) -> float:
    """No less than the score of a pair of rows; ``tables`` are the first one's."""
    procedure = procedure_kernel(one, other)
    stage = mentor_stage_kernel(one, other) if mentoring else stage_kernel(one, other)
    return float(
        _by_tables(one, other, tables)
        + weights[PROCEDURE] * (procedure if procedure >= 0.0 else means[PROCEDURE])
        + weights[STAGE] * (stage if stage >= 0.0 else means[STAGE])
        + tables[TOPICS_AT + (other.topic_count > 0)]
        + tables[INTERESTS_AT + (other.interest_count > 0)]
    )


@compiled_in_place
def topics_agree(one: Any, brief: Any, topics: TopicBits) -> float:
    """No less than what the topics of a seeker and of a brief score; 1 where bits cannot tell.

    Args:
        one: the seeker's row.
        brief: of somebody who names topics.
        topics: of the seeker, by :func:`topic_bits`.
    """
    if brief.topic_norm <= 0.0 or topics.shape[0] == 0:
        return 1.0
    same = popcount(brief.topics[0] & topics[0, 0]) + popcount(brief.topics[1] & topics[0, 1])
    alike = 0
    for i in range(1, topics.shape[0]):
        alike += popcount(brief.topics[0] & topics[i, 0]) + popcount(brief.topics[1] & topics[i, 1])
    inner = TAG_SHARE * same + (1.0 - TAG_SHARE) * alike
    return float(min(1.0, inner / (one.topic_norm * brief.topic_norm)))


@compiled_in_place
def may_reach(
    least: float,
    one: Any,
    procedure: float,
    brief: Any,
    tables: Tables,
    topics: TopicBits,
    weights: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    mentoring: bool,
) -> bool:
    """False only for a peer who scores less than ``least``.

    Args:
        least: what is to be reached.
        one: the seeker's row.
        procedure: what peers of this one's procedure score by it, weighted.
        brief: the peer's.
        tables: of the seeker, by :func:`tables_of`.
        topics: of the seeker, by :func:`topic_bits`.
        weights: (8,) part weights.
        means: (8,) what unknown parts score.
        mentoring: whether the peer is a mentor.
    """
    stage = means[STAGE]
    if one.band >= 0 and brief.band >= 0:
        if mentoring:
            stage = mentor_credit(one.band, brief.u)
        else:
            away = (one.u - brief.u) / 0.6
            stage = np.exp(-0.5 * away * away)
    shared = (
        _by_tables(one, brief, tables) + procedure + weights[STAGE] * stage + tables[INTERESTS_AT + brief.interested]
    )
    if shared + tables[TOPICS_AT + (brief.topic_norm != 0.0)] < least:
        return False
    if brief.topic_norm <= 0.0 or topics.shape[0] == 0:
        return True
    return bool(shared + weights[TOPICS] * topics_agree(one, brief, topics) >= least)
