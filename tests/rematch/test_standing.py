"""Which ties could stand, which are protected, and which pairs are not to be made."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from matcher import RematchConfig
from matcher.members.sample import SAMPLE_DAY
from matcher.rematch.history import FitCheck, History, Tie
from matcher.rematch.standing import banned_pairs, is_protected, limit_of, share_of, sort_out
from matcher.verification.eligibility import check_pair
from tests.rematch.communities import community

DAY = date(2026, 1, 1)
PAIR = ("a", "b")


def banned(tie: Tie, days: int | None = 365) -> bool:
    return banned_pairs(History((tie,)), RematchConfig.parse({"no_repeat_days": days}), DAY) == {PAIR}


@pytest.mark.parametrize("state", ["declined", "expired", "ended"])
def test_what_is_over_without_a_day_counts_for_ever(state: str) -> None:
    began = Tie("buddy", *PAIR, state, since=date(2020, 1, 1))  # type: ignore[arg-type]
    assert banned(began, 365)
    assert banned(began, 0)


def test_the_window_is_counted_from_the_day_it_was_over() -> None:
    def over(days: int) -> Tie:
        return Tie("buddy", *PAIR, "ended", date(2020, 1, 1), DAY - timedelta(days=days))

    assert [banned(over(days)) for days in (0, 365, 366)] == [True, True, False]
    assert banned(over(3650), None)


@pytest.mark.parametrize("why", ["unsafe", " Unsafe"])
def test_who_felt_unsafe_is_never_paired_with_them_again(why: str) -> None:
    assert banned(Tie("buddy", *PAIR, "ended", date(2000, 1, 1), date(2001, 1, 1), why), 0)


def test_nor_is_who_did_not_want_to_keep_a_tie() -> None:
    def ended(keep: bool | None) -> Tie:
        return Tie("mentor", *PAIR, "ended", None, date(2001, 1, 1), "other", (FitCheck("b", 4, keep),))

    assert [banned(ended(keep), 30) for keep in (False, None, True)] == [True, False, False]


@pytest.mark.parametrize(
    ("days", "since", "protected"),
    [
        (0, DAY, False),
        (0, DAY + timedelta(days=5), False),
        (1, DAY, True),
        (1, DAY + timedelta(days=5), True),
        (30, DAY - timedelta(days=29), True),
        (30, DAY - timedelta(days=30), False),
        (30, None, False),
    ],
)
def test_ties_are_young_only_if_young_ones_are_protected(days: int, since: date | None, protected: bool) -> None:
    tie = Tie("buddy", *PAIR, since=since)
    assert is_protected(tie, RematchConfig.parse({"protect": {"days": days}}), DAY) == protected


def test_a_tie_that_begins_later_takes_no_older_one_s_place() -> None:
    members = community(60)
    one = next(one for one in members if sum(not check_pair(one, other, SAMPLE_DAY) for other in members) > 3)
    people = {
        member.member_id: member.model_copy(update={"buddy_capacity": 1}) if member is one else member
        for member in members
    }
    peers = [other.member_id for other in members if other.buddy_capacity and not check_pair(one, other, SAMPLE_DAY)]
    older, later = (
        Tie("buddy", one.member_id, peer, since=SAMPLE_DAY + timedelta(days=days))
        for peer, days in zip(peers, (-400, 9), strict=False)
    )
    config = RematchConfig.parse({"ties": ["buddy"], "audit": [], "baselines": []})
    assert sort_out(people, History((later, older)), config, SAMPLE_DAY).stand == (older,)
    assert [void.rules for void in sort_out(people, History((later, older)), config, SAMPLE_DAY).void] == [("no_room",)]


@pytest.mark.parametrize(("share", "ties", "limit"), [(0.29, 100, 29), (0.57, 100, 57), (0.299, 100, 29), (1.0, 7, 7)])
def test_a_share_is_rounded_down_and_nothing_is_lost_on_the_way(share: float, ties: int, limit: int) -> None:
    assert limit_of(RematchConfig.parse({"churn": {"share": share}}), ties) == limit
    assert share_of(share, ties) == limit
