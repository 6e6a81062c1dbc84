"""Bounds of single pairs: nobody is left out who could be listed, and nearly everybody is who could not."""

from __future__ import annotations

import datetime
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings

from matcher import FacetMeans, FacetWeights, MemberIndex, MemberProfile, sample_members
from matcher.catalog import default_catalog
from matcher.embedding.rows import RowCoder, Rows
from matcher.index.bounds import procedure_parts
from matcher.index.briefs import BRIEF, TOPIC_BITS, briefs_of
from matcher.index.row_bounds import SLACK, may_reach, row_bound, tables_of, topic_bits
from matcher.members.vocabulary import KINDS
from matcher.scoring.fit import Scoring
from tests.oracle import strategies

DAY = datetime.date(2026, 1, 1)


def reaching(seeker: Rows, rows: Rows, scoring: Scoring, least: np.ndarray) -> list[bool]:
    """Whether each of ``rows`` may reach what is asked of it, by its brief."""
    catalog, one = default_catalog(), seeker[0]
    briefs = briefs_of(rows, np.arange(rows.size, dtype=np.int32))
    weights, means, mentoring = scoring.weights, scoring.means, scoring.mentoring
    tables, topics = tables_of(one, weights, means, mentoring), topic_bits(one, scoring.groups)
    procedures = weights[0] * procedure_parts(one, catalog.family_of, catalog.domain_of, means[0])
    of_each = procedures[rows["procedure"] + 1]
    return list(_each(least, seeker, of_each, briefs, tables, topics, weights, means, mentoring))


@numba.njit
def _each(
    least: Any,
    seeker: Any,
    procedures: Any,
    briefs: Any,
    tables: Any,
    topics: Any,
    weights: Any,
    means: Any,
    mentoring: bool,
) -> list[bool]:
    return [
        may_reach(least[i], seeker[0], procedures[i], briefs[i], tables, topics, weights, means, mentoring)
        for i in range(briefs.size)
    ]


@numba.njit
def _bounds(seeker: Any, rows: Any, tables: Any, weights: Any, means: Any, mentoring: bool) -> list[float]:
    return [row_bound(seeker[0], rows[i], tables, weights, means, mentoring) for i in range(rows.size)]


@settings(strategies.UNHURRIED, max_examples=60)
@given(strategies.populations(2, 6), strategies.days(), strategies.weights(), strategies.means())
def test_nobody_scores_more_than_their_bound(
    members: list[MemberProfile], day: datetime.date, weights: dict[str, float], means: dict[str, float]
) -> None:
    coder = RowCoder(default_catalog())
    rows = coder.rows(members, coder.events(members), day)
    for kind in KINDS:
        scoring = Scoring.of(coder.groups(), FacetWeights.parse(weights), FacetMeans(**means), kind)
        for place in range(rows.size):
            seeker = rows[place : place + 1]
            scores = scoring.slots(seeker, rows, np.arange(rows.size))
            assert all(reaching(seeker, rows, scoring, scores))
            tables = tables_of(seeker[0], scoring.weights, scoring.means, scoring.mentoring)
            bounds = _bounds(seeker, rows, tables, scoring.weights, scoring.means, scoring.mentoring)
            assert (np.array(bounds) >= scores).all()


@pytest.mark.parametrize("silent", [(), ("procedures",)])
def test_nearly_everybody_else_is_left_out(silent: tuple[str, ...]) -> None:
    """Of those who score less than the ten best a tenth is looked at twice, whether or not a procedure is named."""
    people = [
        person.model_copy(update=dict.fromkeys((*silent, "interests"), ()))
        for person in sample_members(3000, seed=5, as_of=DAY)
    ]
    coder = RowCoder(default_catalog())
    rows = coder.rows(people, coder.events(people), DAY)
    scoring = Scoring.of(coder.groups(), FacetWeights.buddy(), FacetMeans.default(), "buddy")
    looked_at = 0
    for place in range(0, 3000, 100):
        seeker = rows[place : place + 1]
        scores = scoring.slots(seeker, rows, np.arange(rows.size))
        tenth = np.full(rows.size, np.sort(scores)[-10])
        looked_at += sum(reaching(seeker, rows, scoring, tenth))
    assert 10 * 30 <= looked_at <= 0.1 * 3000 * 30


def test_topics_without_a_bit_may_always_agree() -> None:
    """A vocabulary may grow beyond the bits: then nothing is left out by topics."""
    topic = default_catalog().topics.tags[0]
    alike = MemberProfile(member_id="a", topics=(topic,))
    coder = RowCoder(default_catalog())
    rows = coder.rows([alike, alike, alike], coder.events([alike] * 3), DAY)
    scoring = Scoring.of(coder.groups(), FacetWeights.buddy(), FacetMeans.default(), "buddy")
    best = scoring.slots(rows[:1], rows, np.arange(1))
    rows[1]["topics"][0] = rows[2]["topics"][0] = TOPIC_BITS
    assert reaching(rows[:1], rows, scoring, np.repeat(best, 3)) == [True, True, True]
    assert reaching(rows[1:2], rows, scoring, np.repeat(best, 3)) == [True, True, True]
    assert reaching(rows[:1], rows, scoring, np.repeat(best + 2 * SLACK, 3)) == [False, False, False]


def test_a_topic_that_is_there_twice_may_agree_twice() -> None:
    """No profile says so, but if a row did its score would count it twice."""
    topic, another = default_catalog().topics.tags[:2]
    people = [MemberProfile(member_id=name, topics=(topic, another)) for name in "ab"]
    coder = RowCoder(default_catalog())
    rows = coder.rows(people, coder.events(people), DAY)
    rows[1]["topics"][1] = rows[1]["topics"][0]
    scoring = Scoring.of(coder.groups(), FacetWeights.buddy(), FacetMeans.default(), "buddy")
    for seeker in (rows[:1], rows[1:]):
        assert all(reaching(seeker, rows, scoring, scoring.slots(seeker, rows, np.arange(2))))


def test_a_brief_is_half_a_cache_line() -> None:
    assert BRIEF.itemsize == 32


def test_briefs_stand_in_the_order_of_the_shelves() -> None:
    index = MemberIndex.build(sample_members(300, seed=3, as_of=DAY), DAY)
    shelves, rows = index._shelves, index._slots.rows
    for name in ("birth_year", "band", "cadence", "needs", "offers", "channels"):
        np.testing.assert_array_equal(shelves.briefs[name], rows[name][shelves.order])
    np.testing.assert_array_equal(shelves.briefs["interested"], rows["interest_count"][shelves.order] > 0)
