"""What an unknown facet scores: the mean over the pairs in which both sides say."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import random

import pytest
from hypothesis import given, settings

from matcher import FacetMeans, MemberIndex, MemberProfile, sample_members
from matcher.members.sample import SAMPLE_DAY
from tests.oracle import strategies
from tests.oracle.score import PARTS, facet_scores


@settings(strategies.UNHURRIED, max_examples=50)
@given(strategies.populations(0, 8), strategies.days())
def test_means_are_those_of_every_ordered_pair(members: list[MemberProfile], day: datetime.date) -> None:
    found = dataclasses.asdict(FacetMeans.estimate(members, day))
    matchable = [member for member in members if member.consent and member.status == "active"]
    pairs = list(itertools.permutations(matchable, 2))
    default = dataclasses.asdict(FacetMeans.default())
    for part in PARTS:
        known = [value for a, b in pairs if (value := facet_scores(a, b, day)[part]) is not None]
        assert found[part] == pytest.approx(sum(known) / len(known) if known else default[part], abs=1e-12)
    known = [value for a, b in pairs if (value := facet_scores(a, b, day, "mentor")["stage"]) is not None]
    assert found["mentor_stage"] == pytest.approx(
        sum(known) / len(known) if known else default["mentor_stage"], abs=1e-12
    )


def test_an_index_estimates_the_same_from_its_own_rows() -> None:
    members = sample_members(2600, seed=6)
    expected = dataclasses.asdict(FacetMeans.estimate(members, SAMPLE_DAY))
    random.Random(1).shuffle(members)
    assert dataclasses.asdict(FacetMeans.estimate(members, SAMPLE_DAY)) == pytest.approx(expected, abs=1e-12)
    assert dataclasses.asdict(MemberIndex.build(members, SAMPLE_DAY).means) == pytest.approx(expected, abs=1e-12)


def test_mentors_have_a_stage_mean_of_their_own() -> None:
    means = FacetMeans.default()
    assert means.parts("buddy")[1] == means.stage
    assert means.parts("mentor")[1] == means.mentor_stage
