"""Changes count from the next request on, and nothing else changes."""

from __future__ import annotations

import datetime
import random
from typing import Any

import pytest

from matcher import MemberIndex, MemberProfile, recommend_buddies, recommend_for_profile
from matcher.errors import UnknownMember
from tests.index.conftest import HALF, answers, expect_same, member

DAY = datetime.date(2026, 1, 1)


def named(index: MemberIndex, member_id: str) -> set[str]:
    return {peer.member_id for peer in recommend_buddies(index, member_id).peers}


@pytest.fixture
def index() -> MemberIndex:
    return MemberIndex.build([member(name) for name in "abc"], DAY)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "paused"},
        {"status": "held"},
        {"status": "withdrawn"},
        {"consent": False},
        {"blocked": ["a"]},
        {"birth_year": 2010},
        {"birth_year": None},
        {"languages": ["pt"]},
        {"languages": []},
        {"buddy_capacity": 0},
        {"seeks": ["group"]},
        {"role": "caregiver"},
        {"only_genders": ["woman"]},
        {"channels": ["in_person"]},
    ],
)
def test_a_member_who_closes_the_door_is_gone_from_the_next_answer_and_comes_back(
    index: MemberIndex, fields: dict[str, Any]
) -> None:
    assert named(index, "a") == {"b", "c"}
    index.upsert(member("b", **fields))
    assert named(index, "a") == {"c"}
    assert "a" not in named(index, "b")
    index.upsert(member("b"))
    assert named(index, "a") == {"b", "c"}
    assert named(index, "b") == {"a", "c"}


def test_a_block_of_somebody_who_comes_later_holds() -> None:
    index = MemberIndex.build([member("a", blocked=["later"])], DAY)
    index.upsert(member("later"))
    assert named(index, "later") == set()
    assert named(index, "a") == set()
    assert recommend_for_profile(index, member("later")).peers == ()


def test_a_member_who_leaves_takes_their_blocks_along_but_not_those_on_them(index: MemberIndex) -> None:
    index.upsert(member("a", blocked=["b"]))
    index.upsert(member("b", blocked=["c"]))
    index.remove("b")
    assert named(index, "c") == {"a"}
    index.upsert(member("b"))
    assert named(index, "b") == {"c"}
    assert named(index, "a") == {"c"}


def test_remove_forgets_the_member(index: MemberIndex) -> None:
    index.remove("b")
    assert "b" not in index
    assert len(index) == 2
    assert named(index, "a") == {"c"}
    for ask in (index.remove, index.member, index.seeker, index.set_load):
        with pytest.raises(UnknownMember):
            ask("b")
    with pytest.raises(UnknownMember):
        recommend_buddies(index, "b")


def test_loads_and_ties_count_at_once(index: MemberIndex) -> None:
    index.set_load("b", buddies=3)
    assert named(index, "a") == {"c"}
    assert named(index, "b") == set()
    index.set_load("b", buddies=2)
    index.set_tie("a", "c", "matched")
    assert named(index, "a") == {"b"}
    assert named(index, "c") == {"b"}
    index.set_tie("c", "a", "closed")
    assert named(index, "a") == {"b"}
    index.set_tie("a", "c", None)
    assert named(index, "a") == {"b", "c"}


def test_loads_and_ties_outlast_a_change_of_profile(index: MemberIndex) -> None:
    index.set_load("b", buddies=1)
    index.set_tie("a", "c", "matched")
    index.upsert(member("b", buddy_capacity=1))
    index.upsert(member("c", alias="new"))
    assert named(index, "a") == set()
    index.upsert(member("b", buddy_capacity=2))
    assert named(index, "a") == {"b"}


def test_mentees_take_mentor_places_only() -> None:
    mentor = member("m", mentor_approved=True, mentor_capacity=1)
    index = MemberIndex.build([member("a"), mentor], DAY)
    assert [peer.member_id for peer in recommend_buddies(index, "a", kind="mentor").peers] == ["m"]
    index.set_load("m", mentees=1)
    assert recommend_buddies(index, "a", kind="mentor").peers == ()
    assert named(index, "a") == {"m"}
    index.upsert(mentor.model_copy(update={"mentor_capacity": 2}))
    assert len(recommend_buddies(index, "a", kind="mentor").peers) == 1


def test_a_member_is_given_back_as_put(members: list[MemberProfile]) -> None:
    index = MemberIndex.build(members[:100], DAY)
    for one in members[:100]:
        assert index.member(one.member_id) == one
    index.upsert(members[200])
    assert index.member(members[200].member_id) == members[200]


@pytest.mark.parametrize("limit", [0, 7, 1024])
def test_a_changed_index_answers_as_one_built_afresh(
    members: list[MemberProfile], limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.index.member_index.LATE_LIMIT", limit)
    rng = random.Random(limit)
    index = MemberIndex.build(members[:100], DAY, means=HALF)
    current = {one.member_id: one for one in members[:100]}
    for one in members[100:250]:
        index.upsert(one)
        current[one.member_id] = one
        gone = rng.choice(list(current))
        if rng.random() < 0.4:
            index.remove(gone)
            del current[gone]
    expect_same(index, MemberIndex.build(current.values(), DAY, means=HALF), every=6)


def test_the_order_of_members_does_not_matter(members: list[MemberProfile]) -> None:
    shuffled = list(members)
    random.Random(4).shuffle(shuffled)
    expect_same(MemberIndex.build(members, DAY), MemberIndex.build(reversed(members), DAY), every=8)
    one, other = (MemberIndex.build(order, DAY, means=HALF) for order in (members, shuffled))
    names = [one.member_id for one in members[::8]]
    assert answers(one, names) == answers(other, names)


def test_the_chunks_of_a_build_do_not_matter(members: list[MemberProfile], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = MemberIndex.build(members, DAY)
    counts: list[int] = []
    monkeypatch.setattr("matcher.index.building.BUILD_CHUNK", 37)
    expect_same(whole, MemberIndex.build(iter(members), DAY, progress=counts.append), every=16)
    assert counts == [*range(37, 400, 37), 400]


def test_several_put_at_once_are_as_if_put_one_after_the_other(members: list[MemberProfile]) -> None:
    changed = [member.model_copy(update={"buddy_capacity": 3, "blocked": ("m-1",)}) for member in members[100:160]]
    wanted = [*changed, *members[300:]]
    one_by_one = MemberIndex.build(members[:300], DAY, means=HALF)
    for profile in wanted:
        one_by_one.upsert(profile)
    at_once = MemberIndex.build(members[:300], DAY, means=HALF)
    at_once.upsert_all([])
    at_once.upsert_all(wanted)
    assert len(at_once) == len(members)
    assert [at_once.member(profile.member_id) for profile in wanted] == wanted
    expect_same(at_once, one_by_one, every=5)


def test_of_one_id_that_is_put_twice_in_one_step_the_last_counts(index: MemberIndex) -> None:
    index.upsert_all([member("b"), member("d"), member("b", status="paused")])
    assert len(index) == 4
    assert named(index, "a") == {"c", "d"}
    index.remove("b")
    assert named(index, "a") == {"c", "d"}
