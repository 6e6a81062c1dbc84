"""What a coordinator may do to a plan by hand, and what nobody may."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest

from matcher.errors import InvalidProblem, InvalidRequest
from matcher.grouping.edit_answer import EditAnswer
from matcher.grouping.edits import Editor
from matcher.grouping.plan import GroupPlan
from matcher.grouping.spec import GroupSpec
from matcher.grouping.two_members import why_not
from matcher.members.profile import MemberProfile
from matcher.members.sample import sample_members
from matcher.verification.grouping import verify_groups
from tests.grouping.people import DAY, MEANS, draft, hasty_plan, on, people, person, plan_of, spec_of, weekly

HIPS = {"procedures": [{"procedure": "hip-replacement", "date": "2026-01-10"}], "topics": ["sleep"]}


def editor(members: list[MemberProfile], spec: GroupSpec, plan: GroupPlan) -> Editor:
    return Editor.of(members, spec, plan, means=MEANS)


def codes(answer: EditAnswer) -> set[str]:
    return {violation.rule for violation in answer.broken}


def two_groups(
    members: list[MemberProfile] | None = None, **fields: Any
) -> tuple[list[MemberProfile], GroupSpec, Editor]:
    """abc and def, with g and h unplaced."""
    members = members or [*people("abcg"), *people("defh", **HIPS)]
    spec = spec_of(**fields)
    return members, spec, editor(members, spec, plan_of(members, spec, [draft("one", "abc"), draft("two", "def")]))


def replaced(members: list[MemberProfile], *others: MemberProfile) -> list[MemberProfile]:
    changed = {other.member_id: other for other in others}
    return [changed.get(member.member_id, member) for member in members]


def test_a_move_is_made_and_every_number_of_the_new_plan_is_right() -> None:
    members, spec, desk = two_groups()
    answer = desk.move("c", "two")
    assert answer.made
    assert answer.plan.group("one").member_ids == ("a", "b")
    assert answer.plan.group("two").member_ids == ("c", "d", "e", "f")
    assert answer.after == answer.plan.terms
    verify_groups(members, spec, answer.plan, means=MEANS)


def test_the_plan_given_is_not_changed() -> None:
    _, _, desk = two_groups()
    before = desk.plan
    desk.move("c", "two")
    assert desk.plan is before
    assert desk.plan.group("one").member_ids == ("a", "b", "c")


def test_an_answer_prices_the_change_for_everybody_it_touches() -> None:
    _, _, desk = two_groups()
    answer = desk.move("c", "two")
    fits = {change.member_id: change for change in answer.fits}
    assert sorted(fits) == ["a", "b", "c", "d", "e", "f"]
    before, after = fits["c"].before, fits["c"].after
    assert before is not None
    assert after is not None
    assert after < before, "knees fit knees better than hips"
    assert answer.change < 0


def test_somebody_taken_out_is_unplaced_by_hand_and_can_come_back() -> None:
    members, spec, desk = two_groups()
    out = desk.move("c", None)
    assert out.made
    assert [one.code for one in out.plan.unplaced if one.member_id == "c"] == ["by_hand"]
    verify_groups(members, spec, out.plan, means=MEANS)
    back = desk.after(out).move("c", "one")
    assert back.plan.terms == desk.plan.terms
    assert back.plan.groups == desk.plan.groups
    assert back.plan.unplaced == desk.plan.unplaced


def test_a_swap_exchanges_two_members_and_one_of_them_may_be_unplaced() -> None:
    members, spec, desk = two_groups()
    both = desk.swap("a", "d")
    assert both.plan.group("one").member_ids == ("b", "c", "d")
    verify_groups(members, spec, both.plan, means=MEANS)
    with_nobody = desk.swap("g", "a")
    assert with_nobody.plan.group("one").member_ids == ("b", "c", "g")
    assert "a" in [one.member_id for one in with_nobody.plan.unplaced]


def test_a_group_is_dissolved_and_its_members_are_unplaced() -> None:
    members, spec, desk = two_groups()
    answer = desk.dissolve("two")
    assert [group.name for group in answer.plan.groups] == ["one"]
    assert {"d", "e", "f"} <= {one.member_id for one in answer.plan.unplaced}
    verify_groups(members, spec, answer.plan, means=MEANS)


def test_a_mentor_who_led_a_dissolved_group_is_unplaced() -> None:
    members = [*people("abc"), person("m", mentor_approved=True)]
    spec = spec_of(facilitation={"per_group": 1, "approved_mentors": True})
    desk = editor(members, spec, plan_of(members, spec, [draft("one", "abc", facilitators=("m",))]))
    answer = desk.dissolve("one")
    assert "m" in [one.member_id for one in answer.plan.unplaced]
    verify_groups(members, spec, answer.plan, means=MEANS)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"blocked": ["d"]}, "block"),
        ({"birth_year": 2011}, "age_pool"),
        ({"gender": "man", "only_genders": ["man"]}, "gender_wish"),
        ({"role": "caregiver"}, "role"),
        ({"topics": ["sleep"], "avoid_topics": ["sleep"]}, "avoid_topic"),
        ({"languages": ["es"]}, "language"),
    ],
)
def test_no_edit_breaks_a_rule_that_protects_somebody(fields: dict[str, Any], rule: str) -> None:
    members, spec, _ = two_groups()
    members = replaced(members, person("g", **fields))
    desk = editor(members, spec, plan_of(members, spec, [draft("one", "abc"), draft("two", "def")]))
    answer = desk.move("g", "two")
    assert rule in codes(answer)
    assert not answer.made
    assert answer.plan is desk.plan
    assert all("g" in violation.members for violation in answer.broken)


@pytest.mark.parametrize("fields", [{"status": "held"}, {"consent": False}, {"seeks": ["buddy"]}])
def test_nobody_is_placed_by_hand_who_may_be_in_no_group(fields: dict[str, Any]) -> None:
    members, spec, _ = two_groups()
    members = replaced(members, person("g", **fields))
    desk = editor(members, spec, plan_of(members, spec, [draft("one", "abc"), draft("two", "def")]))
    assert not desk.move("g", "one").made


def test_a_refused_edit_still_says_what_it_would_cost() -> None:
    members, spec, _ = two_groups()
    members = replaced(members, person("g", blocked=["a"]))
    desk = editor(members, spec, plan_of(members, spec, [draft("one", "abc"), draft("two", "def")]))
    answer = desk.move("g", "one")
    assert not answer.made
    assert answer.after.placed == answer.before.placed + 1
    assert "g" in [change.member_id for change in answer.fits]


def test_a_group_is_left_with_enough_and_filled_with_no_more_than_fit() -> None:
    _, _, desk = two_groups()
    small = desk.after(desk.move("a", None))
    assert codes(small.move("b", None)) == {"size"}
    full = desk.after(desk.move("g", "one"))
    assert codes(full.move("h", "one")) == {"size"}


def test_somebody_who_cannot_come_is_not_moved_in() -> None:
    members = [*people("abcdef"), person("g", availability=weekly("wed 18:00-20:00"))]
    spec = spec_of(meeting={"time_zone": "UTC", "start_date": "2026-03-02", "weeks": 2})
    slot = on("tue", "18:00")
    plan = plan_of(members, spec, [draft("one", "abc", slot=slot), draft("two", "def", slot=slot)])
    answer = editor(members, spec, plan).move("g", "one")
    assert codes(answer) == {"no_time"}


def test_members_kept_together_move_together_or_not_at_all() -> None:
    _, _, desk = two_groups(together=[["b", "c"]], size={"min": 2, "target": 3, "max": 5})
    assert codes(desk.move("c", "two")) == {"together"}
    assert codes(desk.move(["b", "c"], "two")) == {"size"}, "a alone is no group"
    grown = desk.after(desk.move("g", "one"))
    assert grown.move(["b", "c"], "two").made


def test_members_kept_apart_stay_apart() -> None:
    _, _, desk = two_groups(apart=[["c", "d"]])
    assert codes(desk.move("c", "two")) == {"apart"}


def test_nothing_moves_in_or_out_of_a_locked_group_until_it_is_unlocked() -> None:
    members, spec, desk = two_groups()
    locked = desk.lock(group="two")
    assert locked.made
    assert locked.plan.group("two").locked
    verify_groups(members, spec, locked.plan, means=MEANS)
    desk = desk.after(locked)
    for answer in (desk.move("c", "two"), desk.move("d", None), desk.swap("a", "d"), desk.dissolve("two")):
        assert "locked" in codes(answer)
    assert desk.after(desk.unlock(group="two")).move("c", "two").made


def test_a_locked_member_stays_while_others_move() -> None:
    _, _, desk = two_groups()
    desk = desk.after(desk.lock(member="a"))
    assert codes(desk.swap("a", "d")) == {"locked_members"}
    moved = desk.swap("b", "d")
    assert moved.made
    places = {place.member_id: place.locked for group in moved.plan.groups for place in group.members}
    assert [name for name, locked in places.items() if locked] == ["a"]
    assert desk.after(desk.unlock(member="a")).swap("a", "d").made


def test_a_lock_of_the_spec_holds_until_it_is_taken_off_the_spec() -> None:
    members, _, _ = two_groups()
    spec = spec_of(groups=[{"name": "one", "members": ["a", "b", "c"], "locked": True}])
    plan = plan_of(members, spec, [draft("one", "abc", locked=True), draft("two", "def")])
    desk = editor(members, spec, plan)
    assert [violation.rule for violation in desk.move("c", "two").broken] == ["locked"]
    unlocked = desk.unlock(group="one")
    assert not unlocked.spec.groups[0].locked
    verify_groups(members, unlocked.spec, unlocked.plan, means=MEANS)
    moved = desk.after(unlocked).move("c", "two")
    assert moved.made
    assert moved.plan.moved == ("c",)
    verify_groups(members, moved.spec, moved.plan, means=MEANS)


def test_moves_out_of_existing_groups_stay_within_the_budget() -> None:
    members, _, _ = two_groups()
    spec = spec_of(
        groups=[{"name": "one", "members": ["a", "b", "c"]}], churn=0, size={"min": 2, "target": 3, "max": 4}
    )
    desk = editor(members, spec, plan_of(members, spec, [draft("one", "abc"), draft("two", "def")]))
    assert codes(desk.move("c", "two")) == {"churn"}
    assert desk.move("d", "one").made


def test_a_newcomer_is_not_left_alone() -> None:
    fresh = {"procedures": [{"procedure": "knee-replacement", "date": "2026-03-01"}]}
    members = [*people("abef"), *people("cd", **fresh)]
    spec = spec_of()
    desk = editor(members, spec, plan_of(members, spec, [draft("one", "abcd"), draft("two", "ef")]))
    answer = desk.move("c", "two")
    assert codes(answer) == {"no_lone"}
    assert {violation.members for violation in answer.broken} == {("c",), ("d",)}


def test_what_was_wrong_before_does_not_stop_a_change_that_has_nothing_to_do_with_it() -> None:
    members, spec, desk = two_groups()
    since = replaced(members, person("a", blocked=["b"]))
    plan = editor(since, spec, desk.plan).move("c", None)
    assert plan.made, "the block between a and b stands with or without c"


def test_why_not_these_two() -> None:
    members = [
        person("a", blocked=["b"], gender="woman", only_genders=["woman"]),
        person("b", gender="man", languages=["es"], availability=weekly("wed 18:00-20:00")),
        person("c", consent=False),
        person("d"),
        person("e"),
    ]
    spec = spec_of(meeting={"time_zone": "UTC", "start_date": "2026-03-02", "weeks": 2}, apart=[["d", "e"]])
    found = {violation.rule for violation in why_not(members, spec, "a", "b", DAY)}
    assert found == {"gender_wish", "block", "language", "no_time"}
    assert {violation.rule for violation in why_not(members, spec, "c", "d", DAY)} == {"consent"}
    assert [violation.rule for violation in why_not(members, spec, "e", "d", DAY)] == ["apart"]
    assert why_not(members, spec_of(), "d", "e", DAY) == ()
    with pytest.raises(InvalidRequest):
        why_not(members, spec, "a", "a", DAY)
    with pytest.raises(InvalidRequest):
        why_not(members, spec, "a", "nobody", DAY)


def test_an_editor_knows_why_not_these_two() -> None:
    _, _, desk = two_groups(apart=[["a", "d"]])
    assert [violation.rule for violation in desk.why_not("d", "a")] == ["apart"]
    assert desk.why_not("a", "e") == ()


@pytest.mark.parametrize(
    "ask",
    [
        lambda desk: desk.move("a", "three"),
        lambda desk: desk.move("nobody", "one"),
        lambda desk: desk.swap("a", "b"),
        lambda desk: desk.dissolve("three"),
        lambda desk: desk.lock(),
        lambda desk: desk.lock(group="one", member="a"),
        lambda desk: desk.lock(member="g"),
        lambda desk: desk.unlock(group="three"),
    ],
)
def test_questions_about_nobody_and_nothing_are_refused(ask: Any) -> None:
    _, _, desk = two_groups()
    with pytest.raises(InvalidRequest):
        ask(desk)


def test_a_plan_of_another_spec_or_of_others_is_refused() -> None:
    members, spec, desk = two_groups()
    with pytest.raises(InvalidProblem):
        editor(members, spec_of(name="another"), desk.plan)
    with pytest.raises(InvalidProblem, match="a may be in no group any more"):
        editor(replaced(members, person("a", status="held")), spec, desk.plan)


def test_any_run_of_edits_leaves_a_plan_that_verifies() -> None:
    members = sample_members(60, seed=5)
    spec = spec_of(size={"min": 3, "target": 4, "max": 6}, mix=[{"attribute": "stage_band", "rule": "mixed"}])
    plan = hasty_plan(members, spec)
    desk = editor(members, spec, plan)
    made = 0
    for member, group in itertools.product([one.member_id for one in plan.unplaced][:12], plan.groups):
        answer = desk.move(member, group.name)
        if answer.made:
            made += 1
            desk = desk.after(answer)
            verify_groups(members, spec, desk.plan, means=MEANS)
    for one, other in itertools.combinations(sorted(desk.plan.group_of())[::2], 2):
        group_of = desk.plan.group_of()
        if group_of[one] != group_of[other] and (answer := desk.swap(one, other)).made:
            made += 1
            desk = desk.after(answer)
    verify_groups(members, spec, desk.plan, means=MEANS)
    assert made > 5


def test_an_edit_takes_milliseconds() -> None:
    members = sample_members(1500, seed=5)
    spec = spec_of(size={"min": 3, "target": 4, "max": 6})
    plan = hasty_plan(members, spec)
    assert len(plan.groups) > 40
    desk = editor(members, spec, plan)
    one = plan.groups[0].member_ids[0]
    desk.swap(one, plan.groups[1].member_ids[0])
    start = time.perf_counter()
    for group in plan.groups[1:11]:
        desk.swap(one, group.member_ids[0])
    assert (time.perf_counter() - start) / 10 < 0.2, "some ten milliseconds, on a busy machine"
