"""The exact score against the definition, pair by pair."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given, settings

from matcher import FacetMeans, FacetWeights, MemberProfile
from matcher.catalog import default_catalog
from matcher.embedding.rows import RowCoder
from matcher.members.vocabulary import Kind
from matcher.scoring.fit import Scoring
from tests.oracle import strategies
from tests.oracle.score import MEANS, score

KINDS: tuple[Kind, Kind] = ("buddy", "mentor")
DAY = datetime.date(2026, 1, 1)


@settings(strategies.UNHURRIED, max_examples=60)
@given(strategies.populations(2, 6), strategies.days(), strategies.weights(), strategies.means())
def test_scores_are_the_definitions(
    members: list[MemberProfile], day: datetime.date, weights: dict[str, float], means: dict[str, float]
) -> None:
    coder = RowCoder(default_catalog())
    rows = coder.rows(members, coder.events(members), day)
    everybody = np.arange(len(members))
    for kind in KINDS:
        scoring = Scoring.of(coder.groups(), FacetWeights.parse(weights), FacetMeans(**means), kind)
        for i, a in enumerate(members):
            expected = [score(a, b, day, weights, means, kind) for b in members]
            found = scoring.slots(rows[i : i + 1], rows, everybody)
            assert found == pytest.approx(expected, abs=1e-12)
            assert np.array_equal(found, scoring.pairs(rows, np.full(len(members), i), everybody))
            if kind == "buddy":
                assert found == pytest.approx(scoring.pairs(rows, everybody, np.full(len(members), i)), abs=1e-15)


def test_scores_do_not_change_the_rows_nor_each_other() -> None:
    members = [MemberProfile(member_id=f"m{i}", birth_year=1950 + i) for i in range(10)]
    coder = RowCoder(default_catalog())
    rows = coder.rows(members, coder.events(members), DAY)
    before = rows.copy()
    scoring = Scoring.of(coder.groups(), FacetWeights.buddy(), FacetMeans.default(), "buddy")
    first = scoring.slots(rows[:1], rows, np.arange(10))
    assert np.array_equal(first, scoring.slots(rows[:1], rows, np.arange(10)))
    assert np.array_equal(first[::-1], scoring.slots(rows[:1], rows, np.arange(10)[::-1].copy()))
    assert np.array_equal(rows, before)


def _pair(**second: object) -> tuple[MemberProfile, MemberProfile]:
    return MemberProfile.parse({"member_id": "a", "needs": ["emotional", "informational"]}), MemberProfile.parse(
        {"member_id": "b", **second}
    )


@pytest.mark.parametrize(
    ("offers", "kind", "expected"),
    [
        # All means one half but support's, all weight on support: a needs two kinds, b offers one or both of them.
        (["emotional"], "mentor", 0.5),
        (["emotional", "informational"], "mentor", 1.0),
        (["instrumental"], "mentor", 0.0),
        # The way back is unknown, 0.2: harmonic mean of 0.5 and 0.2.
        (["emotional"], "buddy", 2 * 0.5 * 0.2 / 0.7),
        (["instrumental"], "buddy", 0.0),
        ([], "buddy", 0.2),
    ],
)
def test_support_by_hand(offers: list[str], kind: Kind, expected: float) -> None:
    members = _pair(offers=offers)
    coder = RowCoder(default_catalog())
    rows = coder.rows(members, coder.events(members), DAY)
    means = FacetMeans(**(dict.fromkeys(MEANS, 0.5) | {"support": 0.2}))
    scoring = Scoring.of(coder.groups(), FacetWeights.parse({"support": 1}), means, kind)
    assert scoring.slots(rows[:1], rows, np.array([1])) == pytest.approx([expected], abs=1e-15)


def test_both_fits_of_0_score_0() -> None:
    members = [
        MemberProfile(member_id="a", needs=("emotional",), offers=("emotional",)),
        MemberProfile(member_id="b", needs=("instrumental",), offers=("instrumental",)),
    ]
    coder = RowCoder(default_catalog())
    rows = coder.rows(members, coder.events(members), DAY)
    scoring = Scoring.of(coder.groups(), FacetWeights.parse({"support": 1}), FacetMeans.default(), "buddy")
    assert scoring.slots(rows[:1], rows, np.array([1])).tolist() == [0.0]
