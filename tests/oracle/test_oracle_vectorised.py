"""The two oracles against each other."""

from __future__ import annotations

import datetime
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.members.profile import MemberProfile
from matcher.members.sample import sample_members
from tests.oracle import strategies
from tests.oracle.compare import disagreements
from tests.oracle.recommend import recommend
from tests.oracle.rules import CODES, broken_rules
from tests.oracle.score import MEANS, PARTS, WEIGHTED, Kind, band, facet_scores, primary, score, stage
from tests.oracle.vectorised import VectorisedOracle, moment

TODAY = datetime.date(2026, 6, 1)
BANDS = ("preparing", "first_days", "early", "middle", "late", "settled")
KINDS = st.sampled_from(("buddy", "mentor"))


@settings(strategies.UNHURRIED, max_examples=200)
@given(strategies.populations(), strategies.days(), strategies.weights(), strategies.means(), KINDS, st.data())
def test_both_oracles_say_the_same_of_small_populations(
    members: list[MemberProfile],
    day: datetime.date,
    weights: dict[str, float],
    means: dict[str, float],
    kind: Kind,
    data: st.DataObject,
) -> None:
    ties, loads = data.draw(strategies.ties(members)), data.draw(strategies.loads(members))
    fast = VectorisedOracle(members, day, ties=ties, loads=loads)
    seeker = data.draw(st.sampled_from(members))
    parts, scores, broken = (
        fast.parts(seeker, kind),
        fast.scores(seeker, kind, weights, means),
        fast.rules.broken(seeker, kind),
    )
    assert tuple(parts) == PARTS
    assert tuple(broken) == CODES
    for row, other in enumerate(members):
        if other is seeker:
            continue
        for part, value in facet_scores(seeker, other, day, kind).items():
            assert parts[part][row] == pytest.approx(math.nan if value is None else value, abs=1e-12, nan_ok=True)
        assert scores[row] == pytest.approx(score(seeker, other, day, weights, means, kind), abs=1e-12)
        rules = broken_rules(seeker, other, day, kind, ties=ties, loads=loads)
        assert {code for code, rows in broken.items() if rows[row]} == rules
    everyone = recommend(members, seeker.member_id, None, day, kind, weights, means, ties=ties, loads=loads)
    found = fast.recommend(seeker.member_id, 4, kind, weights, means)
    assert disagreements(found, everyone, 4, tolerance=1e-12) == []


@strategies.UNHURRIED
@given(strategies.profiles(easy=True), strategies.days())
def test_both_oracles_find_the_same_moment(someone: MemberProfile, day: datetime.date) -> None:
    found, expected = moment(someone, day), primary(someone, day)
    if expected is None:
        assert found == moment(someone.model_copy(update={"procedures": ()}), day)
        return
    assert (found.leaf, found.family, found.domain) == (expected.leaf, expected.family, expected.domain)
    u = stage(someone, day)
    assert found.u == pytest.approx(math.nan if u is None else u, nan_ok=True)
    assert (None if math.isnan(found.ratio) else BANDS[found.band]) == band(someone, day)


@strategies.UNHURRIED
@given(strategies.populations(), strategies.profiles("unsaved"), strategies.days(), KINDS)
def test_a_profile_need_not_be_stored(
    members: list[MemberProfile], seeker: MemberProfile, day: datetime.date, kind: Kind
) -> None:
    weights, means = dict.fromkeys(WEIGHTED, 1.0), dict.fromkeys(MEANS, 0.25)
    found = VectorisedOracle(members, day).recommend_for(seeker, None, kind, weights, means)
    everyone = recommend([*members, seeker], seeker.member_id, None, day, kind, weights, means)
    assert disagreements(found, everyone, len(everyone), tolerance=1e-12) == []


@pytest.mark.parametrize("kind", ["buddy", "mentor"])
def test_both_oracles_say_the_same_of_a_community(kind: Kind) -> None:
    members = sample_members(400, seed=3, as_of=TODAY)
    weights, means = dict.fromkeys(WEIGHTED, 1 / 7), dict.fromkeys(MEANS, 0.4)
    fast = VectorisedOracle(members, TODAY)
    for seeker in random.Random(5).sample(members, 12):
        everyone = recommend(members, seeker.member_id, None, TODAY, kind, weights, means)
        assert disagreements(fast.recommend(seeker.member_id, 10, kind, weights, means), everyone, 10) == []
        scores = fast.scores(seeker, kind, weights, means)
        broken = fast.rules.broken(seeker, kind)
        for row, other in enumerate(members[:60]):
            if other.member_id != seeker.member_id:
                assert scores[row] == pytest.approx(score(seeker, other, TODAY, weights, means, kind), abs=1e-12)
                rules = {code for code, rows in broken.items() if rows[row]}
                assert rules == broken_rules(seeker, other, TODAY, kind)
