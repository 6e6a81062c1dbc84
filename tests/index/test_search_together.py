"""Searches together answer as searches one by one: to the last bit, whoever is late, gone or swept."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from matcher import FacetWeights, MemberIndex, sample_members
from matcher.index import search_plan, search_together
from matcher.members.vocabulary import Kind
from tests.index.conftest import HALF

DAY = datetime.date(2026, 1, 1)


@pytest.fixture(scope="module")
def index() -> MemberIndex:
    """3,000 members, of whom some came after the shelves were arranged, some changed and some left."""
    people = sample_members(3000, seed=5, as_of=DAY)
    index = MemberIndex.build(people[:2700], DAY, means=HALF)
    for person in people[2600:]:
        index.upsert(person)
    for person in people[100:180]:
        index.remove(person.member_id)
    return index


@pytest.mark.parametrize("kind", ["buddy", "mentor"])
@pytest.mark.parametrize(
    ("gathered", "swept_from", "together", "rows"), [(0, -1, 7, 16), (0, 40, 64, 2048), (600, 10**9, 256, 2048)]
)
@pytest.mark.parametrize("k", [1, 10, 700])
def test_answers_are_those_of_searches_one_by_one(
    index: MemberIndex,
    monkeypatch: pytest.MonkeyPatch,
    kind: Kind,
    gathered: int,
    swept_from: int,
    together: int,
    rows: int,
    k: int,
) -> None:
    weights = FacetWeights.buddy() if kind == "buddy" else FacetWeights.mentor()
    everybody = index.everybody()
    seekers = [index.seeker(everybody.ids[node]) for node in everybody.alike[::17].tolist()]
    alone = [index.search(seeker, k, kind, weights) for seeker in seekers]
    monkeypatch.setattr(search_plan, "GATHER_LIMIT", gathered)
    monkeypatch.setattr(search_together, "SWEEP_TOGETHER_FROM", swept_from)
    monkeypatch.setattr(search_together, "TOGETHER", together)
    monkeypatch.setattr(search_together, "BLOCK_ROWS", rows)
    found = index.search_together(seekers, k, kind, weights)
    assert len(found) == len(alone)
    for one, other in zip(found, alone, strict=True):
        np.testing.assert_array_equal(one.top.slots, other.top.slots)
        np.testing.assert_array_equal(one.top.scores, other.top.scores)
        assert one.eligible == other.funnel.eligible
        if one.top.slots.size < one.eligible:
            assert one.top.bound <= one.top.scores[-1]  # nobody unscored can be better
    if swept_from < 0 and k < 700:
        assert "sweep" in {one.top.plan for one in found}


def test_nobody_asks(index: MemberIndex) -> None:
    assert index.search_together([], 10, "buddy", FacetWeights.buddy()) == []


def test_what_is_read_of_shelves_is_what_stands_on_them(index: MemberIndex) -> None:
    shelves, rows, encoder = index._shelves, index._slots.rows, index._encoder
    chosen = np.arange(1, shelves.keys.size, 3)
    vectors, starts, slots = shelves.stored(chosen)
    np.testing.assert_array_equal(vectors, encoder.items(rows[slots]))
    for place, shelf in enumerate(chosen.tolist()):
        np.testing.assert_array_equal(
            slots[starts[place] : starts[place + 1]], shelves.order[shelves.starts[shelf] : shelves.starts[shelf + 1]]
        )


def test_everybody_is_there_once_and_those_alike_stand_together(index: MemberIndex) -> None:
    everybody = index.everybody()
    assert everybody.ids == sorted(index.member_ids())
    assert sorted(everybody.alike.tolist()) == list(range(len(everybody.ids)))
    assert [index._slots.ids[slot] for slot in everybody.slots.tolist()] == everybody.ids
    procedures = index._slots.rows["procedure"][everybody.slots[everybody.alike]]
    assert np.count_nonzero(np.diff(procedures)) == np.unique(procedures).size - 1
