"""Any sequence of changes: never an ineligible peer, exactly min(k, eligible) answers, the oracle's scores."""

from __future__ import annotations

import datetime
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from matcher import MemberIndex, MemberProfile, sample_members
from matcher.index import search_plan, shelves
from matcher.members.vocabulary import Kind
from tests.oracle import strategies
from tests.oracle.score import WEIGHTED
from tests.properties.world import TieState, World

DAY = datetime.date(2026, 12, 20)
KINDS: tuple[Kind, Kind] = ("buddy", "mentor")
SIZE = 80
DOORS: tuple[dict[str, Any], ...] = (
    {"status": "paused"},
    {"status": "withdrawn"},
    {"status": "held"},
    {"status": "active"},
    {"status": "active"},
    {"consent": False},
    {"consent": True},
    {"buddy_capacity": 0},
    {"buddy_capacity": 3},
    {"mentor_approved": True, "mentor_capacity": 2},
    {"birth_year": 2009},
    {"birth_year": 1985},
    {"only_genders": ("woman",)},
    {"only_genders": ()},
    {"channels": ("in_person",), "region": "north"},
    {"channels": ()},
    {"clinic": "one", "avoid_same_clinic": True},
    {"blocked": ()},
)


@pytest.fixture
def often_arranged(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Limits so low that a few changes rearrange the index, and that few members go by the shelves."""
    monkeypatch.setattr("matcher.index.member_index.LATE_LIMIT", 6)
    monkeypatch.setattr(search_plan, "GATHER_LIMIT", 20)
    monkeypatch.setattr(search_plan, "SEED_ROWS", 10)
    counts = {"renumbered": 0, "arranged": 0}
    arrange, renumber = MemberIndex._arrange, MemberIndex._renumber
    put_on_shelves = MemberIndex._put_on_shelves

    def arranging_anew(self: MemberIndex, as_of: datetime.date) -> None:
        counts["renumbered"] += 1
        arrange(self, as_of)

    def renumbering(self: MemberIndex) -> None:
        counts["renumbered"] += 1
        renumber(self)

    def arranging(self: MemberIndex) -> None:
        counts["arranged"] += 1
        put_on_shelves(self)

    monkeypatch.setattr(MemberIndex, "_arrange", arranging_anew)
    monkeypatch.setattr(MemberIndex, "_renumber", renumbering)
    monkeypatch.setattr(MemberIndex, "_put_on_shelves", arranging)
    return counts


def _weights(rng: random.Random) -> dict[str, float] | None:
    if rng.random() < 0.5:
        return None
    if rng.random() < 0.3:
        return dict.fromkeys(WEIGHTED, 0.0) | {rng.choice(WEIGHTED): 1.0}
    return {facet: rng.random() for facet in WEIGHTED}


def _step(world: World, rng: random.Random, pool: list[MemberProfile], number: int, folder: Path) -> None:
    names = list(world.members)
    one, other = rng.choice(names), rng.choice(names)
    turn = rng.random()
    if turn < 0.25 or len(names) < SIZE * 0.8:
        fresh = rng.choice(pool)
        blocked = tuple(rng.sample(names, rng.choice((0, 0, 0, 3))))
        name = rng.choice((one, f"new-{number}", f"new-{number}"))
        world.upsert(fresh.model_copy(update={"member_id": name, "blocked": blocked}))
    elif turn < 0.4:
        world.remove(one)
    elif turn < 0.55:
        world.change(one, **rng.choice(DOORS))
    elif turn < 0.62:
        world.block(one, rng.choice((other, "not-yet-here")))
    elif turn < 0.68:
        world.set_load(one, rng.randrange(4), rng.randrange(3))
    elif turn < 0.74 and one != other:
        states: tuple[TieState | None, ...] = ("matched", "closed", None)
        world.set_tie(one, other, rng.choice(states))
    elif turn < 0.75:
        world.advance(rng.choice((1, 1, 7, 30, -20)))
    elif turn < 0.752:
        world.save_and_load(folder / "index")
    else:
        stored = rng.random() < 0.8
        seeker = world.members[one] if stored else rng.choice(pool).model_copy(update={"member_id": "unsaved"})
        world.check(
            seeker,
            rng.choice((1, 3, 10, 400)),
            rng.choice(KINDS),
            _weights(rng),
            every_score=number % 8 == 0,
            stored=stored,
        )


def _run(steps: int, seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    rng = random.Random(seed)
    pool = [one for one in sample_members(3000, seed=seed, as_of=DAY) if one.consent and one.birth_year is not None]
    world = World(pool[:SIZE], DAY)
    for number in range(steps):
        if number % 50 == 0:
            monkeypatch.setattr(search_plan, "SWEEP_FROM", rng.choice((0, 10**9)))
            monkeypatch.setattr(search_plan, "SWEEP_FROM_INTERESTS", rng.choice((0.0, 0.25)))
            monkeypatch.setattr(shelves, "VECTORS_BEHIND", rng.choice((0, 10**9)))
        _step(world, rng, pool, number, folder)
    for kind in KINDS:
        for seeker in list(world.members.values())[::10]:
            world.check(seeker, 10, kind, None)
    return world


def test_ten_thousand_operations(
    often_arranged: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = _run(10_000, 1, tmp_path, monkeypatch)
    assert often_arranged["renumbered"] > 30
    assert often_arranged["arranged"] > 200
    assert SIZE * 0.7 < len(world.members) < 5 * SIZE


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
def test_a_hundred_thousand_operations(
    often_arranged: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    _run(100_000, seed, tmp_path, monkeypatch)


class Community(RuleBasedStateMachine):
    """The same, drawn and shrunk by hypothesis, over few members who mean much to each other."""

    world: World

    @initialize(members=strategies.populations(0, 6), day=strategies.days())
    def start(self, members: list[MemberProfile], day: datetime.date) -> None:
        self.world = World(members, day)

    def someone(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.world.members)))

    @rule(data=st.data())
    def upsert(self, data: st.DataObject) -> None:
        self.world.upsert(data.draw(strategies.profiles(peers=sorted(self.world.members))))

    @precondition(lambda self: self.world.members)
    @rule(data=st.data(), fields=st.sampled_from(DOORS))
    def change(self, data: st.DataObject, fields: dict[str, Any]) -> None:
        self.world.change(self.someone(data), **fields)

    @precondition(lambda self: self.world.members)
    @rule(data=st.data(), other=strategies.member_ids())
    def block(self, data: st.DataObject, other: str) -> None:
        self.world.block(self.someone(data), other)

    @precondition(lambda self: self.world.members)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.world.remove(self.someone(data))

    @precondition(lambda self: self.world.members)
    @rule(data=st.data(), buddies=st.integers(0, 3), mentees=st.integers(0, 2))
    def set_load(self, data: st.DataObject, buddies: int, mentees: int) -> None:
        self.world.set_load(self.someone(data), buddies, mentees)

    @rule(pair=st.lists(strategies.member_ids(), min_size=2, max_size=2, unique=True), data=st.data())
    def set_tie(self, pair: list[str], data: st.DataObject) -> None:
        states: tuple[TieState | None, ...] = ("matched", "closed", None)
        self.world.set_tie(pair[0], pair[1], data.draw(st.sampled_from(states)))

    @rule(days=st.sampled_from((1, 5, 30, 365, -1, -30)))
    def advance(self, days: int) -> None:
        self.world.advance(days)

    @precondition(lambda self: self.world.members)
    @rule(data=st.data(), k=st.integers(1, 8), kind=st.sampled_from(KINDS), weights=strategies.weights())
    def recommend(self, data: st.DataObject, k: int, kind: Kind, weights: dict[str, float]) -> None:
        self.world.check(self.world.members[self.someone(data)], k, kind, weights)

    @rule(profile=strategies.profiles("unsaved"), k=st.integers(1, 8), kind=st.sampled_from(KINDS))
    def recommend_unsaved(self, profile: MemberProfile, k: int, kind: Kind) -> None:
        self.world.check(profile, k, kind, None, stored=False)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        for kind in KINDS:
            for seeker in list(self.world.members.values()):
                self.world.check(seeker, 20, kind, None)


def test_any_short_story(often_arranged: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.index.member_index.LATE_LIMIT", 1)
    monkeypatch.setattr(search_plan, "GATHER_LIMIT", 1)
    monkeypatch.setattr(search_plan, "SEED_ROWS", 1)
    monkeypatch.setattr(search_plan, "SWEEP_FROM", 0)
    monkeypatch.setattr(search_plan, "SWEEP_FROM_INTERESTS", 0.0)
    monkeypatch.setattr(shelves, "VECTORS_BEHIND", 3)
    run_state_machine_as_test(
        Community, settings=settings(strategies.UNHURRIED, max_examples=40, stateful_step_count=20)
    )
    assert often_arranged["renumbered"] > 50
