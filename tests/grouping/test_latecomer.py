"""Where somebody who comes late can still go."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from matcher.errors import InvalidRequest, UnknownMember
from matcher.grouping.draft import GroupDraft
from matcher.grouping.edits import Editor
from matcher.grouping.latecomer import LatecomerPlaces, place_latecomer
from matcher.grouping.plan import GroupPlan
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from matcher.members.sample import sample_members
from tests.grouping.people import MEANS, draft, hasty_plan, on, people, person, plan_of, spec_of, weekly

HIPS = {"procedures": [{"procedure": "hip-replacement", "date": "2026-01-10"}], "topics": ["sleep"]}
TIMES = {"time_zone": "UTC", "start_date": "2026-03-02", "weeks": 2}


def ask(
    members: list[MemberProfile], spec: GroupSpec, groups: list[GroupDraft], latecomer: MemberProfile | str, k: int = 5
) -> LatecomerPlaces:
    return place_latecomer(members, spec, plan_of(members, spec, groups), latecomer, means=MEANS, k=k)


def knees_and_hips() -> tuple[list[MemberProfile], list[GroupDraft]]:
    return [*people("abc"), *people("def", **HIPS)], [draft("knees", "abc"), draft("hips", "def")]


def test_the_group_that_gains_most_comes_first() -> None:
    members, groups = knees_and_hips()
    answer = ask(members, spec_of(), groups, person("z", **HIPS))
    assert [placement.group for placement in answer.placements] == ["hips", "knees"]
    first, second = answer.placements
    assert first.change > second.change
    assert first.fit > second.fit
    assert (first.size, first.placed) == (4, 1)
    assert first.reasons
    assert (answer.possible, answer.open_groups, answer.why_not) == (2, 2, ())


def test_a_placement_says_what_moving_them_in_by_hand_comes_to() -> None:
    members = [*people("abcz"), *people("def", **HIPS)]
    spec = spec_of(
        mix=[{"attribute": "procedure", "rule": "mixed"}], size={"min": 2, "target": 3, "max": 5, "attendance": 0.9}
    )
    plan = plan_of(members, spec, [draft("knees", "abc"), draft("hips", "def")])
    desk = Editor.of(members, spec, plan, means=MEANS)
    for placement in place_latecomer(members, spec, plan, "z", means=MEANS).placements:
        by_hand = desk.move("z", placement.group)
        assert by_hand.made
        assert placement.change == pytest.approx(by_hand.change, abs=1e-12)
        group = by_hand.plan.group(placement.group)
        assert placement.worst_fit == group.worst_fit
        assert placement.fit == next(place.fit for place in group.members if place.member_id == "z")


def test_full_closed_and_locked_groups_take_nobody() -> None:
    members = people("abcdefghijkl")
    groups = [
        draft("full", "abcd"),
        draft("closed", "ef", open=False),
        draft("locked", "gh", locked=True),
        draft("open", "ij"),
    ]
    answer = ask(members, spec_of(), groups, person("z"))
    assert [placement.group for placement in answer.placements] == ["open"]
    assert answer.open_groups == 2
    assert answer.why_not == (("size", 1),)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"blocked": ["a"]}, "block"),
        ({"birth_year": 2011}, "age_pool"),
        ({"languages": ["es"]}, "language"),
        ({"availability": weekly("wed 18:00-20:00")}, "no_time"),
        ({"procedures": [{"procedure": "knee-replacement", "date": "2026-03-01"}]}, "no_lone"),
        ({"status": "paused"}, "status"),
        ({"consent": False}, "consent"),
        ({"availability": []}, "no_availability"),
    ],
)
def test_a_group_that_cannot_take_them_is_counted_under_the_rule(fields: dict[str, Any], rule: str) -> None:
    members, spec = people("abc"), spec_of(meeting=TIMES)
    answer = ask(members, spec, [draft("one", "abc", slot=on("tue", "18:00"))], person("z", **fields))
    assert answer.placements == ()
    assert answer.why_not == ((rule, 1),)


def test_a_group_where_somebody_would_fit_too_little_is_no_place() -> None:
    members, groups = knees_and_hips()
    late = person("z", **HIPS)
    there, here = (placement.fit for placement in ask(members, spec_of(), groups, late).placements)
    assert here < there
    answer = ask(members, spec_of(thresholds={"member_fit": (here + there) / 2}), groups, late)
    assert [placement.group for placement in answer.placements] == ["hips"]
    assert answer.why_not == (("member_fit", 1),)


def test_a_leader_whom_they_have_blocked_keeps_them_out() -> None:
    members = [*people("abcdef"), *people("lm")]
    spec = spec_of(facilitation={"per_group": 1, "members": ["l", "m"]})
    groups = [draft("one", "abc", facilitators=("l",)), draft("two", "def", facilitators=("m",))]
    answer = ask(members, spec, groups, person("z", blocked=["l"]))
    assert [placement.group for placement in answer.placements] == ["two"]
    assert answer.why_not == (("block", 1),)


def test_somebody_kept_together_with_others_goes_where_they_are() -> None:
    members, groups = people("abcdefz"), [draft("one", "abc"), draft("two", "def")]
    plan = plan_of(members, spec_of(), groups)
    spec = spec_of(together=[["e", "z"]])
    answer = place_latecomer(members, spec, plan, "z", means=MEANS)
    assert [placement.group for placement in answer.placements] == ["two"]
    assert answer.why_not == (("together", 1),)


def test_the_meeting_is_shown_on_their_own_clock() -> None:
    members, spec = people("abc"), spec_of(meeting={**TIMES, "start_date": "2026-03-03", "weeks": 6})
    late = person("z", time_zone="America/New_York", availability=weekly("tue 12:00-15:00"))
    answer = ask(members, spec, [draft("one", "abc", slot=on("tue", "18:00"))], late)
    shown = [(str(time.first), time.day, time.start) for time in answer.placements[0].local_times]
    assert shown == [("2026-03-03", "tue", "13:00"), ("2026-03-10", "tue", "14:00")]


def test_members_who_may_be_in_no_group_any_more_leave_their_place_to_others() -> None:
    members, spec = people("abcd"), spec_of()
    plan = plan_of(members, spec, [draft("one", "abcd")])
    since = [person("a", status="held", blocked=["z"]), *members[1:]]
    assert place_latecomer(members, spec, plan, person("z"), means=MEANS).why_not == (("size", 1),)
    answer = place_latecomer(since, spec, plan, person("z"), means=MEANS)
    assert [(placement.group, placement.size) for placement in answer.placements] == [("one", 4)]


def test_only_the_best_few_are_described() -> None:
    members = people(" ".join(f"m{number:02}" for number in range(20)))
    groups = [draft(f"g{number}", [f"m{2 * number:02}", f"m{2 * number + 1:02}"]) for number in range(10)]
    answer = ask(members, spec_of(), groups, person("z"), k=3)
    assert len(answer.placements) == 3
    assert answer.possible == 10
    assert [placement.group for placement in answer.placements] == ["g0", "g1", "g2"], "equals, in the order of names"


def test_nobody_is_placed_twice_and_nobody_unknown() -> None:
    members, groups = knees_and_hips()
    with pytest.raises(InvalidRequest):
        ask(members, spec_of(), groups, "a")
    with pytest.raises(InvalidRequest):
        ask(members, spec_of(), groups, person("z"), k=0)
    with pytest.raises(UnknownMember):
        ask(members, spec_of(), groups, "nobody")


def test_the_plan_is_left_as_it_is_and_the_answer_is_the_same_again() -> None:
    members = sample_members(120, seed=4)
    spec = spec_of(size={"min": 3, "target": 4, "max": 6})
    plan = hasty_plan(members, spec)
    late = sample_members(140, seed=4)[-1]
    rng = np.random.default_rng(3)
    shuffled = [members[place] for place in rng.permutation(len(members))]
    first = place_latecomer(members, spec, plan, late, means=MEANS)
    assert place_latecomer(shuffled, spec, plan, late, means=MEANS) == first


def test_every_group_is_a_place_or_counted_as_none_and_agrees_with_an_edit() -> None:
    members = sample_members(150, seed=9)
    spec = spec_of(size={"min": 3, "target": 4, "max": 6}, thresholds={"member_fit": 0.2})
    plan = hasty_plan(members, spec)
    desk = Editor.of(members, spec, plan, means=MEANS)
    for name in [one.member_id for one in plan.unplaced][:15]:
        answer = place_latecomer(members, spec, plan, name, means=MEANS, k=100)
        allowed = {group.name for group in plan.groups if desk.move(name, group.name).made}
        assert {placement.group for placement in answer.placements} == allowed
        assert answer.possible + sum(count for _, count in answer.why_not) == answer.open_groups == len(plan.groups)


def _large() -> tuple[list[MemberProfile], GroupSpec, GroupPlan]:
    members = people(" ".join(f"m{number:04}" for number in range(6000)))
    spec = spec_of(size={"min": 4, "target": 6, "max": 8})
    groups = [draft(f"g{g:04}", [f"m{6 * g + seat:04}" for seat in range(6)]) for g in range(1000)]
    return members, spec, plan_of(members, spec, groups)


def test_a_thousand_groups_are_ranked_in_about_a_second() -> None:
    members, spec, plan = _large()
    place_latecomer(members, spec, plan, person("z"), means=MEANS)
    start = time.perf_counter()
    answer = place_latecomer(members, spec, plan, person("z"), means=MEANS)
    took = time.perf_counter() - start
    assert answer.possible == 1000
    assert took < 5.0, "one second, on a machine with nothing else to do"
