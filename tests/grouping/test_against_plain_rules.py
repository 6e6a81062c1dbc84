"""The fast forms of times, attributes, conditions and terms agree with the plain ones that plans are verified with."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidProblem
from matcher.grouping.attribute_names import PLAIN_ATTRIBUTES
from matcher.grouping.attributes import attribute_values
from matcher.grouping.cohort import Cohort, gather
from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.evaluation import describe, worth
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.traits import trait
from matcher.members.availability import DAYS
from matcher.members.sample import SAMPLE_DAY, sample_members
from matcher.verification.group_terms import group_worth, target_shares, terms_of
from tests.oracle.group_strategies import DAY, GroupWorld, group_worlds, random_members
from tests.oracle.strategies import UNHURRIED, interest_names, topic_names

MEANS = FacetMeans.default()
QUARTERS = [SlotChoice(day=day, start=f"{q // 4:02}:{q % 4 * 15:02}") for day in DAYS for q in range(96)]


def gathered(world: GroupWorld) -> tuple[Cohort, Community] | None:
    """The fast and the plain form of a world; ``None`` where it cannot be asked at all."""
    try:
        cohort = gather(world.members, world.spec, world.as_of, MEANS)
    except InvalidProblem:
        return None
    return cohort, Community.of(world.members, world.spec, world.as_of, MEANS)


@settings(parent=UNHURRIED, max_examples=60)
@given(group_worlds(existing=False))
def test_the_cohort_is_who_meets_every_condition(world: GroupWorld) -> None:
    both = gathered(world)
    if both is None:
        return
    cohort, community = both
    assert [m.member_id for m in cohort.members] == sorted(n for n in community.members if community.in_cohort(n))
    for one in cohort.left_out:
        found = community.barriers(one.member_id)
        assert one.code in found
        assert not {"who", "leads"}.intersection(found)
    mentioned = {one.member_id for one in cohort.left_out} | set(cohort.position)
    for name in community.members.keys() - mentioned:
        assert {"who", "leads"}.intersection(community.barriers(name))


@settings(parent=UNHURRIED, max_examples=40)
@given(group_worlds(least=20, existing=False))
def test_times_are_offered_and_kept_as_by_the_clock(world: GroupWorld) -> None:
    both = gathered(world)
    if both is None or world.spec.meeting is None:
        return
    cohort, community = both
    times, attendance = cohort.times(), community.attendance
    assert times is not None
    assert attendance is not None
    offered = [slot for slot, given in zip(times.slots, times.offered, strict=True) if given]
    assert offered == [slot for slot in QUARTERS if attendance.is_offered(slot)]
    people: list[Any] = [*cohort.members, *world.spec.facilitation.staff]
    names = [*(m.member_id for m in cohort.members), *community.staff]
    masks = times.masks(people)
    for place, slot in enumerate(times.slots):
        can = (masks[:, place // 64] >> np.uint64(place % 64) & np.uint64(1)).astype(bool).tolist()
        assert can == [community.can_come(name, slot) for name in names]
        for other_place, other in enumerate(times.slots):
            assert times.overlap[place, other_place] == attendance.overlap(slot, other)
        for zone in {m.time_zone for m in cohort.members if m.time_zone}:
            assert times.local_times(slot, zone) == attendance.local_times(slot, zone)


@pytest.mark.parametrize(
    "attribute",
    [*PLAIN_ATTRIBUTES, *(f"topic:{tag}" for tag in topic_names()), *(f"interest:{tag}" for tag in interest_names())],
)
def test_attributes_are_those_of_the_plain_form(attribute: str) -> None:
    drawn = random_members(random.Random(7), 300, 0.6)
    for members, day in ((drawn, DAY), (sample_members(300), SAMPLE_DAY)):
        codes, values = attribute_values(members, attribute, day)
        found = [None if code < 0 else values[code] for code in codes.tolist()]
        assert found == [trait(member, attribute, day) for member in members]


@settings(parent=UNHURRIED, max_examples=60)
@given(group_worlds(least=8, existing=False), st.integers(0, 2**32 - 1))
def test_terms_are_those_of_the_plain_form(world: GroupWorld, seed: int) -> None:
    both = gathered(world)
    if both is None:
        return
    cohort, community = both
    drafts = drawn_drafts(cohort, random.Random(seed))
    terms = worth(cohort, drafts, moved=3)
    shares = target_shares(community)
    plain = terms_of([group_worth(draft.members, community, shares) for draft in drafts], 3, community)
    assert terms.placed == plain.placed
    assert terms.mix == pytest.approx(plain.mix, abs=1e-9)
    for name in ("fit", "worst", "size", "churn", "total"):
        assert getattr(terms, name) == pytest.approx(getattr(plain, name), abs=1e-9)
    assert describe(cohort, drafts[::-1], moved=3).terms == terms


def drawn_drafts(cohort: Cohort, rng: random.Random) -> list[GroupDraft]:
    """Groups of anybody, of the sizes that the spec wants."""
    least, _, most = cohort.spec.enrolled_sizes()
    rest = list(cohort.position)
    rng.shuffle(rest)
    drafts: list[GroupDraft] = []
    while len(rest) >= least:
        size = min(len(rest), rng.randint(least, most))
        mine, rest = rest[:size], rest[size:]
        drafts.append(GroupDraft(f"group-{len(drafts):03}", tuple(sorted(mine)), language="en"))
    return drafts
