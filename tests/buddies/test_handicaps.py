"""Answers by score less a handicap, against the oracle's ranking of everybody."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from matcher import FacetWeights, MemberIndex, MemberProfile, Recommendations, recommend_buddies, sample_members
from matcher.buddies.handicaps import FETCH_AT_LEAST, FETCH_TIMES, Handicaps
from matcher.errors import InvalidRequest
from matcher.members.sample import SAMPLE_DAY
from tests.buddies.conftest import Community
from tests.buddies.ranking import TOLERANCE, Truth

Of = Callable[[str], float]
Waits = Callable[[str], bool]


def truth_of(community: Community, seeker: MemberProfile) -> Truth:
    weights = dataclasses.asdict(FacetWeights.buddy())
    return Truth.of(community.oracle, seeker, "buddy", weights, community.means, len(community.members))


def expected(truth: Truth, k: int, most: float, of: Of, waits: Waits) -> tuple[list[str], float]:
    """Everything at once: the list, and the k-th adjusted score."""
    by_score = sorted(truth.ids, key=lambda peer: (-truth.score_of[peer], peer))
    listed = sorted(truth.ids, key=lambda peer: (of(peer) - truth.score_of[peer], peer))[:k]
    kth = truth.score_of[listed[-1]] - of(listed[-1]) if listed else -1.0
    if k >= 2 and len(listed) == k and not any(waits(peer) for peer in listed):
        least = truth.score_of[by_score[k - 1]] - most
        waiting = [p for p in by_score[: max(FETCH_AT_LEAST, FETCH_TIMES * k)] if waits(p) and p not in listed]
        if waiting and truth.score_of[waiting[0]] >= least:
            listed[-1] = waiting[0]
    return listed, kth


def expect_exact(community: Community, seeker: MemberProfile, k: int, most: float, of: Of, waits: Waits) -> list[str]:
    answer = recommend_buddies(community.index, seeker.member_id, k, handicaps=Handicaps(most, of, waits))
    truth = truth_of(community, seeker)
    listed, kth = expected(truth, k, most, of, waits)
    named = [peer.member_id for peer in answer.peers]
    assert named == listed, (seeker.member_id, k, most)
    assert answer.certified
    for peer in answer.peers:
        assert abs(peer.score - truth.score_of[peer.member_id]) <= TOLERANCE, "the score told is the exact one"
    if len(named) == k:
        assert min(peer.score for peer in answer.peers) >= truth.scores[k - 1] - most - TOLERANCE
    left_out = [truth.score_of[peer] for peer in truth.ids if peer not in named]
    assert answer.bound == -1 if not left_out else max(left_out) <= answer.bound + TOLERANCE
    assert not left_out or kth - TOLERANCE <= answer.bound
    return named


def nobody(_: str) -> bool:
    return False


def drawn(rng: np.random.Generator, community: Community, most: float, shape: str) -> Of:
    ids = [member.member_id for member in community.members]
    if shape == "even":
        values = rng.uniform(0, most, len(ids))
    elif shape == "few":
        values = np.where(rng.random(len(ids)) < 0.02, most, 0.0)
    else:
        values = rng.choice([0.0, most / 2, most], len(ids))
    return dict(zip(ids, values.tolist(), strict=True)).__getitem__


@pytest.mark.parametrize("shape", ["even", "few", "steps"])
@pytest.mark.parametrize("most", [0.02, 0.1, 0.4])
def test_drawn_handicaps(community: Community, shape: str, most: float) -> None:
    rng = np.random.default_rng(5)
    of = drawn(rng, community, most, shape)
    for number, seeker in enumerate(community.seekers[:15]):
        expect_exact(community, seeker, (1, 10, 30)[number % 3], most, of, nobody)


def test_the_best_hundreds_all_carry_the_most(community: Community) -> None:
    for seeker in community.seekers[:25]:
        truth = truth_of(community, seeker)
        worn = frozenset(truth.ids[:400])
        named = expect_exact(community, seeker, 10, 0.05, lambda peer: 0.05 * (peer in worn), nobody)  # noqa: B023
        if truth.scores.size > 450 and truth.scores[400] > truth.scores[9] - 0.04:
            assert worn.isdisjoint(named)


def test_a_place_for_somebody_who_waits(community: Community) -> None:
    rng = np.random.default_rng(6)
    of = drawn(rng, community, 0.05, "even")
    given = kept = 0
    for seeker in community.seekers[:60]:
        for share in (0.005, 0.1):
            waiting = frozenset(m.member_id for m in community.members if rng.random() < share)
            without = expect_exact(community, seeker, 10, 0.05, of, nobody)
            named = expect_exact(community, seeker, 10, 0.05, of, waiting.__contains__)
            if waiting.isdisjoint(without):
                given += not waiting.isdisjoint(named)
                kept += waiting.isdisjoint(named)
            else:
                assert named == without
    assert given > 10
    assert kept > 5


def test_no_place_is_given_that_costs_more_than_the_most(community: Community) -> None:
    seeker = community.seekers[0]
    truth = truth_of(community, seeker)
    far = next(p for p in truth.ids if truth.score_of[p] < truth.scores[9] - 0.001)
    expect_exact(community, seeker, 10, 0.0001, lambda _: 0.0, far.__eq__)
    assert far not in [p.member_id for p in answer_with(community.index, seeker, 0.0001, far).peers]


def answer_with(index: MemberIndex, seeker: MemberProfile, most: float, waiting: str) -> Recommendations:
    handicaps = Handicaps(most, lambda _: 0.0, waiting.__eq__)
    return recommend_buddies(index, seeker.member_id, 10, handicaps=handicaps)


def test_without_handicaps_it_is_the_plain_answer(community: Community) -> None:
    for seeker in community.seekers[:40]:
        plain = recommend_buddies(community.index, seeker.member_id)
        none = recommend_buddies(
            community.index, seeker.member_id, handicaps=Handicaps(0.05, lambda _: 0.0, lambda _: True)
        )
        assert none.peers == plain.peers


def test_many_alike_are_ranked_by_id() -> None:
    alike = sample_members(1, seed=4)[0].model_copy(
        update={"consent": True, "status": "active", "buddy_capacity": 5, "blocked": (), "avoid_same_clinic": False}
    )
    members = [alike.model_copy(update={"member_id": f"m{number:03}"}) for number in range(900)]
    index = MemberIndex.build(members, SAMPLE_DAY)
    assert recommend_buddies(index, "m500").funnel.eligible == 899
    worn = {f"m{number:03}" for number in range(700)} - {"m007"}
    answer = recommend_buddies(index, "m500", 3, handicaps=Handicaps(0.01, lambda peer: 0.01 * (peer in worn), nobody))
    assert [peer.member_id for peer in answer.peers] == ["m007", "m700", "m701"]
    assert answer.certified


@pytest.mark.parametrize("most", [0.0, -0.1, 1.01, float("nan")])
def test_the_most_must_be_a_share(most: float) -> None:
    with pytest.raises(InvalidRequest):
        Handicaps(most, lambda _: 0.0, nobody)
