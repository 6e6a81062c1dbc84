"""Slots may be renumbered in any other thread, while members come, change, block each other, go and come back."""

from __future__ import annotations

import datetime
import random
import threading
from collections.abc import Callable, Iterable

import pytest

from matcher import MemberIndex, MemberProfile, sample_members
from matcher.index import member_index
from matcher.index.renumbering import Renumbering
from tests.index.conftest import HALF, expect_same

DAY = datetime.date(2026, 1, 1)
FEW = 40


class World:
    """An index whose slots are about to be renumbered, and what it is to hold."""

    def __init__(self, people: list[MemberProfile]) -> None:
        self.index = MemberIndex.build(people[:300], DAY, means=HALF)
        self.waiting: list[Callable[[], None]] = []
        self.index.aside = self.waiting.append
        self.there = {person.member_id: person for person in people[:300]}
        self.loads: dict[str, tuple[int, int]] = {}
        self.ties: dict[tuple[str, str], str] = {}
        for person in people[:150]:
            self.upsert(person.model_copy(update={"alias": f"{person.alias} again"}))
            if self.waiting:
                break
        assert len(self.waiting) == 1

    def upsert(self, member: MemberProfile) -> None:
        self.index.upsert(member)
        self.there[member.member_id] = member

    def remove(self, name: str) -> None:
        self.index.remove(name)
        del self.there[name]

    def some_changes(self, rng: random.Random, pool: list[MemberProfile], count: int) -> None:
        for _ in range(count):
            one, other = rng.sample(sorted(self.there), 2)
            turn = rng.randrange(6)
            if turn == 0:
                self.upsert(rng.choice(pool))
            elif turn == 1:
                self.remove(one)
            elif turn == 2:
                self.upsert(self.there[one].model_copy(update={"blocked": (other,)}))
            elif turn == 3:
                self.upsert(
                    self.there[one].model_copy(update={"blocked": (), "status": rng.choice(("active", "held"))})
                )
            elif turn == 4:
                self.loads[one] = rng.randrange(4), rng.randrange(3)
                self.index.set_load(one, buddies=self.loads[one][0], mentees=self.loads[one][1])
            else:
                self.ties[one, other] = "matched"
                self.index.set_tie(one, other, "matched")

    def expected(self, day: datetime.date = DAY) -> MemberIndex:
        fresh = MemberIndex.build(self.there.values(), day, means=HALF, relations=self.index.relations)
        for name, (buddies, mentees) in self.loads.items():
            if name in self.there:
                fresh.set_load(name, buddies=buddies, mentees=mentees)
        return fresh


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> list[MemberProfile]:
    monkeypatch.setattr(member_index, "LATE_LIMIT", FEW)
    monkeypatch.setattr(member_index, "LATE_SHARE", 1.0)
    monkeypatch.setattr(member_index, "DARK_SHARE", 0.1)
    return sample_members(400, seed=17, as_of=DAY)


def meanwhile(monkeypatch: pytest.MonkeyPatch, *, made: Callable[[], None], last: Callable[[], None]) -> None:
    """Let something happen once everybody has a new slot, and before the last of those who changed get theirs."""
    make, carry_over = Renumbering.make, Renumbering.carry_over

    def and_some_change(self: Renumbering) -> None:
        make(self)
        made()

    def and_some_more(self: Renumbering, changed: dict[str, int | None]) -> None:
        carry_over(self, changed)
        if changed:
            last()

    monkeypatch.setattr(Renumbering, "make", and_some_change)
    monkeypatch.setattr(Renumbering, "carry_over", and_some_more)


def in_a_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.parametrize("seed", range(6))
def test_who_changes_meanwhile_is_as_they_are(
    people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    world, rng = World(people), random.Random(seed)
    slots, rounds = world.index._slots, [120, 60, 10]

    def change() -> None:
        if rounds:
            world.some_changes(rng, people[250:], rounds.pop(0))

    # The last round is carried over with everybody waiting: nobody changes in it.
    meanwhile(monkeypatch, made=change, last=lambda: change() if len(rounds) > 1 else None)
    work = world.waiting.pop()
    in_a_thread(work)
    assert world.index._slots is not slots
    assert len(world.index._slots) - len(world.there) < 200
    assert not world.index._arranging
    monkeypatch.undo()
    expect_same(world.index, world.expected(), every=5)
    assert world.index._filter.blockers == world.expected()._filter.blockers
    world.some_changes(rng, people[250:], 60)
    expect_same(world.index, world.expected(), every=5)


def test_nobody_waits_while_slots_are_made(people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches and changes go on, and see each other, in the middle of it."""
    world = World(people)
    came = people[350].model_copy(update={"member_id": "came"})

    def look() -> None:
        world.upsert(came)
        world.remove(people[200].member_id)
        expect_same(world.index, world.expected(), every=25)

    meanwhile(monkeypatch, made=look, last=lambda: None)
    in_a_thread(world.waiting.pop())
    assert "came" in world.index
    expect_same(world.index, world.expected(), every=5)


def test_another_day_that_comes_meanwhile_is_what_counts(
    people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, tomorrow = World(people), DAY + datetime.timedelta(days=1)
    meanwhile(monkeypatch, made=lambda: world.index.advance(tomorrow), last=lambda: None)
    in_a_thread(world.waiting.pop())
    expect_same(world.index, world.expected(tomorrow), every=5)


@pytest.mark.parametrize("where", ["__init__", "make", "carry_over"])
def test_one_that_fails_is_tried_again(
    people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    world = World(people)
    slots = world.index._slots

    def fails(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(Renumbering, where, fails)
        with pytest.raises(MemoryError):
            world.waiting.pop()()
    world.upsert(people[0])
    world.waiting.pop()()
    assert world.index._slots is not slots
    expect_same(world.index, world.expected(), every=5)


def test_one_that_cannot_even_begin_is_tried_again(people: list[MemberProfile]) -> None:
    world = World(people)
    world.waiting.pop()()
    slots = world.index._slots

    def nobody(_: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    world.index.aside = nobody
    with pytest.raises(RuntimeError):
        world.index.upsert_all(people[:150])
    world.index.aside = world.waiting.append
    world.upsert(people[0])
    world.waiting.pop()()
    assert world.index._slots is not slots


def test_nobody_is_in_the_middle_of_noting_a_change_when_it_ends(
    people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends under the lock under which changes are noted, here because it fails."""
    world = World(people)
    begun, there = threading.Event(), []
    note, changing = Renumbering.note, threading.Thread(target=world.upsert, args=(people[0],))

    def slowly(self: Renumbering, member_ids: Iterable[str]) -> None:
        begun.set()
        threading.Event().wait(0.2)  # in which it could end
        there.append(world.index._renumbering is self)
        note(self, member_ids)

    def fails(_: Renumbering) -> None:
        changing.start()
        begun.wait()
        raise MemoryError

    monkeypatch.setattr(Renumbering, "note", slowly)
    monkeypatch.setattr(Renumbering, "make", fails)
    with pytest.raises(MemoryError):
        world.waiting.pop()()
    changing.join()
    monkeypatch.undo()
    assert there == [True]
    assert world.index._renumbering is None
    assert world.index.member(people[0].member_id) == people[0]
