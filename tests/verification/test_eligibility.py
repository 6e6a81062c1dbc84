"""Answers checked from the profiles alone."""

from __future__ import annotations

import datetime
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import MemberIndex, MemberProfile, check_pair, recommend_buddies, verify_peers
from matcher.eligibility.relations import Load, Relations
from matcher.errors import VerificationError
from matcher.members.vocabulary import Kind
from tests.oracle import rules, strategies

KINDS: tuple[Kind, Kind] = ("buddy", "mentor")
DAY = datetime.date(2026, 1, 1)


def member(member_id: str, **fields: object) -> MemberProfile:
    plain = {"member_id": member_id, "consent": True, "birth_year": 1985, "languages": ["en"]}
    return MemberProfile.parse({**plain, **fields})


MEMBERS = {name: member(name) for name in ("a", "b", "c")} | {"held": member("held", status="held")}


def test_a_sound_answer_passes() -> None:
    verify_peers(MEMBERS, "a", ["b", "c"], DAY)
    verify_peers(MEMBERS, "a", [], DAY)


@pytest.mark.parametrize(
    ("seeker", "peers", "words"),
    [
        ("a", ["b", "b"], "twice"),
        ("a", ["b", "nobody"], "'nobody'"),
        ("nobody", ["b"], "'nobody'"),
        ("nobody", [], "'nobody'"),
        ("a", ["held"], "status"),
        ("a", ["a"], "may not be shown"),
    ],
)
def test_an_unsound_answer_is_refused(seeker: str, peers: list[str], words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        verify_peers(MEMBERS, seeker, peers, DAY)


def test_relations_count() -> None:
    relations = Relations()
    relations.set_tie("a", "b", "closed")
    relations.set_load("c", Load(buddies=3))
    assert check_pair(MEMBERS["a"], MEMBERS["b"], DAY, relations=relations) == ("no_repeat",)
    assert check_pair(MEMBERS["b"], MEMBERS["a"], DAY, relations=relations) == ("no_repeat",)
    assert check_pair(MEMBERS["a"], MEMBERS["c"], DAY, relations=relations) == ("capacity",)
    assert check_pair(MEMBERS["a"], MEMBERS["b"], DAY) == ()


@settings(strategies.UNHURRIED, max_examples=40)
@given(strategies.populations(2, 8), strategies.days(), st.data())
def test_it_passes_what_the_index_answers_and_nothing_else(
    members: list[MemberProfile], day: datetime.date, data: st.DataObject
) -> None:
    ties, loads = data.draw(strategies.ties(members)), data.draw(strategies.loads(members))
    relations = Relations({name: Load(*load) for name, load in loads.items()})
    for pair, state in ties.items():
        one, other = sorted(pair)
        relations.set_tie(one, other, state)
    index = MemberIndex.build(members, day, relations=relations)
    by_id = {one.member_id: one for one in members}
    for kind in KINDS:
        answers = {name: {peer.member_id for peer in recommend_buddies(index, name, 20, kind).peers} for name in by_id}
        for seeker, named in answers.items():
            verify_peers(by_id, seeker, named, day, kind, relations)
        for a, b in itertools.permutations(members, 2):
            broken = rules.broken_rules(a, b, day, kind, ties=ties, loads=loads)
            assert set(check_pair(a, b, day, kind, relations)) == broken
            if b.member_id not in answers[a.member_id]:
                with pytest.raises(VerificationError):
                    verify_peers(by_id, a.member_id, [b.member_id], day, kind, relations)
