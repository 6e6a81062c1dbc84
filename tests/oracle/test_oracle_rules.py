"""Every rule on its own, from both sides, and what the rules have in common."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.members.profile import MemberProfile
from tests.oracle import strategies
from tests.oracle.rules import CODES, Load, age_pool, broken_rules, seeker_barriers
from tests.oracle.score import Kind

TODAY = datetime.date(2026, 6, 1)
KINDS = st.sampled_from(("buddy", "mentor"))


def member(member_id: str = "a", **fields: Any) -> MemberProfile:
    """Someone with no rule against them."""
    plain = {"member_id": member_id, "consent": True, "birth_year": 1985, "languages": ["en"], "mentor_approved": True}
    return MemberProfile.parse({**plain, "mentor_capacity": 1, **fields})


def broken(mine: dict[str, Any], theirs: dict[str, Any], kind: Kind = "buddy") -> set[str]:
    return broken_rules(member("a", **mine), member("b", **theirs), TODAY, kind)


@pytest.mark.parametrize("kind", ["buddy", "mentor"])
@pytest.mark.parametrize(
    ("mine", "theirs", "codes"),
    [
        ({}, {}, set()),
        ({"consent": False}, {}, {"consent"}),
        ({"status": "paused"}, {}, {"status"}),
        ({"status": "held"}, {"status": "held"}, {"status"}),
        ({"birth_year": None}, {"birth_year": None}, {"age_pool"}),
        ({"birth_year": 2013}, {"birth_year": 2013}, {"age_pool"}),
        ({"birth_year": 2012}, {"birth_year": 2009}, set()),
        ({"birth_year": 2009}, {"birth_year": 2008}, {"age_pool"}),
        ({"birth_year": 2008}, {"birth_year": 2008}, set()),
        ({"birth_year": 2008}, {"birth_year": 2007}, {"age_pool"}),
        ({"birth_year": 2007}, {"birth_year": 1930}, set()),
        ({"role": "caregiver"}, {}, {"role"}),
        ({"role": "caregiver"}, {"open_to_roles": ["patient", "caregiver"]}, {"role"}),
        ({"role": "caregiver", "open_to_roles": ["patient"]}, {"open_to_roles": ["caregiver"]}, set()),
        ({"role": "caregiver"}, {"role": "caregiver"}, set()),
        ({"languages": ["en-GB", "es"]}, {"languages": ["pt", "en-US"]}, set()),
        ({"languages": ["pt-BR"]}, {}, {"language"}),
        ({"languages": []}, {"languages": []}, {"language"}),
        ({"only_genders": ["Woman"]}, {"gender": " woman"}, set()),
        ({"only_genders": ["woman"]}, {"gender": "man"}, {"gender_wish"}),
        ({"only_genders": ["woman", "man"]}, {}, {"gender_wish"}),
        ({"blocked": ["b"]}, {}, {"block"}),
        ({"avoid_topics": [0]}, {"topics": [1, 0]}, {"avoid_topic"}),
        ({"avoid_topics": [0]}, {"topics": [1], "avoid_topics": [0]}, set()),
        ({"clinic": "x", "avoid_same_clinic": True}, {"clinic": "x"}, {"same_clinic"}),
        ({"clinic": "x"}, {"clinic": "x"}, set()),
        ({"avoid_same_clinic": True}, {"clinic": "x"}, set()),
        ({"channels": ["text"]}, {"channels": ["voice"]}, {"channel"}),
        ({"channels": ["in_person"], "region": "n"}, {}, {"channel"}),
        ({"channels": ["video"]}, {}, set()),
        ({"channels": ["in_person"], "region": "n"}, {"channels": ["in_person", "text"], "region": "n"}, set()),
        ({"channels": ["in_person"], "region": "n"}, {"channels": ["in_person"], "region": "s"}, {"region"}),
        ({"channels": ["in_person"]}, {"channels": ["in_person"]}, {"region"}),
        ({"channels": ["in_person", "text"]}, {"channels": ["in_person", "text"]}, set()),
    ],
)
def test_two_sided_rules(mine: dict[str, Any], theirs: dict[str, Any], codes: set[str], kind: Kind) -> None:
    def named(fields: dict[str, Any]) -> dict[str, Any]:
        names = strategies.topic_names()
        listed = {key: [names[place] for place in fields[key]] for key in ("topics", "avoid_topics") if key in fields}
        return fields | listed

    one, other = member("a", **named(mine)), member("b", **named(theirs))
    assert broken_rules(one, other, TODAY, kind) == codes
    assert broken_rules(other, one, TODAY, kind) == codes


def test_pools_change_with_the_year_alone() -> None:
    born = member(birth_year=2008)
    pools = [age_pool(born, datetime.date(year, day[0], day[1])) for year in (2021, 2022) for day in ((1, 1), (12, 31))]
    assert pools == [None, None, "minor", "minor"]
    assert [age_pool(born, datetime.date(year, 1, 1)) for year in (2025, 2026, 2027)] == [
        "minor",
        "turning_adult",
        "adult",
    ]


def test_capacity_of_buddies_counts_what_they_have() -> None:
    mine, theirs = member("a", buddy_capacity=2), member("b", buddy_capacity=1, mentor_capacity=0)
    assert broken_rules(mine, theirs, TODAY) == set()
    for loads in ({"a": Load(buddies=2)}, {"b": Load(buddies=1)}, {"b": Load(buddies=9)}):
        assert broken_rules(mine, theirs, TODAY, loads=loads) == {"capacity"}
    assert broken_rules(mine, theirs, TODAY, loads={"a": Load(buddies=1, mentees=9)}) == set()


def test_capacity_of_mentors_is_the_mentors_alone() -> None:
    seeker, mentor = member("a", buddy_capacity=0, mentor_capacity=0), member("b", buddy_capacity=0, mentor_capacity=2)
    assert broken_rules(seeker, mentor, TODAY, "mentor", loads={"b": Load(mentees=1)}) == set()
    assert broken_rules(seeker, mentor, TODAY, "mentor", loads={"b": Load(mentees=2)}) == {"capacity"}
    assert broken_rules(mentor, seeker, TODAY, "mentor") == {"capacity"}
    assert seeker_barriers(seeker, TODAY, "mentor") == set()
    assert seeker_barriers(seeker, TODAY, "buddy") == {"capacity"}


def test_mentors_are_approved() -> None:
    assert broken({"mentor_approved": False}, {}, "mentor") == set()
    assert broken({}, {"mentor_approved": False}, "mentor") == {"mentor_approved"}
    assert broken({}, {"mentor_approved": False}, "buddy") == set()


def test_buddies_both_seek_one_and_a_mentor_need_not() -> None:
    assert broken({"seeks": ["mentor"]}, {}) == {"seeks"}
    assert broken({}, {"seeks": []}) == {"seeks"}
    assert broken({}, {"seeks": []}, "mentor") == set()
    assert broken({"seeks": ["buddy", "group"]}, {}, "mentor") == {"seeks"}


def test_ties_of_the_past() -> None:
    mine, theirs = member("a"), member("b")
    assert broken_rules(mine, theirs, TODAY, ties={frozenset("ab"): "matched"}) == {"already_matched"}
    assert broken_rules(theirs, mine, TODAY, "mentor", ties={frozenset("ab"): "closed"}) == {"no_repeat"}
    assert broken_rules(mine, theirs, TODAY, ties={frozenset("ac"): "closed"}) == set()


def test_nobody_is_a_pair() -> None:
    with pytest.raises(ValueError, match="nobody is a pair"):
        broken_rules(member(), member(), TODAY)


@strategies.UNHURRIED
@given(strategies.pairs(), strategies.days(), st.data())
def test_buddy_rules_are_the_same_from_both_sides(
    pair: list[MemberProfile], day: datetime.date, data: st.DataObject
) -> None:
    a, b = pair
    ties, loads = data.draw(strategies.ties(pair)), data.draw(strategies.loads(pair))
    found = broken_rules(a, b, day, ties=ties, loads=loads)
    assert found == broken_rules(b, a, day, ties=ties, loads=loads)
    assert found <= set(CODES)


@strategies.UNHURRIED
@given(strategies.pairs(), strategies.days(), KINDS, st.data())
def test_a_barrier_of_the_seeker_breaks_every_pair(
    pair: list[MemberProfile], day: datetime.date, kind: Kind, data: st.DataObject
) -> None:
    a, b = pair
    loads = data.draw(strategies.loads(pair))
    assert seeker_barriers(a, day, kind, loads=loads) <= broken_rules(a, b, day, kind, loads=loads)
    if kind == "buddy":
        assert seeker_barriers(b, day, kind, loads=loads) <= broken_rules(a, b, day, kind, loads=loads)


@strategies.UNHURRIED
@given(strategies.pairs(easy=True), strategies.days())
def test_easy_members_have_no_barrier(pair: list[MemberProfile], day: datetime.date) -> None:
    assert all(seeker_barriers(one, day) == set() for one in pair)
