"""The solver's own plans: diagnosed, locked and solved again."""

from __future__ import annotations

from typing import Any

from matcher.grouping.edits import Editor
from matcher.grouping.form import form_groups
from matcher.grouping.latecomer import place_latecomer
from matcher.grouping.plan import Diagnosis, GroupPlan
from matcher.grouping.resolve import spec_around
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from matcher.verification.grouping import verify_groups
from tests.grouping.people import DAY, MEANS, people, person, spec_of, weekly

TIMES = {"time_zone": "UTC", "start_date": "2026-03-02", "weeks": 2}


def form(members: list[MemberProfile], spec: GroupSpec, **limits: Any) -> GroupPlan:
    known: dict[str, Any] = {"iterations": 10, "time_limit_s": 60.0, "means": MEANS}
    plan = form_groups(members, spec, DAY, **{**known, **limits})
    verify_groups(members, spec, plan, means=MEANS)
    return plan


def diagnosis(members: list[MemberProfile], spec: GroupSpec) -> Diagnosis:
    found = form(members, spec).diagnosis
    assert found is not None
    assert found.finished
    return found


def blamed(found: Diagnosis) -> set[str]:
    return {rule.code for rule in found.blamed}


def test_a_plan_with_everybody_in_a_group_needs_no_diagnosis() -> None:
    assert form(people("abcdef"), spec_of()).diagnosis is None


def test_no_facilitator_at_their_time() -> None:
    members = [*people("abcd", availability=weekly("mon 18:00-20:00")), *people("efghijk")]
    kim = {"name": "Kim", "time_zone": "UTC", "availability": weekly("mon 18:00-20:00"), "most_groups": 1}
    spec = spec_of(meeting=TIMES, facilitation={"per_group": 1, "staff": [kim]})
    found = diagnosis(members, spec)
    assert found.unplaced == 7
    assert "facilitation" in blamed(found)
    texts = [relief.text for relief in found.reliefs]
    assert (
        "7 members share no time with anybody who may lead; one more facilitator on Tuesdays at 18:00, speaking en"
    ) in texts


def test_a_relief_places_as_many_as_it_says() -> None:
    members = [*people("abcd", availability=weekly("mon 18:00-20:00")), *people("efg")]
    spec = spec_of(meeting={**TIMES, "window": weekly("mon 08:00-22:00")})
    found = diagnosis(members, spec)
    assert blamed(found) == {"window", "meeting"} or blamed(found) == {"window"}
    relief = found.reliefs[0]
    assert relief.text == ("3 members without a group could come then; meet on Tuesdays from 18:00 to 19:00 as well")
    wider = spec_of(meeting={**TIMES, "window": weekly("mon 08:00-22:00", "tue 18:00-19:00")})
    assert form(members, wider).terms.placed == 4 + relief.places


def test_members_who_gave_no_times_can_be_asked() -> None:
    members = [*people("abc"), person("d", availability=[]), person("e", time_zone=None)]
    found = diagnosis(members, spec_of(meeting=TIMES, size={"min": 2, "target": 3, "max": 5}))
    assert "no_availability" in blamed(found)
    first = found.reliefs[0]
    assert first.text == "ask 2 members when they have time; if they can come"
    assert (first.places, first.cost) == (2, 1)


def test_one_too_many_for_a_group() -> None:
    found = diagnosis(people("abcde"), spec_of(size={"min": 3, "target": 4, "max": 4}))
    assert "size_max" in blamed(found)
    assert "5 instead of 4 in the room at most" in [relief.text for relief in found.reliefs]


def test_too_few_for_a_group() -> None:
    members = [*people("abcd"), *people("ef", languages=["es"])]
    found = diagnosis(members, spec_of(size={"min": 3, "target": 4, "max": 4}))
    assert "size_min" in blamed(found)
    assert "2 instead of 3 in the room at least" in [relief.text for relief in found.reliefs]


def test_a_spec_that_nobody_can_meet_gives_a_plan_without_groups_and_says_why() -> None:
    members = [person(day, availability=weekly(f"{day} 18:00-20:00")) for day in ("mon", "wed", "fri")]
    plan = form(members, spec_of(meeting=TIMES, size={"min": 3, "target": 3, "max": 4}))
    assert plan.groups == ()
    assert plan.diagnosis is not None
    assert "meeting" in blamed(plan.diagnosis)


def test_only_members_rules_between_two_are_left() -> None:
    members = [*people("abc"), person("d", blocked=["a", "b", "c"])]
    found = diagnosis(members, spec_of())
    assert blamed(found) == {"block"}
    assert found.reliefs == ()


def test_a_plan_locked_as_a_whole_comes_out_as_it_went_in() -> None:
    members = people("abcdefghijkl", availability=weekly("tue 16:00-22:00"))
    kim = {"name": "Kim", "time_zone": "UTC", "availability": weekly("tue 16:00-22:00")}
    spec = spec_of(meeting=TIMES, facilitation={"per_group": 1, "staff": [kim]})
    plan = form(members, spec)
    again = form(members, spec_around(plan, spec, keep=[group.name for group in plan.groups], churn=0))
    assert [group.name for group in again.groups] == [group.name for group in plan.groups]
    for one, other in zip(plan.groups, again.groups, strict=True):
        assert (one.members, one.facilitators, one.slot, one.language) == (
            other.members, other.facilitators, other.slot, other.language,
        )  # fmt: skip
    assert again.terms == plan.terms
    assert again.moved == ()


def test_solving_around_edits_touches_nothing_that_is_locked() -> None:
    members = [*people("abcdef"), *people("ghijkl", topics=["sleep"]), *people("mn")]
    spec = spec_of()
    desk = Editor.of(members, spec, form(members, spec), means=MEANS)
    first, second, *_ = desk.plan.groups
    desk = desk.after(desk.swap(first.member_ids[0], second.member_ids[0]))
    kept = desk.plan.group(first.name)
    again = form(members, spec_around(desk.plan, spec, keep=[first.name], keep_members=[second.member_ids[1]]))
    assert again.group(first.name).member_ids == kept.member_ids
    assert again.group(first.name).locked
    assert second.member_ids[1] in again.group(second.name).member_ids


def test_a_latecomer_to_a_solved_plan_fits_where_an_edit_can_put_them() -> None:
    members = [*people("abcdef"), *people("ghijk", topics=["sleep"])]
    spec = spec_of(size={"min": 2, "target": 3, "max": 5})
    plan = form(members, spec)
    late = person("z", topics=["sleep"])
    answer = place_latecomer(members, spec, plan, late, means=MEANS)
    assert answer.possible == len(answer.placements) > 0
    best = answer.placements[0]
    assert best.fit == max(placement.fit for placement in answer.placements)
