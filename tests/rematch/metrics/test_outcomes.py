"""What counts as a tie that went well, and with what facets."""

from __future__ import annotations

import datetime

import pytest

from matcher import MemberProfile, sample_members
from matcher.rematch.everyone import FACETS
from matcher.rematch.history import FitCheck, State, Tie
from matcher.rematch.outcomes import outcomes_of, went_well

DAY = datetime.date(2026, 1, 1)


def _tie(
    state: State = "current", days: int = 60, why: str | None = None, **fits: tuple[int | None, bool | None]
) -> Tie:
    since = DAY - datetime.timedelta(days)
    until = None if state == "current" else DAY
    checks = tuple(FitCheck(name, *check) for name, check in fits.items())
    return Tie("buddy", "a", "b", state, since, until, why, checks)


@pytest.mark.parametrize(
    ("tie", "expected"),
    [
        (_tie(), True),
        (_tie(days=29), None),
        (_tie(days=3, a=(5, None)), True),
        (_tie(days=3, a=(5, True), b=(4, None)), True),
        (_tie(a=(5, True), b=(2, None)), False),
        (_tie(a=(5, False)), False),
        (_tie(b=(None, False)), False),
        (_tie(a=(3, None)), None),
        (_tie("declined", 1), False),
        (_tie("expired", 14), None),
        (_tie("ended", 90, "reached"), True),
        (_tie("ended", 90, "other"), True),
        (_tie("ended", 90, "rematch"), True),
        (_tie("ended", 5, "no_time"), None),
        (_tie("ended", 90, "no_fit"), False),
        (_tie("ended", 5, "no_contact"), False),
        (_tie("ended", 400, "unsafe", a=(5, None)), False),
        (Tie("buddy", "a", "b"), None),
    ],
)
def test_what_went_well(tie: Tie, expected: bool | None) -> None:
    assert went_well(tie, DAY) is expected


def test_days_are_a_parameter() -> None:
    assert went_well(_tie(days=20), DAY, kept_days=20) is True


def test_facets_are_those_of_the_day_a_tie_came_about() -> None:
    def member(name: str, days: int) -> MemberProfile:
        event = {"procedure": "sleeve-gastrectomy", "date": DAY - datetime.timedelta(days)}
        return MemberProfile.parse({"member_id": name, "consent": True, "procedures": [event]})

    # Ten weeks apart: years later both are long settled, but on the day one was in the first days.
    members = {"a": member("a", 1500), "b": member("b", 1430)}
    stage = FACETS.index("stage")
    then = Tie("buddy", "a", "b", since=DAY - datetime.timedelta(1425))
    late = Tie("buddy", "a", "b", since=DAY - datetime.timedelta(40))
    fits = [outcomes_of((tie,), members, "buddy", DAY).there[0, stage] for tie in (then, late)]
    assert fits[0] < 0.2
    assert fits[1] > 0.95


def test_other_kinds_strangers_and_the_unknown_are_left_out() -> None:
    members = {member.member_id: member for member in sample_members(6, seed=0, as_of=DAY)}
    one, other, third, *_ = members
    since = DAY - datetime.timedelta(100)
    ties = (
        Tie("buddy", one, other, since=since),
        Tie("mentor", other, one, since=since),
        Tie("buddy", one, "gone", since=since),
        Tie("buddy", other, third, "expired", since),
        Tie("buddy", other, third, "declined", until=DAY),
    )
    buddies = outcomes_of(ties, members, "buddy", DAY)
    assert sorted(buddies.well.tolist()) == [False, True]
    mentors = outcomes_of(ties, members, "mentor", DAY)
    assert mentors.members.tolist() == [[sorted(members).index(other), sorted(members).index(one)]]
    assert (mentors.there == mentors.back).all()
    assert len(outcomes_of((), members, "buddy", DAY)) == 0
