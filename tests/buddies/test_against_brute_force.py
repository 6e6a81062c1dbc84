"""Every answer against the oracle, which looks at all 20,000 members and knows no index."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from matcher import FacetWeights, MemberProfile, recommend_buddies, recommend_for_profile
from tests.buddies.conftest import Community
from tests.buddies.ranking import Truth, complaints
from tests.oracle.score import WEIGHTED, Kind

COUNTS = (1, 10, 50)


def expect_exact(
    community: Community,
    seeker: MemberProfile,
    kind: Kind,
    weights: Mapping[str, float],
    asked: FacetWeights | None,
    counts: Sequence[int] = (10,),
) -> None:
    truth = Truth.of(community.oracle, seeker, kind, weights, community.means, max(counts))
    for k in counts:
        answer = recommend_buddies(community.index, seeker.member_id, k, kind, asked)
        wrong = complaints(answer, truth)
        assert not wrong, (seeker.member_id, kind, k, asked, wrong)


def test_500_members_get_the_best_buddies(community: Community) -> None:
    weights = dataclasses.asdict(FacetWeights.buddy())
    for number, seeker in enumerate(community.seekers):
        expect_exact(community, seeker, "buddy", weights, None, COUNTS if number % 5 == 0 else (10,))


def test_500_members_get_the_best_mentors(community: Community) -> None:
    weights = dataclasses.asdict(FacetWeights.mentor())
    for number, seeker in enumerate(community.seekers):
        expect_exact(community, seeker, "mentor", weights, None, COUNTS if number % 5 == 0 else (10,))


@pytest.mark.parametrize("kind", ["buddy", "mentor"])
def test_who_names_no_procedure(community: Community, kind: Kind) -> None:
    """To them all shelves are alike, so everybody is looked at; with topics and interests and without."""
    silent = [member for member in community.members if not member.procedures]
    preset = FacetWeights.buddy() if kind == "buddy" else FacetWeights.mentor()
    told = set()
    for seeker in silent[:150]:
        expect_exact(community, seeker, kind, dataclasses.asdict(preset), None, (1, 10, 40))
        told.add((bool(seeker.topics), bool(seeker.interests)))
    assert len(told) == 4


def test_most_searches_go_by_the_shelves(community: Community) -> None:
    # Else the tests above would say little about them.
    eligible = [recommend_buddies(community.index, m.member_id, 1).funnel.eligible for m in community.seekers[:100]]
    assert sum(count > 2048 for count in eligible) > 40


@pytest.mark.parametrize("facet", WEIGHTED)
@pytest.mark.parametrize("kind", ["buddy", "mentor"])
def test_one_facet_alone(community: Community, facet: str, kind: Kind) -> None:
    weights = dict.fromkeys(WEIGHTED, 0.0) | {facet: 1.0}
    for seeker in community.seekers[:12]:
        expect_exact(community, seeker, kind, weights, FacetWeights.parse(weights), (1, 20))


def test_drawn_weights(community: Community) -> None:
    rng = np.random.default_rng(5)
    for seeker in community.seekers[100:140]:
        drawn = rng.dirichlet(np.full(len(WEIGHTED), 0.4))
        weights = dict(zip(WEIGHTED, drawn.tolist(), strict=True))
        expect_exact(community, seeker, "buddy", weights, FacetWeights.parse(weights))


def test_activity_weights(community: Community) -> None:
    weights = FacetWeights.activity_group()
    for seeker in community.seekers[200:230]:
        expect_exact(community, seeker, "buddy", dataclasses.asdict(weights), weights)


def test_as_many_as_may_be_asked_for(community: Community) -> None:
    weights = dataclasses.asdict(FacetWeights.buddy())
    for seeker in community.seekers[:10]:
        truth = Truth.of(community.oracle, seeker, "buddy", weights, community.means, 1000)
        assert not complaints(recommend_buddies(community.index, seeker.member_id, 1000), truth)


def test_an_unsaved_profile_gets_what_a_stored_one_would(community: Community) -> None:
    weights = dataclasses.asdict(FacetWeights.buddy())
    for seeker in community.seekers[:50]:
        unsaved = seeker.model_copy(
            update={"member_id": "not-stored", "interests": ("nobody-else-does-this", "running")}
        )
        truth = Truth.of(community.oracle, unsaved, "buddy", weights, community.means, 10)
        assert not complaints(recommend_for_profile(community.index, unsaved, 10), truth)


def test_the_bound_on_those_not_scored_does_not_exceed_the_last_score(community: Community) -> None:
    for seeker in community.seekers[:50]:
        answer = recommend_buddies(community.index, seeker.member_id, 10)
        if answer.peers:
            assert answer.bound <= answer.peers[-1].score


@pytest.mark.long
def test_every_kind_for_ten_times_as_many(community: Community) -> None:
    rng = np.random.default_rng(8)
    kinds: tuple[Kind, Kind] = ("buddy", "mentor")
    for number, place in enumerate(rng.choice(len(community.members), 5000, replace=False).tolist()):
        drawn = rng.dirichlet(np.full(len(WEIGHTED), 0.4))
        weights = dict(zip(WEIGHTED, drawn.tolist(), strict=True))
        expect_exact(
            community, community.members[place], kinds[number % 2], weights, FacetWeights.parse(weights), COUNTS
        )
