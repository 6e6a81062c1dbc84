"""Swaps and proposals of the community after a clock was set forward by mistake and back again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.community import Community
from service.problems import RequestError
from service.storage import matches
from service.use_cases.answer_match import accept_match
from service.use_cases.list_matches import get_match
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.sweep_matches import sweep_matches
from tests.service.matches.conftest import Clock
from tests.service.rematch_calls.conftest import applied, store
from tests.service.rematch_calls.test_applying import agree, four, states, views


def test_a_swap_after_the_clock_was_set_forward_and_back(community: Community, clock: Clock) -> None:
    four(community)
    agree(community, "ab")
    clock.move(days=20)
    sweep_matches(community)
    clock.move(days=-20)
    agree(community, "xy")
    assert states(community, "a") == {"x": "ended", "b": "accepted"}


def test_what_is_proposed_anew_takes_the_place_of_what_had_expired(community: Community, clock: Clock) -> None:
    object.__setattr__(community.settings, "repeat_after_days", 0)
    store(community, "ab")
    first = propose_match(community, Proposal("mentor", "a", "b")).match_id
    clock.move(days=15)
    assert applied(community, [("buddy", "a", "b")])["proposed"] == 1
    clock.move(days=-15)
    assert get_match(community, first, "b").state == "expired"
    with pytest.raises(RequestError):
        accept_match(community, first, "b")


def test_no_swap_for_a_pair_that_has_each_other(community: Community) -> None:
    """Should a database hold an open proposal beside the swap's all the same."""
    four(community)
    match_id = views(community, "a")["b"].match_id
    with community.database.writing() as connection:
        row = matches.one(connection, match_id)
        assert row is not None
        plain = replace(row, match_id="f" * 24, kind="mentor", swap=None, asker_replaces=None, peer_replaces=None)
        matches.add(connection, [plain])
    for name in "ab":
        accept_match(community, "f" * 24, name)
    agree(community, "xy")
    for name in "ab":
        accept_match(community, match_id, name)
    with community.database.reading() as connection:
        agreed = [(row.kind, row.asker, row.peer) for row in matches.accepted(connection)]
    assert sorted(agreed) == [("buddy", "a", "x"), ("buddy", "b", "y"), ("mentor", "a", "b")]
