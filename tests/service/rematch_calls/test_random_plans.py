"""Random plans applied to random communities that answer at random: places, rules and company hold at every step."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from service.community import Community
from service.settings import Settings
from service.storage import matches
from service.storage.match_row import SIDES, MatchRow
from service.use_cases.answer_match import accept_match, decline_match
from service.use_cases.store_members import store_members
from service.use_cases.swap_units import MOST_TOGETHER
from tests.service.matches.conftest import Clock, person
from tests.service.rematch_calls.conftest import applied, tie

NAMES = "abcdefghijkl"


@pytest.fixture(scope="session")
def stored_in() -> str:
    """Not wanted here."""
    return "sqlite"


class World:
    """A community of random places and ties."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.clock = Clock()
        folder.mkdir()
        self.community = Community.open(
            Settings(folder / "x.db", jobs_folder=folder / "jobs", clock=self.clock, index_folder=folder / "index")
        )
        self.places = {name: self.random.choice([1, 1, 1, 2]) for name in NAMES}
        store_members(
            self.community.database,
            [person(name, buddy_capacity=self.places[name], mentor_capacity=1) for name in NAMES],
        )
        self.community.index.start()
        self.tied: list[tuple[str, str, str]] = []
        shuffled = self.random.sample(NAMES, len(NAMES))
        for one, other in zip(shuffled[::2], shuffled[1::2], strict=True):
            if self.random.random() < 0.8:
                first, second = sorted((one, other))
                tie(self.community, "buddy", first, second)
                self.tied.append(("buddy", first, second))

    def rows(self) -> list[MatchRow]:
        with self.community.database.reading() as connection:
            return list(matches.everyone(connection))

    def accepted(self) -> Counter[str]:
        return Counter(row.member(side) for row in self.rows() if row.state == "accepted" for side in SIDES)

    def plan(self) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
        """Break some ties, and make others where there is room then."""
        broken = [one for one in self.tied if self.random.random() < 0.7]
        left = Counter(self.places)
        left.subtract(name for one in self.tied if one not in broken for name in one[1:])
        known = {one[1:] for one in self.tied}
        new = []
        pairs = [(one, other) for one in NAMES for other in NAMES if one < other]
        for pair in self.random.sample(pairs, len(pairs)):
            if pair not in known and min(left[pair[0]], left[pair[1]]) > 0 and self.random.random() < 0.6:
                left.subtract(pair)
                new.append(("buddy", *pair))
        return new, broken

    def check(self) -> None:
        """Nobody has more than they have room for, also if every swap came about that may."""
        rows = self.rows()
        counted = self.accepted()
        assert all(counted[name] <= self.places[name] for name in NAMES)
        open_ = [row for row in rows if row.state == "proposed" and row.expires_at > self.clock.moment.isoformat()]
        replaced = {row.replaces(side) for row in open_ for side in SIDES} - {None}
        later = Counter(row.member(side) for row in open_ for side in SIDES)
        stays = [row for row in rows if row.state == "accepted" and row.match_id not in replaced]
        later.update(row.member(side) for row in stays for side in SIDES)
        assert all(later[name] <= self.places[name] for name in NAMES)


@pytest.mark.parametrize("seed", range(24))
def test_places_and_company_hold(tmp_path: Path, seed: int) -> None:
    world = World(tmp_path / "world", seed)
    before = world.accepted()
    new, broken = world.plan()
    told = applied(world.community, new, broken, limit=len(broken))
    assert told["proposed"] + told["skipped"] == len(new)
    assert told["to_end"] + told["kept"] == len(broken)
    assert "no_place_left" not in told["why"], "a plan that fits the places is proposed as it is"
    assert world.accepted() == before, "nothing has ended yet"
    world.check()
    swaps = Counter(row.swap for row in world.rows() if row.swap is not None)
    assert max(swaps.values(), default=0) <= MOST_TOGETHER
    agreeable = world.random.choice([0.6, 0.95, 1.0])
    answers = [(row, side) for row in world.rows() if row.rematch_id is not None for side in SIDES]
    for row, side in world.random.sample(answers, len(answers)):
        answer = accept_match if world.random.random() < agreeable else decline_match
        answer(world.community, row.match_id, row.member(side))
        world.check()
        assert all(world.accepted()[name] >= 1 for name in before), "whoever had somebody has somebody"
    by_swap: dict[int, set[str]] = {}
    for row in world.rows():
        if row.swap is not None:
            by_swap.setdefault(row.swap, set()).add("accepted" if row.state == "accepted" else "not")
    assert all(len(outcomes) == 1 for outcomes in by_swap.values()), "as a whole or not at all"
    ended = sum(row.system_reason == "rematch" for row in world.rows())
    assert ended <= told["to_end"]
    if agreeable == 1.0:
        assert ended == told["to_end"]
        assert sum(row.state == "accepted" for row in world.rows() if row.rematch_id) == told["proposed"]
    counted = world.accepted()
    relations = world.community.index.catch_up().index.relations
    if agreeable == 1.0:
        assert {name: relations.load(name).buddies for name in NAMES} == {name: counted[name] for name in NAMES}
    world.community.database.close()
