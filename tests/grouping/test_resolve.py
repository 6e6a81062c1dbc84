"""A plan becomes the spec of the next solve: what is kept, what may change, and by how much."""

from __future__ import annotations

import pytest

from matcher.errors import InvalidProblem
from matcher.grouping.edits import Editor
from matcher.grouping.plan import GroupPlan
from matcher.grouping.resolve import spec_around
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from tests.grouping.people import MEANS, draft, on, people, plan_of, spec_of, weekly

TIMES = {"time_zone": "UTC", "start_date": "2026-03-02", "weeks": 2}
STAFF = {"name": "Kim", "time_zone": "UTC", "availability": weekly("tue 17:00-22:00")}


def led() -> tuple[list[MemberProfile], GroupSpec, GroupPlan]:
    members = people("abcdefgh", availability=weekly("tue 17:00-22:00"))
    spec = spec_of(meeting=TIMES, facilitation={"per_group": 1, "staff": [STAFF]}, apart=[["a", "d"]])
    groups = [
        draft("one", "abc", slot=on("tue", "18:00"), facilitators=("staff:Kim",)),
        draft("two", "def", slot=on("tue", "20:00"), facilitators=("staff:Kim",), open=False),
    ]
    return members, spec, plan_of(members, spec, groups)


def test_every_group_becomes_an_existing_one_with_all_that_it_has() -> None:
    _, spec, plan = led()
    one, two = spec_around(plan, spec).groups
    assert (one.name, one.members, one.facilitators, one.language) == ("one", ("a", "b", "c"), ("staff:Kim",), "en")
    assert one.slot == on("tue", "18:00")
    assert (one.open, two.open) == (True, False)
    assert not one.locked
    assert one.locked_members == ()


def test_all_else_that_was_asked_for_stays() -> None:
    _, spec, plan = led()
    around = spec_around(plan, spec, churn=3)
    assert around.churn == 3
    assert {**dict(around), "groups": (), "churn": None} == dict(spec)


def test_groups_and_members_are_kept_that_are_named_or_locked_by_hand() -> None:
    members, spec, plan = led()
    desk = Editor.of(members, spec, plan, means=MEANS)
    desk = desk.after(desk.lock(member="d"))
    one, two = spec_around(desk.plan, spec, keep=["one"], keep_members=["f"]).groups
    assert (one.locked, two.locked) == (True, False)
    assert two.locked_members == ("d", "f")
    locked = desk.lock(group="two").plan
    assert [group.locked for group in spec_around(locked, spec).groups] == [False, True]


def test_locks_of_the_spec_go_on_for_those_who_are_still_there() -> None:
    members, _, _ = led()
    spec = spec_of(groups=[{"name": "one", "members": ["a", "b", "c"], "locked_members": ["b"]}])
    plan = plan_of(members, spec, [draft("one", "ab"), draft("two", "cd")])
    one, two = spec_around(plan, spec).groups
    assert one.locked_members == ("b",)
    assert two.locked_members == ()


def test_groups_that_the_plan_has_dissolved_are_gone() -> None:
    members, _, _ = led()
    spec = spec_of(groups=[{"name": "old", "members": ["a", "b"]}])
    plan = plan_of(members, spec, [draft("new", "abc")])
    assert [group.name for group in spec_around(plan, spec).groups] == ["new"]


def test_names_and_ids_that_the_plan_does_not_have_are_refused_all_at_once() -> None:
    _, spec, plan = led()
    with pytest.raises(InvalidProblem) as refused:
        spec_around(plan, spec, keep=["three"], keep_members=["g", "a"])
    assert [problem.where for problem in refused.value.problems] == ["keep[three]", "keep_members[g]"]
