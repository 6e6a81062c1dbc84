"""Members as arrays against the rules and the score of two profiles."""

from __future__ import annotations

import datetime
import itertools

import numpy as np
import pytest
from hypothesis import given, settings

from matcher import FacetWeights, MemberIndex, MemberProfile, check_pair, sample_members
from matcher.members.vocabulary import Kind
from matcher.rematch.everyone import Everyone
from tests.oracle import strategies

DAY = datetime.date(2026, 1, 1)
KINDS: tuple[Kind, Kind] = ("buddy", "mentor")


@settings(strategies.UNHURRIED, max_examples=150)
@given(strategies.populations(2, 8), strategies.days())
def test_pairs_are_allowed_as_the_rules_say(members: list[MemberProfile], day: datetime.date) -> None:
    by_id = {member.member_id: member for member in members}
    everyone = Everyone.of(list(by_id.values()), day)
    places = np.array(list(itertools.product(range(len(everyone)), repeat=2)))
    for kind in KINDS:
        found = everyone.allowed(places[:, 0], places[:, 1], kind)
        for (one, other), allowed in zip(places.tolist(), found.tolist(), strict=True):
            a, b = (by_id[everyone.member_ids[place]] for place in (one, other))
            assert allowed is not bool(check_pair(a, b, day, kind))


def test_a_sample_is_allowed_as_the_rules_say() -> None:
    members = sample_members(3000, seed=5, as_of=DAY)
    everyone = Everyone.of(members, DAY)
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 3000, (2, 4000))
    for kind in KINDS:
        allowed = everyone.allowed(one, other, kind)
        assert allowed.any()
        assert not allowed.all()
        for a, b, found in zip(one.tolist(), other.tolist(), allowed.tolist(), strict=True):
            assert found is not bool(check_pair(members[a], members[b], DAY, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_index_and_facets_add_up_to_them(kind: Kind) -> None:
    members = sample_members(500, seed=2, as_of=DAY)
    weights = FacetWeights.mentor() if kind == "mentor" else FacetWeights.buddy()
    everyone, index = Everyone.of(members[::-1], DAY), MemberIndex.build(members, DAY)
    rng = np.random.default_rng(1)
    one, other = rng.integers(0, 500, (2, 300))
    scores = everyone.scores(one, other, kind, weights)
    ids = everyone.member_ids
    expected = [index.score(ids[a], ids[b], kind, weights) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert scores.tolist() == expected
    as_facets = np.array([0.34, 0.26, 0.14, 0.14, 0.06, 0.04, 0.02] if kind == "mentor" else
                         [0.34, 0.24, 0.14, 0.10, 0.08, 0.06, 0.04])  # fmt: skip
    there, back = (fits @ as_facets for fits in everyone.facet_fits(one, other, kind))
    assert 2 * there * back / (there + back) == pytest.approx(scores, abs=1e-12)
