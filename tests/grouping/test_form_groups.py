"""What form_groups promises of the search itself: repeatable, within budgets and locks, never endless."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.errors import InvalidProblem, InvalidRequest
from matcher.grouping.annealing import Annealing
from matcher.grouping.blocks import block_of, state_of, whole
from matcher.grouping.cohort import gather
from matcher.grouping.community import Community
from matcher.grouping.form import form_groups
from matcher.grouping.instance import instance_of
from matcher.grouping.lots import lots_of
from matcher.grouping.pair_rules import affinity_of, meeting_table
from matcher.grouping.progress import GroupingProgress
from matcher.grouping.resolve import spec_around
from matcher.grouping.rounds import solve_in_parts
from matcher.grouping.row_bound_of_many import row_bound_of_many
from matcher.grouping.solving import Limits
from matcher.members.sample import SAMPLE_DAY, sample_members
from matcher.verification.grouping import verify_groups
from tests.grouping.people import DAY, MEANS, people, person, spec_of, weekly

TIMES = {"time_zone": "UTC", "start_date": "2026-03-02", "weeks": 2}


def test_threads_do_not_change_a_plan_that_passes_end() -> None:
    members, spec = sample_members(40), spec_of()
    one, two = (
        form_groups(
            members, spec, SAMPLE_DAY, time_limit_s=300, iterations=4, means=MEANS, diagnose=False, threads=threads
        )
        for threads in (1, 2)
    )
    assert one == two
    verify_groups(members, spec, one, means=MEANS)


def test_the_order_of_members_does_not_matter() -> None:
    members, spec = sample_members(40), spec_of()
    plans = [
        form_groups(given, spec, SAMPLE_DAY, time_limit_s=300, iterations=2, means=MEANS, diagnose=False)
        for given in (members, members[::-1])
    ]
    assert plans[0] == plans[1]


def test_locked_groups_stay_and_a_budget_is_kept() -> None:
    members, spec = sample_members(40), spec_of()
    plan = form_groups(members, spec, SAMPLE_DAY, time_limit_s=300, iterations=2, means=MEANS, diagnose=False)
    locked = plan.groups[0]
    around = spec_around(plan, spec, keep=[locked.name], churn=2)
    again = form_groups(members, around, SAMPLE_DAY, 5, 300, iterations=4, means=MEANS, diagnose=False)
    verify_groups(members, around, again, means=MEANS)
    assert again.group(locked.name).member_ids == locked.member_ids
    assert len(again.moved) <= 2
    assert (again.terms.placed, again.terms.total) >= (plan.terms.placed, plan.terms.total - 0.1 - 1e-9)


def test_a_locked_group_of_two_who_block_each_other_is_refused() -> None:
    members = [person("a", blocked=["b"]), *people("bcdefg")]
    spec = spec_of(groups=[{"name": "old", "members": ["a", "b"], "locked": True}])
    with pytest.raises(InvalidProblem, match=r"old breaks the rule block"):
        form_groups(members, spec, DAY, time_limit_s=300, iterations=1, means=MEANS)


def test_five_of_whom_groups_hold_three_or_four() -> None:
    plan = form_groups(people("abcde"), spec_of(size={"min": 3, "target": 3, "max": 4}), DAY, means=MEANS)
    assert plan.terms.placed == 4
    assert [one.code for one in plan.unplaced] == ["no_room"]


def test_alike_members_end_with_a_bound_that_is_met() -> None:
    plan = form_groups(people("abcdef"), spec_of(), DAY, means=MEANS)
    assert (plan.status, plan.gap) == ("optimal", 0.0)
    assert [len(group.members) for group in plan.groups] == [3, 3]


def test_a_mentor_leads_where_that_places_more_and_is_placed_where_not() -> None:
    mentors = [person("m", mentor_approved=True), person("n", mentor_approved=True)]
    spec = spec_of(facilitation={"per_group": 1, "approved_mentors": True}, meeting=TIMES)
    members = [*people("abc"), *mentors]
    plan = form_groups(members, spec, DAY, means=MEANS, diagnose=False)
    verify_groups(members, spec, plan, means=MEANS)
    assert plan.terms.placed == 4
    assert len(plan.groups) == 1


def test_reasons_name_what_is_missing() -> None:
    members = [*people("abcd"), person("early", availability=weekly("mon 08:00-10:00"))]
    plan = form_groups(members, spec_of(meeting=TIMES), DAY, means=MEANS, diagnose=False)
    assert [(one.member_id, one.code) for one in plan.unplaced] == [("early", "no_time")]


def test_a_cancelled_search_returns_a_plan_that_keeps_the_rules() -> None:
    members, spec = sample_members(40), spec_of()
    plan = form_groups(members, spec, SAMPLE_DAY, time_limit_s=300, cancel=lambda: True, means=MEANS)
    assert plan.status == "cancelled"
    verify_groups(members, spec, plan, means=MEANS)


def test_progress_rises_to_the_end() -> None:
    seen: list[GroupingProgress] = []
    form_groups(
        sample_members(40), spec_of(), SAMPLE_DAY, 0, 60, seen.append, iterations=9, means=MEANS, diagnose=False
    )
    assert [report.share_done for report in seen] == sorted(report.share_done for report in seen)
    assert all(report.objective <= report.upper_bound for report in seen)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"time_limit_s": 0}, {"iterations": 0}, {"threads": 0}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidRequest):
        form_groups(people("abcd"), spec_of(), DAY, **wrong)  # type: ignore[arg-type]


def test_rules_on_codes_are_the_rules_on_profiles() -> None:
    members, spec = sample_members(150, seed=3), spec_of(apart=[["m0000001", "m0000002"]])
    instance = instance_of(gather(members, spec, SAMPLE_DAY, MEANS))
    community = Community.of(members, spec, SAMPLE_DAY, MEANS)
    ids = [member.member_id for member in instance.cohort.members]
    places = np.arange(len(ids))
    table = meeting_table(instance.codes, places, places)
    for one, name in enumerate(ids):
        broken = community.conflicts_of(name)
        assert [not broken(other) or other == name for other in ids] == table[one].astype(bool).tolist()
    scores = affinity_of(instance.codes, instance.cohort.rows, places, instance.cohort.scoring, 0.0)
    assert np.allclose(scores, np.where(table == 1, community.scores(ids), -1.0))


def test_parts_together_keep_every_rule_and_the_bound_holds_for_them() -> None:
    members, spec = sample_members(1350, seed=1), spec_of()
    plan = form_groups(members, spec, SAMPLE_DAY, 0, 300, iterations=4, means=MEANS, diagnose=False)
    verify_groups(members, spec, plan, means=MEANS)
    assert plan.iterations == 4
    assert plan.terms.total <= plan.upper_bound
    instance = instance_of(gather(members, spec, SAMPLE_DAY, MEANS))
    assert row_bound_of_many(instance, 60.0) <= row_bound_of_many(instance, 1e-9)
    limits = Limits(float("inf"), 4, lambda: False, 1)
    solved = solve_in_parts(instance, 0, limits, lambda *_: None)
    assert solved.placed == plan.terms.placed
    assert solved.total == pytest.approx(plan.terms.total)


def test_where_nobody_can_be_with_anybody_nobody_is() -> None:
    members, spec = sample_members(40), spec_of(thresholds={"pair_score": 1.0})
    plan = form_groups(members, spec, SAMPLE_DAY, 0, 300, iterations=2, means=MEANS, diagnose=False)
    assert plan.iterations == 2
    assert plan.terms.placed == 0
    verify_groups(members, spec, plan, means=MEANS)


def test_masks_hold_while_facilitators_lead_several_groups() -> None:
    """A group could move to an hour at which its facilitator leads another one by then."""
    hours = weekly(*(f"{day} 08:00-22:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat")))
    staff = [
        {"name": f"Staff {n}", "languages": ["en"], "time_zone": "UTC", "availability": hours, "most_groups": 4}
        for n in range(9)
    ]
    spec = spec_of(meeting=TIMES, facilitation={"per_group": 1, "staff": staff})
    instance = instance_of(gather(sample_members(240, seed=3), spec, SAMPLE_DAY, MEANS))
    part = whole(instance)
    block = block_of(instance, part)
    run = Annealing(block, state_of(block, part, lots_of(5)))
    run.begin()
    led_twice = 0
    for done in range(3):
        run.one_pass(0.1, done / 3, (done + 1) / 3)
        state = run.state
        for g in np.flatnonzero(state.size > 0).tolist():
            assert state.value[g] > -1e299
            assert int(state.common[g, state.slot[g] >> 6]) >> int(state.slot[g] & 63) & 1
            for h in np.flatnonzero((state.leaders == state.leaders[g]).all(axis=1) & (state.size > 0)).tolist():
                if h != g:
                    led_twice += 1
                    assert not (state.allowed[h] & block.overlap[state.slot[g]]).any()
    assert led_twice
