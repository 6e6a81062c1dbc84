"""The bit sets, the rules one by one, and the oracle's questions: the same pairs, the same counts."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Mapping
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import FacetWeights, MemberIndex, MemberProfile, sample_members
from matcher.eligibility.funnel import Funnel
from matcher.eligibility.relations import Load, Relations
from matcher.eligibility.rules import RULES, Circumstances, broken_rules, seeker_barriers
from matcher.index.seeking import Seeker
from matcher.members.sample import SAMPLE_DAY
from matcher.members.vocabulary import Kind
from tests.oracle import rules, strategies
from tests.oracle.vectorised_rules import RuleTable

KINDS: tuple[Kind, Kind] = ("buddy", "mentor")
ORDER = [rule.code for rule in RULES]
BY_CODE = {rule.code: rule for rule in RULES}
Ties = Mapping[frozenset[str], Literal["matched", "closed"]]


def related(ties: Ties, loads: Mapping[str, rules.Load]) -> Relations:
    relations = Relations({name: Load(*load) for name, load in loads.items()})
    for pair, state in ties.items():
        one, other = sorted(pair)
        relations.set_tie(one, other, state)
    return relations


def answer(index: MemberIndex, seeker: Seeker, kind: Kind, wanted: int) -> tuple[set[str], Funnel]:
    found = index.search(seeker, wanted, kind, FacetWeights.buddy())
    return {found.slots.ids[slot] for slot in found.top.slots.tolist()}, found.funnel


def expected_funnel(
    broken: Mapping[str, set[str]], barriers: set[str], wanted: int
) -> tuple[int, int, dict[str, int], int | None]:
    """Population, eligible, removals by the first rule each breaks, and what the best relaxation admits."""
    removed: dict[str, int] = {}
    for codes in broken.values():
        if codes:
            first = min(codes, key=ORDER.index)
            removed[first] = removed.get(first, 0) + 1
    eligible = sum(not codes for codes in broken.values())
    admits = None
    if eligible < wanted and not barriers:
        alone = [sum(codes == {rule.code} for codes in broken.values()) for rule in RULES if rule.relaxable]
        admits = max(alone) or None
    return len(broken), eligible, removed, admits


def check_funnel(funnel: Funnel, broken: Mapping[str, set[str]], barriers: set[str], wanted: int) -> None:
    population, eligible, removed, admits = expected_funnel(broken, barriers, wanted)
    assert (funnel.population, funnel.eligible) == (population, eligible)
    assert {removal.code: removal.count for removal in funnel.removed} == removed
    assert [removal.code for removal in funnel.removed] == sorted(removed, key=ORDER.index)
    assert funnel.population - sum(removal.count for removal in funnel.removed) == funnel.eligible
    for removal in funnel.removed:
        assert (removal.text, removal.shown) == (BY_CODE[removal.code].sentence, BY_CODE[removal.code].shown)
    assert set(funnel.seeker_barriers) == barriers
    if admits is None:
        assert funnel.relaxation is None
    else:
        assert funnel.relaxation is not None
        assert funnel.relaxation.admits == admits
        assert BY_CODE[funnel.relaxation.code].relaxable
        assert sum(codes == {funnel.relaxation.code} for codes in broken.values()) == admits


@settings(strategies.UNHURRIED, max_examples=80)
@given(strategies.populations(1, 10), strategies.days(), st.data())
def test_bit_sets_and_rules_and_oracle_agree_on_every_pair(
    members: list[MemberProfile], day: datetime.date, data: st.DataObject
) -> None:
    ties = data.draw(strategies.ties(members)) if len(members) > 1 else {}
    loads = data.draw(strategies.loads(members))
    relations = related(ties, loads)
    index = MemberIndex.build(members, day, relations=relations)
    wanted = data.draw(st.integers(1, 12))
    for kind in KINDS:
        at = Circumstances(day, kind, relations)
        for one in members:
            others = [other for other in members if other is not one]
            broken = {b.member_id: rules.broken_rules(one, b, day, kind, ties=ties, loads=loads) for b in others}
            for other in others:
                ours = broken_rules(one, other, at)
                assert set(ours) == broken[other.member_id]
                assert list(ours) == sorted(ours, key=ORDER.index)
            named, funnel = answer(index, index.seeker(one.member_id), kind, wanted)
            eligible = {name for name, codes in broken.items() if not codes}
            assert named <= eligible
            assert len(named) == min(wanted, len(eligible))
            barriers = rules.seeker_barriers(one, day, kind, loads=loads)
            assert set(seeker_barriers(one, at)) == barriers
            check_funnel(funnel, broken, barriers, wanted)


@settings(strategies.UNHURRIED, max_examples=30)
@given(strategies.populations(1, 8), strategies.profiles("unsaved"), strategies.days())
def test_an_unsaved_profile_meets_the_same_rules(
    members: list[MemberProfile], profile: MemberProfile, day: datetime.date
) -> None:
    index = MemberIndex.build(members, day)
    for kind in KINDS:
        broken = {b.member_id: rules.broken_rules(profile, b, day, kind) for b in members}
        named, funnel = answer(index, index.unsaved(profile), kind, 20)
        assert named == {name for name, codes in broken.items() if not codes}
        check_funnel(funnel, broken, rules.seeker_barriers(profile, day, kind), 20)


def test_thousands_of_members_agree_too() -> None:
    members = sample_members(3000, seed=9)
    index = MemberIndex.build(members, SAMPLE_DAY)
    table = RuleTable(members, SAMPLE_DAY)
    for kind in KINDS:
        for place in range(0, 3000, 150):
            one = members[place]
            columns = table.broken(one, kind)
            broken = {
                other.member_id: {code for code, column in columns.items() if column[row]}
                for row, other in enumerate(members)
                if row != place
            }
            named, funnel = answer(index, index.seeker(one.member_id), kind, 3000)
            assert named == {name for name, codes in broken.items() if not codes}
            check_funnel(funnel, broken, rules.seeker_barriers(one, SAMPLE_DAY, kind), 3000)


def test_a_member_fails_every_rule_about_themself() -> None:
    one = MemberProfile(member_id="a")
    assert broken_rules(one, one, Circumstances(SAMPLE_DAY, "buddy", Relations())) == tuple(ORDER)


def test_rules_are_those_of_the_oracle_and_safety_is_never_relaxed_nor_blame_shown() -> None:
    assert sorted(ORDER) == sorted(rules.CODES)
    safety = {"consent", "status", "age_pool", "mentor_approved", "avoid_topic", "block", "capacity", "seeks"}
    assert not [rule.code for rule in RULES if rule.relaxable and rule.code in safety]
    assert not [rule.code for rule in RULES if rule.shown and rule.code in {"block", "no_repeat", "consent", "status"}]
    for rule in RULES:
        assert rule.sentence
        assert dataclasses.replace(rule) == rule


@pytest.mark.parametrize(
    ("born", "others"),
    [
        # On a day of 2026, 2013 may be 12; 2012 to 2009 are minors; 2008 turns 18; the rest are adults.
        (2014, ()),
        (2013, ()),
        (2012, (2012, 2011, 2010, 2009)),
        (2009, (2012, 2011, 2010, 2009)),
        (2008, (2008,)),
        (2007, (2007, 1985, 1900)),
        (1985, (2007, 1985, 1900)),
        (2026, ()),
        (2030, ()),
        (None, ()),
    ],
)
def test_age_pools_by_hand(born: int | None, others: tuple[int, ...]) -> None:
    years = (None, 2030, 2026, 2014, 2013, 2012, 2011, 2010, 2009, 2008, 2007, 1985, 1900)
    members = [
        MemberProfile(member_id=f"born-{year}", consent=True, languages=("en",), birth_year=year) for year in years
    ]
    seeker = MemberProfile(member_id="seeker", consent=True, languages=("en",), birth_year=born)
    for day in (datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)):
        index = MemberIndex.build(members, day)
        assert answer(index, index.unsaved(seeker), "buddy", 20)[0] == {f"born-{year}" for year in others}


def test_every_pair_of_in_person_regions() -> None:
    for ours, theirs in itertools.product((None, "north", "south"), repeat=2):
        one, other = (
            MemberProfile(
                member_id=name, consent=True, languages=("en",), birth_year=1985, channels=("in_person",), region=region
            )
            for name, region in (("a", ours), ("b", theirs))
        )
        index = MemberIndex.build([one, other], SAMPLE_DAY)
        met = answer(index, index.seeker("a"), "buddy", 5)[0]
        assert met == ({"b"} if ours == theirs and ours is not None else set())
