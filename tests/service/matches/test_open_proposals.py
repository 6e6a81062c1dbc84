"""Nobody asks more members at once than the settings allow; and how many still wait tells nothing of a no."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.community import Community
from service.problems import RequestError
from service.settings import Settings
from service.use_cases.answer_match import accept_match, decline_match
from service.use_cases.propose_match import Proposal, propose_match
from tests.service.matches.conftest import Clock

MOST = 2


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, open_proposals=MOST)


def seek(community: Community, asker: str, mentor: str) -> str:
    return propose_match(community, Proposal("mentor", asker, mentor)).match_id


def refusal(community: Community, asker: str, mentor: str) -> bytes:
    with pytest.raises(RequestError) as told:
        seek(community, asker, mentor)
    assert told.value.details.status == 409
    return told.value.details.body()


def test_who_seeks_mentors_waits_for_answers(community: Community, clock: Clock) -> None:
    first = seek(community, "a", "b")
    seek(community, "a", "c")
    assert b"too-many-open-proposals" in refusal(community, "a", "d")
    accept_match(community, first, "b")
    third = seek(community, "a", "d")
    assert b"too-many-open-proposals" in refusal(community, "a", "e")
    decline_match(community, third, "a")
    seek(community, "a", "e")
    clock.move(days=community.settings.proposal_days)
    assert b"not-eligible" in refusal(community, "a", "c"), "what has expired is in nobody's way but its own"


def test_what_others_propose_does_not_count(community: Community) -> None:
    for seeker in "bc":
        seek(community, seeker, "a")
    assert seek(community, "a", "d")
    assert seek(community, "a", "e")


def test_a_no_frees_nothing_before_it_shows(community: Community, clock: Clock) -> None:
    refused = seek(community, "a", "b")
    seek(community, "a", "c")
    before = refusal(community, "a", "d")
    decline_match(community, refused, "b", "not_now")
    assert refusal(community, "a", "d") == before
    clock.move(days=community.settings.proposal_days)
    seek(community, "a", "d")


def test_the_first_rule_in_the_way_is_named_first(community: Community) -> None:
    seek(community, "a", "b")
    seek(community, "a", "c")
    assert b"already-matched" in refusal(community, "a", "b")
