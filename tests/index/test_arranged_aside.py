"""Shelves may be arranged in any other thread, while members come, change and go."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable

import pytest

from matcher import MemberIndex, MemberProfile, sample_members
from matcher.index import member_index
from tests.index.conftest import HALF, expect_same

DAY = datetime.date(2026, 1, 1)
FEW = 40


@pytest.fixture
def people() -> list[MemberProfile]:
    return sample_members(400, seed=9, as_of=DAY)


@pytest.fixture
def aside(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What is to be done aside, once 40 members are off the shelves."""
    monkeypatch.setattr(member_index, "LATE_LIMIT", FEW)
    return []


def begun(people: list[MemberProfile], aside: list[Callable[[], None]], late: int = 45) -> MemberIndex:
    """200 members on shelves and some who came later."""
    index = MemberIndex.build(people[:200], DAY, means=HALF)
    index.aside = aside.append
    for person in people[200 : 200 + late]:
        index.upsert(person)
    return index


def in_a_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_answers_are_the_same_before_and_after(people: list[MemberProfile], aside: list[Callable[[], None]]) -> None:
    index, fresh = begun(people, aside, late=200), MemberIndex.build(people, DAY, means=HALF)
    assert len(aside) == 1, "one arranging is waited for, not many"
    expect_same(index, fresh, every=7)
    before = index._shelves
    in_a_thread(aside.pop())
    assert index._shelves is not before
    assert index._shelves.size == 400
    expect_same(index, fresh, every=7)


def test_who_comes_while_shelves_are_arranged_is_late_and_found(
    people: list[MemberProfile], aside: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = begun(people, aside)
    whole = MemberIndex._shelves_of

    def and_more_come(self: MemberIndex, slots: object, **how: bool) -> object:
        shelves = whole(self, slots, **how)  # type: ignore[arg-type]
        for person in people[245:]:
            self.upsert(person)
        self.remove(people[0].member_id)
        return shelves

    monkeypatch.setattr(MemberIndex, "_shelves_of", and_more_come)
    in_a_thread(aside.pop())
    monkeypatch.undo()
    assert index._shelves.size == 245
    expect_same(index, MemberIndex.build(people[1:], DAY, means=HALF), every=7)


def test_shelves_of_slots_that_were_renumbered_meanwhile_are_dropped(
    people: list[MemberProfile], aside: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = begun(people, aside)
    slots, whole = index._slots, MemberIndex._shelves_of

    def and_the_next_day_comes(self: MemberIndex, of: object, **how: bool) -> object:
        shelves = whole(self, of, **how)  # type: ignore[arg-type]
        if of is slots:
            self.advance(DAY + datetime.timedelta(days=1))
        return shelves

    monkeypatch.setattr(MemberIndex, "_shelves_of", and_the_next_day_comes)
    in_a_thread(aside.pop())
    assert index._slots is not slots
    assert index._shelves.size == 245
    expect_same(index, MemberIndex.build(people[:245], DAY + datetime.timedelta(days=1), means=HALF), every=7)


def test_an_arranging_that_fails_is_tried_again(
    people: list[MemberProfile], aside: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = begun(people, aside)

    def fails(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(MemberIndex, "_shelves_of", fails)
        with pytest.raises(MemoryError):
            aside.pop()()
    index.upsert(people[245])
    aside.pop()()
    assert index._shelves.size == 246


def test_only_an_arranging_that_nobody_waits_for_rests(
    people: list[MemberProfile], aside: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    monkeypatch.setattr("time.sleep", rests.append)
    monkeypatch.setattr("matcher.index.shelves.PIECE", 100)
    index, by_itself = begun(people, aside), MemberIndex.build(people[:200], DAY, means=HALF)
    for person in people[200:]:
        by_itself.upsert(person)
    index.advance(DAY + datetime.timedelta(days=1))
    assert rests == []
    for person in people[245:]:
        index.upsert(person)
    aside.pop()()
    assert len(rests) == 4, "400 slots"
    expect_same(index, MemberIndex.build(people, DAY + datetime.timedelta(days=1), means=HALF), every=7)
