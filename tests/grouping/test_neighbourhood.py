"""The part of a large plan in which a diagnosis looks stands for the whole: what it can do, the whole plan can."""

from __future__ import annotations

from collections import Counter

from matcher.grouping.draft import GroupDraft
from matcher.grouping.neighbourhood import case_around
from matcher.grouping.plan import GroupPlan
from matcher.grouping.relaxation import Case
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from tests.grouping.people import DAY, draft, on, people, person, plan_of, spec_of, weekly

TIMES = {"time_zone": "UTC", "start_date": "2026-03-02", "weeks": 2}


def names(letter: str, count: int) -> str:
    return " ".join(f"{letter}{number:04}" for number in range(count))


def many(spec: GroupSpec | None = None) -> tuple[list[MemberProfile], GroupSpec, GroupPlan]:
    """300 groups of four: two thirds in English, one third in Spanish; 30 and 10 without a group."""
    members = [*people(names("e", 830)), *people(names("s", 410), languages=["es"])]
    spec = spec or spec_of()
    groups = [draft(f"en-{g:03}", [f"e{4 * g + seat:04}" for seat in range(4)]) for g in range(200)]
    groups += [draft(f"es-{g:03}", [f"s{4 * g + seat:04}" for seat in range(4)], language="es") for g in range(100)]
    return members, spec, plan_of(members, spec, groups)


def case(members: list[MemberProfile], spec: GroupSpec, plan: GroupPlan, most: int = 600) -> Case:
    return case_around(members, spec, plan, DAY, most)


def test_a_small_community_is_looked_at_as_a_whole() -> None:
    members, spec = people("abcdefg"), spec_of(most_groups=2)
    plan = plan_of(members, spec, [draft("one", "abc"), draft("two", "def")])
    found = case(members, spec, plan)
    assert found.watched == set("abcdefg")
    assert found.spec.most_groups == 2


def test_of_a_large_one_the_unplaced_and_groups_of_their_languages_are() -> None:
    members, spec, plan = many()
    found = case(members, spec, plan, 200)
    assert {one.member_id for one in plan.unplaced} <= found.watched
    assert 180 <= len(found.watched) <= 210
    spoken = Counter(name[0] for name in found.watched)
    assert 0.15 < spoken["s"] / spoken.total() < 0.4


def test_groups_are_taken_whole() -> None:
    members, spec, plan = many()
    found = case(members, spec, plan, 200)
    for group in plan.groups:
        inside = found.watched.intersection(group.member_ids)
        assert not inside or inside == set(group.member_ids)


def test_of_a_great_many_unplaced_some_are_looked_at() -> None:
    members, spec = people(names("e", 2000)), spec_of()
    plan = plan_of(members, spec, [])
    assert 250 <= len(case(members, spec, plan).watched) <= 300


def test_groups_outside_count_against_the_number_of_groups() -> None:
    members, spec, plan = many(spec_of(most_groups=305))
    found = case(members, spec, plan, 200)
    inside = sum(not found.watched.isdisjoint(group.member_ids) for group in plan.groups)
    assert found.spec.most_groups == 305 - (300 - inside)


def test_wishes_about_others_are_left_out() -> None:
    spec = spec_of(together=[["e0800", "e0801"], ["s0000", "s0001"]], apart=[["e0800", "s0004", "e0803"]])
    members, spec, plan = many(spec)
    found = case(members, spec, plan, 50)
    for wish in (*found.spec.together, *found.spec.apart):
        assert found.watched.issuperset(wish)
    assert ("e0800", "e0801") in found.spec.together
    assert "e0800" in found.watched


def led() -> tuple[list[MemberProfile], GroupSpec, list[GroupDraft]]:
    """Two leaders with two groups each on Tuesdays, and with time for one more."""
    members = people(names("e", 20), availability=weekly("tue 17:00-22:00"))
    hours = {"time_zone": "UTC", "availability": weekly("tue 17:00-22:00"), "most_groups": 3}
    spec = spec_of(
        meeting=TIMES,
        facilitation={"per_group": 1, "staff": [{"name": "Kim", **hours}, {"name": "Lee", **hours, "most_groups": 2}]},
    )
    groups = [
        draft(
            f"g{g}",
            [f"e{4 * g + seat:04}" for seat in range(4)],
            slot=on("tue", ("18:00", "20:00")[g % 2]),
            facilitators=(("staff:Kim", "staff:Lee")[g // 2],),
        )
        for g in range(4)
    ]
    return members, spec, groups


def test_staff_are_not_free_while_they_lead_groups_outside() -> None:
    members, spec, groups = led()
    plan = plan_of(members, spec, groups)
    found = case(members, spec, plan, 8)
    inside = [group for group in plan.groups if not found.watched.isdisjoint(group.member_ids)]
    assert len(inside) == 1
    outside = Counter(leader for group in plan.groups if group not in inside for leader in group.facilitators)
    staff = {one.name: one for one in found.spec.facilitation.staff}
    for one in spec.facilitation.staff:
        left = one.most_groups - outside[f"staff:{one.name}"]
        assert (one.name in staff) == (left > 0)
        if left:
            assert staff[one.name].most_groups == left
            own = [g for g in plan.groups if g not in inside and g.facilitators == (f"staff:{one.name}",)]
            taken = [group.slot.start for group in own if group.slot is not None]
            free = [(slot.start, slot.end) for slot in staff[one.name].availability]
            assert not any(start <= time < end for time in taken for start, end in free)


def test_members_who_lead_outside_are_not_there_and_groups_of_one_leader_stay_together() -> None:
    members = [*people(names("e", 20)), *people(names("m", 2))]
    spec = spec_of(facilitation={"per_group": 1, "members": ["m0000", "m0001"], "most_groups": 2})
    groups = [
        draft(f"g{g}", [f"e{4 * g + seat:04}" for seat in range(4)], facilitators=(f"m000{g // 2}",)) for g in range(4)
    ]
    plan = plan_of(members, spec, groups)
    found = case(members, spec, plan, 8)
    inside = [group.facilitators for group in plan.groups if not found.watched.isdisjoint(group.member_ids)]
    assert len(inside) == 2
    assert len(set(inside)) == 1
    assert found.spec.facilitation.members == inside[0]
    assert {one.member_id for one in found.members} - found.watched == set(inside[0])


def test_moves_outside_are_taken_from_the_budget() -> None:
    members = people(names("e", 20))
    existing = [{"name": f"g{g}", "members": [f"e{4 * g + seat:04}" for seat in range(4)]} for g in range(4)]
    spec = spec_of(groups=existing, churn=5)
    groups = [draft(f"g{g}", [f"e{4 * g + seat:04}" for seat in range(1, 4)]) for g in range(4)]
    groups[3] = draft("g3", ["e0000", "e0013", "e0014", "e0015"])
    plan = plan_of(members, spec, groups)
    assert plan.moved == ("e0000", "e0004", "e0008", "e0012")
    found = case(members, spec, plan, 12)
    kept = {member for group in found.spec.groups for member in group.members}
    assert found.spec.churn == 5 - len(set(plan.moved) - kept)


def test_those_whom_no_spec_could_place_are_not_looked_at() -> None:
    members = [*people("abcd"), person("x", status="held"), person("y", availability=[]), person("z", seeks=["buddy"])]
    spec = spec_of(meeting=TIMES)
    plan = plan_of(members, spec, [draft("one", "abc", slot=on("tue", "18:00"))])
    assert case(members, spec, plan).watched == set("abcdy")
