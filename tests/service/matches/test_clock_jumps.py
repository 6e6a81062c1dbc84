"""A clock that is set forward by mistake and back again: nothing that it has brought about by itself is for good."""

from __future__ import annotations

import pytest

from service.community import Community
from service.live_index import LiveIndex
from service.use_cases.answer_match import accept_match
from service.use_cases.block_member import block_member
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
