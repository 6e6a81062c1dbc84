"""Any sequence of steps ends as a plain model says: the same refusals, views, places and recommendations."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from matcher.errors import UnknownMember
from matcher.members.vocabulary import KINDS
from service.community import Community
from service.live_index import LiveIndex
from service.problems import RequestError
from service.settings import Settings
from service.use_cases.answer_match import accept_match, decline_match
from service.use_cases.block_member import block_member
from service.use_cases.end_match import end_match
from service.use_cases.erase_member import erase_member
from service.use_cases.find_buddies import Wish, find_buddies
from service.use_cases.list_matches import list_matches
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.put_member import put_member
from service.use_cases.store_members import store_members
from service.use_cases.sweep_matches import sweep_matches
from tests.database_places import Place
from tests.service.matches.conftest import START, person
from tests.service.matches.model import Model, RefusedError

IDS = "abcdefghijkl"
DOORS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {"status": "paused"},
    {"status": "held"},
    {"status": "withdrawn"},
    {"consent": False},
    {"buddy_capacity": 1},
    {"buddy_capacity": 0},
    {"buddy_capacity": 4},
    {"mentor_capacity": 1},
    {"mentor_approved": False},
    {"birth_year": 2010},
    {"gender": "woman", "only_genders": ["woman"]},
)
WEIGHTS = {
    "propose": 8,
    "accept": 8,
    "decline": 3,
    "end": 1,
    "put": 3,
    "remove": 0.3,
    "block": 0.3,
    "wait": 2,
    "sweep": 1,
}


class Both:
    """The service and the model, taking the same steps."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.random = random.Random(seed)
        self.moment = START
        object.__setattr__(settings, "clock", lambda: self.moment)
        everybody = [person(member_id, buddy_capacity=1 + number % 2) for number, member_id in enumerate(IDS)]
        self.community = Community.open(settings)
        store_members(self.community.database, everybody)
        self.community.index.start()
        self.model = Model(everybody, START, settings.repeat_after_days)
        self.outcomes: set[str] = set()
        self.states: set[str] = set()

    def step(self) -> None:
        name = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        getattr(self, name)()
        self.check_views()

    def propose(self) -> None:
        asker, peer = self.random.sample(IDS, 2)
        kind, accepted = self.random.choice(KINDS), self.random.random() < 0.7
        made: list[str] = []
        told = self.told(
            lambda: made.append(propose_match(self.community, Proposal(kind, asker, peer, accepted)).match_id)
        )
        name = made[0] if made else "none"
        assert told == self.expected(lambda: self.model.propose(name, kind, asker, peer, accepted))

    def accept(self) -> None:
        match_id, member = self.some_match()
        told = self.told(lambda: accept_match(self.community, match_id, member))
        assert told == self.expected(lambda: self.model.accept(match_id, member))

    def decline(self) -> None:
        match_id, member = self.some_match()
        told = self.told(lambda: decline_match(self.community, match_id, member))
        assert told == self.expected(lambda: self.model.decline(match_id, member))

    def end(self) -> None:
        match_id, member = self.some_match()
        told = self.told(lambda: end_match(self.community, match_id, member))
        assert told == self.expected(lambda: self.model.end(match_id, member))

    def put(self) -> None:
        member = person(self.random.choice(IDS), **self.random.choice(DOORS))
        put_member(self.community, member.member_id, member.model_dump(mode="json"))
        self.model.put(member)

    def remove(self) -> None:
        member = self.random.choice(IDS)
        told = self.told(lambda: erase_member(self.community, member))
        assert told == self.expected(lambda: self.model.remove(member))

    def block(self) -> None:
        member, other = self.random.sample(IDS, 2)
        told = self.told(lambda: block_member(self.community, member, other))
        assert told == self.expected(lambda: self.model.block(member, other))

    def wait(self) -> None:
        self.moment += timedelta(days=self.random.choice([0, 1, 3, 14]), seconds=self.random.random())
        self.model.now = self.moment

    def sweep(self) -> None:
        sweep_matches(self.community)

    def some_match(self) -> tuple[str, str]:
        newest = list(self.model.matches.values())[-6:]
        if not newest or self.random.random() < 0.02:
            return "0" * 24, self.random.choice(IDS)
        match = self.random.choice(newest)
        stranger = self.random.random() < 0.05
        return match.name, self.random.choice(IDS if stranger else sorted(match.pair() & set(IDS)))

    def told(self, work: Callable[[], object]) -> str:
        try:
            work()
        except RequestError as error:
            return error.details.name
        except UnknownMember:
            return "unknown-member"
        return "done"

    def expected(self, work: Callable[[], None]) -> str:
        told = "done"
        try:
            work()
        except RefusedError as error:
            told = str(error)
        self.outcomes.add(told)
        return told

    def check_views(self) -> None:
        for member in sorted(self.model.members):
            page = list_matches(self.community, member, 1000)
            seen = {match.match_id: match.state for match in page.matches}
            assert seen == self.model.views(member)
            self.states |= set(seen.values())

    def check_recommendations(self) -> None:
        for member in sorted(self.model.members):
            for kind in KINDS:
                found = find_buddies(self.community, member, Wish(50, kind)).found
                assert found.certified
                assert {peer.member_id for peer in found.peers} == self.model.peers(member, kind)
        loads = {member: load for member, load in self.model.loads().items() if any(load)}
        view = self.community.index.view()
        assert {i: (load.buddies, load.mentees) for i, load in view.index.relations.loads.items()} == loads
        for member, taken in self.model.loads(only_accepted=True).items():
            assert taken.buddies <= 4, member

    def check_a_fresh_index(self) -> None:
        fresh = LiveIndex(self.community.database, self.community.settings)
        fresh.start()
        assert fresh.view().index.relations == self.community.index.catch_up().index.relations


def live(settings: Settings, seed: int, steps: int) -> Both:
    """Take ``steps`` steps and compare after each."""
    both = Both(settings, seed)
    try:
        for number in range(steps):
            both.step()
            if number % 5 == 0:
                both.check_recommendations()
        both.check_a_fresh_index()
    finally:
        both.community.database.close()
    return both


@pytest.mark.parametrize("repeat_after_days", [None, 20])
def test_random_lives(place: Place, repeat_after_days: int | None) -> None:
    settings = Settings(place.target, index_folder=place.index_folder, repeat_after_days=repeat_after_days)
    both = live(settings, 11, 100)
    assert both.outcomes >= {"done", "already-matched", "not-eligible", "no-place-left", "match-not-open"}
    assert {"proposed", "accepted", "declined"} <= both.states


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_many_long_random_lives(place: Place, seed: int) -> None:
    days = 20 if seed % 2 else None
    settings = Settings(place.target, index_folder=place.index_folder, repeat_after_days=days)
    both = live(settings, 100 + seed, 300)
    assert both.states == {"proposed", "accepted", "declined", "expired", "ended"}
