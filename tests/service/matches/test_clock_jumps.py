"""A clock that is set forward by mistake and back again: nothing that it has brought about by itself is for good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.community import Community
from service.live_index import LiveIndex
from service.settings import Settings
from service.storage import matches
from service.use_cases.answer_match import accept_match, decline_match
from service.use_cases.block_member import block_member
from service.use_cases.end_match import end_match
from service.use_cases.list_matches import get_match
from service.use_cases.sweep_matches import sweep_matches
from tests.service.matches.conftest import Clock
from tests.service.matches.test_lifecycle import peers, proposed, refused, states

DAYS = 20


@pytest.fixture
def jumped(community: Community, clock: Clock) -> str:
    """A proposal of a to b that b has not answered, of which an expiry was written down while the clock was wrong."""
    match_id = proposed(community)
    clock.move(days=DAYS)
    sweep_matches(community)
    assert states(community, match_id, "a", "b") == ["expired", "expired"]
    assert refused(lambda: accept_match(community, match_id, "b")) == "match-not-open"
    clock.move(days=-DAYS)
    return match_id


def test_what_had_expired_is_open_again(community: Community, jumped: str) -> None:
    assert states(community, jumped, "a", "b") == ["proposed", "proposed"]
    assert accept_match(community, jumped, "b").state == "accepted"
    assert states(community, jumped, "a", "b") == ["accepted", "accepted"]


def test_a_block_reaches_what_is_open_again(community: Community, jumped: str) -> None:
    block_member(community, "b", "a")
    assert states(community, jumped, "a", "b") == ["proposed", "expired"]
    assert refused(lambda: accept_match(community, jumped, "b")) == "match-not-open"


def test_places_and_ties_go_back_with_the_clock(community: Community, clock: Clock) -> None:
    """At every moment the index that has followed is the same as one that is made then."""
    for peer in "bc":
        proposed(community, "a", peer)
    full = {"b": set("cde"), "d": set("bce")}
    for days, found in ((0, full), (DAYS, {"b": set("cde"), "d": set("abce")}), (-DAYS, full), (-1, full)):
        clock.move(days=days)
        fresh = LiveIndex(community.database, community.settings)
        fresh.start()
        assert {one: peers(community, one) for one in found} == found
        followed = community.index.catch_up().index.relations
        for one in "abcde":
            assert followed.load(one) == fresh.view().index.relations.load(one)
            for other in set("abcde") - {one}:
                assert followed.tie(one, other) == fresh.view().index.relations.tie(one, other)


@pytest.mark.parametrize("days", [0, 20])
@pytest.mark.parametrize("answer", [None, "no"])
def test_a_pair_has_no_second_open_proposal(
    community: Community, settings: Settings, clock: Clock, days: int, answer: str | None
) -> None:
    """What a pair was proposed anew while the clock was wrong takes the place of what it was proposed before."""
    object.__setattr__(settings, "repeat_after_days", days)
    first = proposed(community)
    if answer == "no":
        decline_match(community, first, "b")
    clock.move(days=14 + days)
    second = proposed(community)
    clock.move(days=-14 - days)
    assert states(community, first, "a", "b") == ["expired", "expired" if answer is None else "declined"]
    assert get_match(community, first, "a").your_answer == "accepted", "what a member has said stays"
    assert refused(lambda: accept_match(community, first, "b")) == "match-not-open"
    assert states(community, second, "a", "b") == ["proposed", "proposed"]
    assert community.index.view().index.relations.load("a").buddies == 1
    assert accept_match(community, second, "b").state == "accepted"


@pytest.mark.parametrize("ended", [False, True])
def test_who_have_each_other_are_not_matched_twice(community: Community, settings: Settings, ended: bool) -> None:
    """Should a database hold two open proposals of a pair all the same: whoever is matched by one is not by both."""
    first = proposed(community)
    with community.database.writing() as connection:
        row = matches.one(connection, first)
        assert row is not None
        matches.add(connection, [replace(row, match_id="f" * 24, kind="mentor")])
    assert accept_match(community, first, "b").state == "accepted"
    if ended:
        end_match(community, first, "a")
    expected = "not-eligible" if ended else "already-matched"
    assert refused(lambda: accept_match(community, "f" * 24, "b")) == expected
