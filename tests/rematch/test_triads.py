"""Odd ones out who join a pair, where some of the three had a tie."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import date

import pytest

from matcher import RematchConfig, RematchPlan, rematch, verify_rematch
from matcher.errors import VerificationError
from matcher.members.profile import MemberProfile
from matcher.members.sample import SAMPLE_DAY
from matcher.rematch.history import History, Tie
from matcher.verification.eligibility import check_pair
from tests.rematch.communities import community

CONFIG = RematchConfig.parse(
    {"ties": ["buddy"], "buddies": {"triads": True}, "audit": [], "baselines": [], "bonus": {"works": 0.0}}
)


@pytest.fixture(scope="module")
def three() -> tuple[MemberProfile, ...]:
    """Three who may all meet each other; the second and the third suit each other best."""
    seeking = [one for one in community(60) if one.buddy_capacity and "buddy" in one.seeks]
    for few in itertools.combinations(seeking, 3):
        if not any(check_pair(*pair, SAMPLE_DAY, "buddy") for pair in itertools.combinations(few, 2)):
            best = rematch(few, History(), CONFIG, SAMPLE_DAY)
            if best.triads:
                (pair,), by_id = best.pairs, {one.member_id: one for one in few}
                return by_id[best.triads[0].joiner_id], by_id[pair.member_id], by_id[pair.peer_id]
    raise AssertionError("no three of the sample may all meet")


def matched(three: tuple[MemberProfile, ...], *ties: Tie) -> RematchPlan:
    return rematch(three, History(ties), CONFIG, SAMPLE_DAY)


def test_who_loses_a_tie_may_join_the_pair_that_takes_its_place(three: tuple[MemberProfile, ...]) -> None:
    joiner, one, other = (member.member_id for member in three)
    plan = matched(three, Tie("buddy", joiner, one))
    assert [tie.key[1:] for tie in plan.pairs] == [tuple(sorted((one, other)))]
    assert [tie.pair for tie in plan.broken] == [tuple(sorted((joiner, one)))]
    assert [triad.joiner_id for triad in plan.triads] == [joiner]


def test_no_pair_that_felt_unsafe_is_in_a_triad_though_it_was_tied_again(three: tuple[MemberProfile, ...]) -> None:
    joiner, one, other = (member.member_id for member in three)
    history = Tie("buddy", joiner, one, "ended", None, date(2001, 1, 1), "unsafe"), Tie("buddy", joiner, one)
    plan = matched(three, *history)
    assert [tie.key[1:] for tie in plan.pairs] == [tuple(sorted((one, other)))]
    assert plan.triads == ()
    assert [left.member_id for left in plan.unmatched] == [joiner]


def test_the_verifier_refuses_a_triad_of_two_who_are_not_to_be_paired(three: tuple[MemberProfile, ...]) -> None:
    joiner, one, _ = (member.member_id for member in three)
    over = History((Tie("buddy", joiner, one, "declined"),))
    allowed = matched(three)
    assert allowed.triads
    tampered = dataclasses.replace(allowed, history_hash=over.fingerprint())
    with pytest.raises(VerificationError, match=r"triads: .* not to be paired"):
        verify_rematch(three, over, CONFIG, tampered)
