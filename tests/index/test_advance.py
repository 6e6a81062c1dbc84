"""The day moves on: the answers become those of a fresh build for that day."""

from __future__ import annotations

import datetime
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import FacetMeans, MemberIndex, MemberProfile, recommend_buddies
from tests.index.conftest import HALF, expect_same, member
from tests.oracle import strategies
from tests.oracle.score import band

DAY = datetime.date(2026, 1, 1)
STEPS = (1, 30, -365, 200, 400, 0, -1, 3650)


@pytest.mark.parametrize("means", [None, HALF], ids=["estimated", "given"])
def test_a_day_a_month_a_year_and_back(members: list[MemberProfile], means: FacetMeans | None) -> None:
    index = MemberIndex.build(members, DAY, means=means)
    day = DAY
    for step in STEPS:
        day += datetime.timedelta(step)
        index.advance(day)
        expect_same(index, MemberIndex.build(members, day, means=means), every=8)
    assert index.means_given == (means is not None)


def test_means_are_estimated_anew_unless_they_were_given(members: list[MemberProfile]) -> None:
    estimated, given_ones = MemberIndex.build(members, DAY), MemberIndex.build(members, DAY, means=HALF)
    before = estimated.means
    for index in (estimated, given_ones):
        index.advance(DAY + datetime.timedelta(400))
    assert estimated.means != before
    assert given_ones.means == HALF


def test_it_finds_changes_that_came_before(members: list[MemberProfile]) -> None:
    index = MemberIndex.build(members[:300], DAY, means=HALF)
    for one in members[300:]:
        index.upsert(one)
    for one in members[:50]:
        index.remove(one.member_id)
    changed = members[60].model_copy(update={"status": "paused"})
    index.upsert(changed)
    day = DAY + datetime.timedelta(370)
    index.advance(day)
    expect_same(index, MemberIndex.build([*members[50:60], changed, *members[61:]], day, means=HALF), every=8)


@settings(strategies.UNHURRIED, max_examples=30)
@given(strategies.populations(2, 8), st.lists(strategies.days(), min_size=1, max_size=3), st.booleans())
def test_any_members_over_any_new_year(
    members: list[MemberProfile], days: list[datetime.date], given_means: bool
) -> None:
    means = HALF if given_means else None
    index = MemberIndex.build(members, strategies.DAY, means=means)
    for day in days:
        index.advance(day)
        expect_same(index, MemberIndex.build(members, day, means=means))


def test_pools_part_and_join_at_the_new_year() -> None:
    # In 2026 born 2008 turns 18 and born 2009 is a minor; in 2027 born 2008 is an adult and born 2009 turns 18.
    index = MemberIndex.build([member(f"born-{year}", birth_year=year) for year in (2007, 2008, 2009, 2010)], DAY)

    def meets(year: int) -> set[str]:
        return {peer.member_id for peer in recommend_buddies(index, f"born-{year}").peers}

    assert [meets(year) for year in (2007, 2008, 2009, 2010)] == [set(), set(), {"born-2010"}, {"born-2009"}]
    index.advance(datetime.date(2026, 12, 31))
    assert meets(2007) == set()
    index.advance(datetime.date(2027, 1, 1))
    assert [meets(year) for year in (2007, 2008, 2009, 2010)] == [{"born-2008"}, {"born-2007"}, set(), set()]
    index.advance(datetime.date(2026, 12, 31))
    assert meets(2009) == {"born-2010"}
    index.upsert(member("late", birth_year=2009))
    index.advance(datetime.date(2027, 1, 1))
    assert meets(2009) == {"late"}


def test_the_stage_moves_by_itself() -> None:
    slug = strategies.procedure_names()[0]
    profile = member("a", procedures=[{"procedure": slug, "date": DAY}], shares=["stage_band"])
    other = profile.model_copy(update={"member_id": "b"})
    index = MemberIndex.build([profile, other], DAY)
    words = {"preparing": "preparing", "first_days": "first days", "middle": "middle", "settled": "settled"}
    for days in (-5, 0, 3000):
        index.advance(DAY + datetime.timedelta(days))
        (peer,) = recommend_buddies(index, "a").peers
        assert words[str(band(profile, index.as_of))] in peer.reasons[0].text


def test_a_day_that_turns_while_a_search_begins_is_not_mixed(
    members: list[MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = MemberIndex.build(members, DAY, means=HALF)
    later = DAY + datetime.timedelta(200)
    truth = MemberIndex.build(members, later, means=HALF)
    seeker = random.Random(2).choice([one for one in members if recommend_buddies(truth, one.member_id).peers])
    read = MemberIndex.seeker

    def turning(self: MemberIndex, member_id: str) -> object:
        found = read(self, member_id)
        self.advance(later)
        return found

    monkeypatch.setattr(MemberIndex, "seeker", turning)
    answer = recommend_buddies(index, seeker.member_id)
    monkeypatch.undo()
    assert answer == recommend_buddies(truth, seeker.member_id)
