"""A replica that does not follow the change log at all shows nobody who may not be shown: the rows decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection

from service.community import Community
from service.settings import Settings
from service.storage import members
from service.use_cases.answer_match import accept_match, decline_match
from service.use_cases.block_member import block_member
from service.use_cases.end_match import end_match
from service.use_cases.find_buddies import Answer, Wish, find_at_once, find_buddies, search_buddies
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.store_members import store_members
from tests.database_places import Place
from tests.service.matches.conftest import Clock, person

Event = Callable[[Community], None]


@dataclass
class Replicas:
    """Two processes' worth of one database. What happens, happens at the first; the second stands still."""

    busy: Community
    frozen: Community

    def freeze(self) -> None:
        index = self.frozen.index
        view = index.catch_up()
        index.catch_up = lambda: view  # type: ignore[method-assign]

    def asked(self, member_id: str, wish: Wish) -> list[Answer]:
        """Every way in which the second may be asked."""
        at_once = find_at_once(self.frozen, member_id, wish)
        searched = search_buddies(self.frozen, person("unsaved"), wish) if member_id == "a" else None
        stored = find_buddies(self.frozen, member_id, wish)
        return [answer for answer in (at_once, stored) if answer is not None] + ([searched] if searched else [])


@pytest.fixture
def replicas(place: Place, clock: Clock) -> Iterator[Replicas]:
    settings = Settings(database=place.target, index_folder=place.index_folder, clock=clock)
    busy, frozen = Community.open(settings), Community.open(settings)
    store_members(busy.database, [person(member_id) for member_id in "abcde"])
    busy.index.start()
    frozen.index.start()
    yield Replicas(busy, frozen)
    frozen.database.close()
    busy.database.close()


def put(member_id: str, **fields: object) -> Event:
    def happen(community: Community) -> None:
        store_members(community.database, [person(member_id, **fields)])

    return happen


def removed(community: Community) -> None:
    def remove(connection: Connection) -> None:
        members.remove(connection, "b", community.settings.now())

    community.database.write(remove)


EVENTS: dict[str, Event] = {
    "withdrawn": put("b", status="withdrawn"),
    "held": put("b", status="held"),
    "paused": put("b", status="paused"),
    "consent taken back": put("b", consent=False),
    "no place for anybody": put("b", buddy_capacity=0, mentor_capacity=0),
    "of the other age pool": put("b", birth_year=2012),
    "another language": put("b", languages=["fi"]),
    "not approved and not alike": put("b", mentor_approved=False, only_genders=["woman"]),
    "removed": removed,
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
@pytest.mark.parametrize("kind", ["buddy", "mentor"])
def test_whom_nobody_may_be_shown(replicas: Replicas, event: Event, kind: str) -> None:
    wish = Wish(10, kind)  # type: ignore[arg-type]
    replicas.freeze()
    assert all("b" in named(answer) for answer in replicas.asked("a", wish))
    event(replicas.busy)
    for seeker in "acde":
        for answer in replicas.asked(seeker, wish):
            assert "b" not in named(answer)
            assert not answer.found.certified
            assert named(answer) >= set("acde") - {seeker}, "the others are shown as before"


@pytest.mark.parametrize(("blocker", "blocked"), [("a", "b"), ("b", "a")])
def test_blocks_of_either_side(replicas: Replicas, blocker: str, blocked: str) -> None:
    replicas.freeze()
    block_member(replicas.busy, blocker, blocked)
    stored = find_buddies(replicas.frozen, "a", Wish(10))
    assert named(stored) == {"c", "d", "e"}
    assert "a" not in named(find_buddies(replicas.frozen, "b", Wish(10)))
    assert "b" in named(find_buddies(replicas.frozen, "c", Wish(10)))


def test_a_tie_of_any_age(replicas: Replicas) -> None:
    ended = propose_match(replicas.busy, Proposal("buddy", "a", "b"))
    replicas.freeze()
    accept_match(replicas.busy, ended.match_id, "b")
    end_match(replicas.busy, ended.match_id, "a", "reached")
    declined = propose_match(replicas.busy, Proposal("buddy", "a", "c"))
    decline_match(replicas.busy, declined.match_id, "c")
    propose_match(replicas.busy, Proposal("mentor", "a", "d"))
    for kind in ("buddy", "mentor"):
        assert named(find_buddies(replicas.frozen, "a", Wish(10, kind))) == {"e"}
    for other in "bcd":
        assert "a" not in named(find_buddies(replicas.frozen, other, Wish(10)))


def test_a_last_place_that_is_taken(replicas: Replicas) -> None:
    store_members(replicas.busy.database, [person("b", buddy_capacity=1)])
    replicas.freeze()
    assert "b" in named(find_buddies(replicas.frozen, "a", Wish(10)))
    propose_match(replicas.busy, Proposal("buddy", "c", "b"))
    assert "b" not in named(find_buddies(replicas.frozen, "a", Wish(10)))
    assert "b" in named(find_buddies(replicas.frozen, "a", Wish(10, "mentor")))


def test_the_seeker_is_looked_at_too(replicas: Replicas) -> None:
    replicas.freeze()
    put("a", consent=False)(replicas.busy)
    assert named(find_buddies(replicas.frozen, "a", Wish(10))) == set()


def test_a_replica_that_follows_needs_none_of_that(replicas: Replicas) -> None:
    put("b", status="held")(replicas.busy)
    answer = find_buddies(replicas.frozen, "a", Wish(10))
    assert named(answer) == {"c", "d", "e"}
    assert answer.found.certified
    assert answer.as_of_seq == replicas.busy.index.catch_up().seq


def named(answer: Answer) -> set[str]:
    return {peer.member_id for peer in answer.found.peers}
