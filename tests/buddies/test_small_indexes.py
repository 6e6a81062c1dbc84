"""Indexes with nobody, with one, with many of the same; and members who get nobody."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from matcher import FacetMeans, MemberIndex, MemberProfile, recommend_buddies, recommend_for_profile, sample_members
from matcher.errors import UnknownMember
from matcher.members.sample import SAMPLE_DAY

DAY = datetime.date(2026, 1, 1)


def member(member_id: str, **fields: Any) -> MemberProfile:
    """Someone with no rule against them."""
    plain = {"member_id": member_id, "consent": True, "birth_year": 1985, "languages": ["en"]}
    return MemberProfile.parse({**plain, **fields})


def test_an_empty_index_answers_nobody() -> None:
    index = MemberIndex.build([], DAY)
    assert len(index) == 0
    assert index.means == FacetMeans.default()
    answer = recommend_for_profile(index, member("a"))
    assert answer.peers == ()
    assert answer.certified
    assert (answer.funnel.population, answer.funnel.eligible, answer.funnel.removed) == (0, 0, ())
    with pytest.raises(UnknownMember):
        recommend_buddies(index, "a")


def test_an_index_of_one_answers_nobody() -> None:
    index = MemberIndex.build([member("a")], DAY)
    answer = recommend_buddies(index, "a")
    assert answer.peers == ()
    assert answer.certified
    assert (answer.funnel.population, answer.funnel.eligible) == (0, 0)
    assert answer.funnel.seeker_barriers == ()


def test_an_index_that_starts_empty_fills() -> None:
    index = MemberIndex.build([], DAY)
    index.upsert(member("b"))
    index.upsert(member("a"))
    assert [peer.member_id for peer in recommend_buddies(index, "a").peers] == ["b"]


def test_an_index_that_empties_answers_nobody_and_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.index.member_index.LATE_LIMIT", 2)
    everyone = sample_members(30, seed=1)
    index = MemberIndex.build(everyone, SAMPLE_DAY)
    for one in everyone:
        index.remove(one.member_id)
    assert len(index) == 0
    assert recommend_for_profile(index, member("a")).peers == ()
    index.advance(SAMPLE_DAY + datetime.timedelta(1))
    index.upsert(member("b"))
    assert [peer.member_id for peer in recommend_for_profile(index, member("a")).peers] == ["b"]


def test_of_one_id_the_last_profile_counts() -> None:
    index = MemberIndex.build([member("a"), member("b", alias="old"), member("c"), member("b", alias="new")], DAY)
    assert len(index) == 3
    assert sorted(index.member_ids()) == ["a", "b", "c"]
    assert index.member("b").alias == "new"
    answer = recommend_buddies(index, "a")
    assert [(peer.member_id, peer.alias) for peer in answer.peers] == [("b", "new"), ("c", None)]
    assert answer.funnel.population == 2


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_a_duplicate_keeps_or_drops_its_blocks_as_the_last_profile_says(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("matcher.index.building.BUILD_CHUNK", chunk)
    index = MemberIndex.build(
        [
            member("a"),
            member("keeps", blocked=["a"]),
            member("drops", blocked=["a"]),
            member("keeps", blocked=["a", "drops"]),
            member("drops"),
        ],
        DAY,
    )
    assert [peer.member_id for peer in recommend_buddies(index, "a").peers] == ["drops"]
    assert [peer.member_id for peer in recommend_buddies(index, "drops").peers] == ["a"]
    assert recommend_buddies(index, "keeps").peers == ()


def test_a_stored_member_of_the_same_id_is_no_peer_of_an_unsaved_profile() -> None:
    index = MemberIndex.build([member("a"), member("b")], DAY)
    assert [peer.member_id for peer in recommend_for_profile(index, member("a", alias="other")).peers] == ["b"]


def test_everybody_alike_ranks_by_id() -> None:
    names = ["m10", "m9", "M1", "_", "-", "m1"]
    index = MemberIndex.build([member(name) for name in ["a", *names]], DAY)
    assert [peer.member_id for peer in recommend_buddies(index, "a").peers] == sorted(names)
    assert [peer.member_id for peer in recommend_buddies(index, "a", 2).peers] == sorted(names)[:2]


def test_thousands_alike_rank_by_id_too() -> None:
    names = [f"m{number}" for number in range(3000)]
    index = MemberIndex.build([member(name) for name in ["a", *names]], DAY)
    answer = recommend_buddies(index, "a", 50)
    assert [peer.member_id for peer in answer.peers] == sorted(names)[:50]
    assert answer.certified


@pytest.mark.parametrize(
    ("fields", "barriers"),
    [
        ({"consent": False}, ("consent",)),
        ({"status": "paused"}, ("status",)),
        ({"status": "held"}, ("status",)),
        ({"birth_year": None}, ("age_pool",)),
        ({"birth_year": 2013}, ("age_pool",)),
        ({"languages": []}, ("language",)),
        ({"seeks": ["mentor"]}, ("seeks",)),
        ({"buddy_capacity": 0}, ("capacity",)),
        ({"consent": False, "status": "withdrawn", "seeks": []}, ("consent", "status", "seeks")),
    ],
)
def test_a_member_who_bars_everybody_is_told_why(fields: dict[str, Any], barriers: tuple[str, ...]) -> None:
    index = MemberIndex.build([member("a", **fields), member("b")], DAY)
    answer = recommend_buddies(index, "a")
    assert answer.peers == ()
    assert answer.funnel.seeker_barriers == barriers
    assert answer.funnel.relaxation is None
    assert recommend_buddies(index, "b").peers == ()
    assert recommend_buddies(index, "b").funnel.seeker_barriers == ()


def test_a_wish_for_anyone_by_that_name_is_a_wish() -> None:
    # The wish is for a self-described gender, so it meets that word and no other.
    index = MemberIndex.build(
        [member("a", only_genders=["anyone"]), member("b", gender="woman"), member("c", gender="anyone"), member("d")],
        DAY,
    )
    assert [peer.member_id for peer in recommend_buddies(index, "a").peers] == ["c"]
    assert [peer.member_id for peer in recommend_buddies(index, "b").peers] == ["c", "d"]
    assert [peer.member_id for peer in recommend_buddies(index, "c").peers] == ["a", "b", "d"]
