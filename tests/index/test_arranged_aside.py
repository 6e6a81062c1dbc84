"""Shelves may be arranged in any other thread, while members come, change and go."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable

import numpy as np
import pytest

from matcher import MemberIndex, MemberProfile, sample_members
from matcher.embedding.encoder import Encoder
from matcher.embedding.rows import Rows
from matcher.embedding.weights import FacetWeights
from matcher.index import member_index
from matcher.index.shelves import Shelves
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
    whole = Shelves.extended

    def and_more_come(self: Shelves, rows: Rows, encoder: Encoder) -> Shelves | None:
        shelves = whole(self, rows, encoder)
        for person in people[245:]:
            index.upsert(person)
        index.remove(people[0].member_id)
        return shelves

    monkeypatch.setattr(Shelves, "extended", and_more_come)
    in_a_thread(aside.pop())
    monkeypatch.undo()
    assert index._shelves.size == 245
    expect_same(index, MemberIndex.build(people[1:], DAY, means=HALF), every=7)


def test_shelves_of_slots_that_were_renumbered_meanwhile_are_dropped(
    people: list[MemberProfile], aside: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = begun(people, aside)
    slots, whole = index._slots, Shelves.extended

    def and_the_next_day_comes(self: Shelves, rows: Rows, encoder: Encoder) -> Shelves | None:
        shelves = whole(self, rows, encoder)
        index.advance(DAY + datetime.timedelta(days=1))
        return shelves

    monkeypatch.setattr(Shelves, "extended", and_the_next_day_comes)
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
        patched.setattr(Shelves, "extended", fails)
        with pytest.raises(MemoryError):
            aside.pop()()
    index.upsert(people[245])
    aside.pop()()
    assert index._shelves.size == 246


def test_who_needs_a_shelf_that_is_not_there_gets_one(
    people: list[MemberProfile], aside: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where there is no room for as many new ones is everything arranged anew."""
    by_procedure = sorted(people, key=lambda person: [event.procedure for event in person.procedures])
    for spare in (1000, 3):
        with monkeypatch.context() as patched:
            patched.setattr("matcher.index.vector_lists.SPARE", spare)
            index = begun(by_procedure, aside, late=200)
            standing = index._shelves
            aside.pop()()
        assert index._shelves.size == 400
        assert index._shelves.keys.size > standing.keys.size + 3
        extended = index._shelves.keys[: standing.keys.size].tolist() == standing.keys.tolist()
        assert extended is (spare == 1000)
        assert standing.vectors.lists.ntotal == standing.size == 200, "readers go on with what they have"
        expect_same(index, MemberIndex.build(people, DAY, means=HALF), every=7)


def test_extended_shelves_hold_what_arranged_ones_hold(
    people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = MemberIndex.build(people, DAY, means=HALF)
    rows, encoder, catalog = index._slots.rows, index._encoder, index._slots.coder.catalog
    whole = Shelves.arrange(rows, encoder, catalog.family_of, catalog.domain_of)
    monkeypatch.setattr("matcher.index.vector_lists.SPARE", 1000)
    for first in (0, 1, 100, 399, 400):
        extended = Shelves.arrange(rows[:first], encoder, catalog.family_of, catalog.domain_of).extended(rows, encoder)
        assert extended is not None
        assert sorted(extended.keys.tolist()) == whole.keys.tolist()
        for shelf, key in enumerate(extended.keys.tolist()):
            there = whole.keys.tolist().index(key)
            ours, theirs = extended.levelled(rows, encoder).stored(np.array([shelf])), whole.stored(np.array([there]))
            for part in range(3):
                np.testing.assert_array_equal(ours[part], theirs[part])


def test_searches_together_read_vectors_of_members_who_came_late(
    people: list[MemberProfile], aside: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shelves are ahead of the vectors until somebody wants those."""
    monkeypatch.setattr("matcher.index.vector_lists.SPARE", 1000)
    monkeypatch.setattr("matcher.index.search_plan.GATHER_LIMIT", 10)
    monkeypatch.setattr("matcher.index.search_together.SWEEP_TOGETHER_FROM", -1)
    index, fresh = begun(people, aside, late=200), MemberIndex.build(people, DAY, means=HALF)
    aside.pop()()
    assert (index._shelves.size, index._shelves.vectors.size) == (400, 200)
    names = fresh.everybody().ids[::7]
    for _ in range(2):
        ours, theirs = (
            one.search_together([one.seeker(name) for name in names], 5, "buddy", FacetWeights.buddy())
            for one in (index, fresh)
        )
        for mine, other in zip(ours, theirs, strict=True):
            assert [mine.slots.ids[slot] for slot in mine.top.slots] == [
                other.slots.ids[slot] for slot in other.top.slots
            ]
            assert mine.top.scores.tolist() == other.top.scores.tolist()
        assert "sweep" in {one.top.plan for one in ours}
        assert index._shelves.vectors.size == 400
