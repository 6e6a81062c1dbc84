"""How these tests compare two indexes: by their answers to everybody, of both kinds."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import pytest

from matcher import FacetMeans, MemberIndex, MemberProfile, Recommendations, recommend_buddies, sample_members
from matcher.members.vocabulary import Kind
from tests.oracle.score import MEANS

KINDS: tuple[Kind, Kind] = ("buddy", "mentor")
HALF = FacetMeans(**dict.fromkeys(MEANS, 0.5))


def answers(index: MemberIndex, member_ids: Iterable[str], k: int = 10) -> list[Recommendations]:
    """Everything the index says to ``member_ids``."""
    return [recommend_buddies(index, member_id, k, kind) for member_id in member_ids for kind in KINDS]


def expect_same(one: MemberIndex, other: MemberIndex, k: int = 10, every: int = 1) -> None:
    """Two indexes hold the same members and answer alike, scores to the last bit but those of estimated means."""
    assert one.as_of == other.as_of
    names = sorted(one.member_ids())
    assert names == sorted(other.member_ids())
    for first, second in zip(answers(one, names[::every], k), answers(other, names[::every], k), strict=True):
        assert first.funnel == second.funnel
        assert first.certified
        assert second.certified
        assert [peer.score for peer in first.peers] == pytest.approx([peer.score for peer in second.peers], abs=1e-12)
        for ours, theirs in zip(first.peers, second.peers, strict=True):
            if ours.member_id != theirs.member_id:  # only among equals, if sums were rounded in another order
                near = [peer.member_id for peer in second.peers if abs(peer.score - ours.score) < 1e-12]
                assert ours.member_id in near or ours.score - second.peers[-1].score < 1e-12
            else:
                assert (ours.alias, ours.reasons) == (theirs.alias, theirs.reasons)


def member(member_id: str, **fields: Any) -> MemberProfile:
    """Someone with no rule against them."""
    plain = {"member_id": member_id, "consent": True, "birth_year": 1985, "languages": ["en"]}
    return MemberProfile.parse({**plain, **fields})


@pytest.fixture(scope="session")
def members() -> list[MemberProfile]:
    """400 sample members; not to be changed."""
    return sample_members(400, seed=31, as_of=datetime.date(2026, 1, 1))
