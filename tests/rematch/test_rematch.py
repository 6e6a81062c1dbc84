"""Whole rematches: promises on any community and past, the same bytes whatever the order, and bad input."""

from __future__ import annotations

import dataclasses
import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher import RematchConfig, RematchPlan, rematch, verify_rematch
from matcher.errors import InvalidProblem, InvalidRequest
from matcher.grouping.existing import ExistingGroup
from matcher.members.sample import SAMPLE_DAY
from matcher.rematch.history import FitCheck, History, Tie, works
from matcher.rematch.rematch import PHASES
from matcher.rematch.standing import banned_pairs
from matcher.verification.eligibility import check_pair
from tests.rematch.communities import community, past


def run(members: Any, history: History, seed: int = 0, **config: Any) -> RematchPlan:
    return rematch(members, history, RematchConfig.parse({"audit": [], **config}), SAMPLE_DAY, seed)


def bytes_of(plan: RematchPlan) -> str:
    return repr(dataclasses.replace(plan, timings={}))


configs = st.fixed_dictionaries(
    {
        "churn": st.sampled_from(
            [{}, {"limit": 0}, {"limit": 3}, {"share": 0.3}, {"share": 1.0}, {"share": 0.2, "sweep": [0.5, 1, 4]}]
        ),
        "protect": st.sampled_from([{}, {"days": 30}, {"works": True}]),
        "bonus": st.sampled_from([{}, {"kept": 0.2, "works": 0.3}]),
        "buddies": st.fixed_dictionaries(
            {
                "objective": st.sampled_from(["total", "coverage", "stable"]),
                "each": st.integers(1, 2),
                "triads": st.booleans(),
                "neighbours": st.sampled_from([3, 32]),
                "threshold": st.sampled_from([0.0, 0.5]),
            }
        ),
        "ties": st.sampled_from([["buddy"], ["mentor"], ["buddy", "mentor"]]),
        "no_repeat_days": st.sampled_from([None, 90]),
        "gap": st.sampled_from([0.0, 0.02]),
        "audit": st.just([]),  # gaps between subgroups have tests of their own
    }
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs, st.integers(0, 50), st.sampled_from([12, 60]))
def test_promises_on_any_community_and_past(fields: dict[str, Any], seed: int, n: int) -> None:
    members, config = community(n, seed % 3), RematchConfig.parse(fields)
    history = past(members, seed)
    plan = rematch(members, history, config, SAMPLE_DAY)
    verify_rematch(members, history, config, plan)
    by_id = {member.member_id: member for member in members}
    banned = banned_pairs(history, config, SAMPLE_DAY)
    current = {tie.key: tie for tie in history.current(config.kinds)}
    for tie in plan.ties:
        assert not check_pair(by_id[tie.member_id], by_id[tie.peer_id], SAMPLE_DAY, tie.kind)
        pair = tuple(sorted((tie.member_id, tie.peer_id)))
        assert pair not in {tuple(sorted(never)) for never in history.never}
        assert tie.key in current or (pair not in banned and tie.score >= config.of_kind(tie.kind).threshold - 1e-6)
    made = {tie.key for tie in plan.ties}
    void = {one.tie.key for one in plan.void}
    assert {tie.key for tie in plan.broken} == current.keys() - void - made
    limit = plan.churn.plan.limit
    assert limit is None or len(plan.broken) <= limit
    assert plan.churn.plan.broken == len(plan.broken)
    assert not any(tie.protected for tie in plan.broken)
    assert not any(works(tie) and config.protect.works for tie in plan.broken)
    points = plan.churn.points
    assert all(few.objective <= more.objective for few, more in itertools.pairwise(points))
    assert all(point.limit is None or point.broken <= point.limit for point in points)
    assert all(point.objective <= point.bound for point in points)
    assert config.buddies.objective == "stable" or points[-1].objective >= (1 - config.gap) * points[-1].bound
    changed = {name for tie in (*plan.broken,) for name in tie.pair}
    assert changed <= set(plan.diff.affected)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 20), configs)
def test_the_same_whatever_the_order_and_the_executor(seed: int, fields: dict[str, Any]) -> None:
    members, history = community(60, 1), past(community(60, 1), seed)
    config = RematchConfig.parse(fields)
    once = rematch(members, history, config, SAMPLE_DAY, seed)
    rng = random.Random(seed)
    shuffled, ties = list(members), list(history.ties)
    rng.shuffle(shuffled)
    rng.shuffle(ties)
    with ThreadPoolExecutor(2) as executor:
        again = rematch(
            shuffled, dataclasses.replace(history, ties=tuple(ties)), config, SAMPLE_DAY, seed, executor=executor
        )
    assert bytes_of(once) == bytes_of(again)


def test_groups_stay_as_far_as_the_limit_asks() -> None:
    members = community(60)
    fields: dict[str, Any] = {"ties": ["buddy", "group"], "groups": {"iterations": 1}}
    first = run(members, History(), **fields).groups
    assert first is not None
    in_force = tuple(
        ExistingGroup(name=one.name, members=(*one.member_ids, f"gone-{one.name}")) for one in first.groups
    )
    assert in_force
    history = History(groups=in_force)
    plan = run(members, history, churn={"groups": 0}, **fields)
    assert plan.groups is not None
    assert plan.groups.moved == plan.groups.must_leave == ()
    assert plan.left_groups == tuple((one.name, f"gone-{one.name}") for one in in_force)
    change = next(one for one in plan.diff.kinds if one.kind == "group")
    assert (change.broken, change.void) == (0, len(in_force))
    assert change.kept == sum(len(one.member_ids) for one in first.groups)
    for one in first.groups:
        assert set(one.member_ids) <= set(plan.groups.group(one.name).member_ids)
    assert bytes_of(plan) == bytes_of(run(members[::-1], history, churn={"groups": 0}, **fields))


def test_groups_that_are_formed_anew_are_changes_for_everybody_who_was_in_one() -> None:
    alone = "held-one"
    held = community(60)[0].model_copy(update={"member_id": alone, "status": "held"})
    members = (*community(60), held)
    fields: dict[str, Any] = {"ties": ["group"], "groups": {"iterations": 1, "incumbents": False}}
    first = run(members, History(), **fields).groups
    assert first is not None
    names = [one.name for one in first.groups]
    in_force = [ExistingGroup(name=one.name, members=one.member_ids) for one in first.groups]
    in_force[0] = ExistingGroup(name=names[0], members=(*first.groups[0].member_ids, alone, "gone"))
    plan = run(members, History(groups=tuple(in_force)), **fields)
    assert plan.groups is not None
    assert plan.groups.spec_hash == first.spec_hash
    (change,) = plan.diff.kinds
    assert [one.name for one in plan.groups.groups] == names, "new ones, though they are called the same"
    placed = sorted(first.group_of())
    assert (change.kept, change.new, change.broken, change.void) == (0, len(placed), len(placed) + 1, 1)
    assert (change.gain, change.lose, list(change.change)) == ((), (alone,), placed)


def test_ties_of_people_who_are_gone_or_may_not_meet_are_void_and_no_churn() -> None:
    members = community(60)
    adult = next(one for one in members if one.status == "active" and one.consent and "buddy" in one.seeks)
    held = adult.model_copy(update={"member_id": "held-one", "status": "held"})
    history = History(
        (Tie("buddy", adult.member_id, "gone"), Tie("buddy", adult.member_id, "held-one", protected=True))
    )
    plan = run([*members, held], history, churn={"limit": 0})
    found = {one.tie.peer_id: one.rules for one in plan.void}
    assert found["gone"] == ("gone",)
    assert "status" in found["held-one"]
    assert plan.broken == ()
    assert plan.churn.could_stand == 0


def test_declined_pairs_never_meet_again_inside_the_window() -> None:
    members = community(12)
    first = run(members, History(), ties=["buddy"]).pairs
    over = SAMPLE_DAY - timedelta(days=30)
    history = History(tuple(Tie("buddy", tie.member_id, tie.peer_id, "declined", over, over) for tie in first))
    for days, repeats in ((None, False), (30, False), (29, True)):
        again = {tie.key for tie in run(members, history, ties=["buddy"], no_repeat_days=days).pairs}
        assert (again == {tie.key for tie in first}) == repeats
        assert repeats or not again & {tie.key for tie in first}


def test_more_ties_than_room_the_protected_and_working_stay() -> None:
    members = community(60)
    model = next(one for one in members if sum(not check_pair(one, other, SAMPLE_DAY) for other in members) > 3)
    one = model.model_copy(update={"member_id": "popular", "buddy_capacity": 1})
    everybody = [*members, one]
    peers = [
        member.member_id for member in members if not check_pair(one, member, SAMPLE_DAY) and member.buddy_capacity
    ][:3]
    ties = (
        Tie("buddy", "popular", peers[0]),
        Tie("buddy", "popular", peers[1], fits=(FitCheck("popular", 5),)),
        Tie("buddy", peers[2], "popular", protected=True),
    )
    plan = run(everybody, History(ties), ties=["buddy"])
    assert {(item.tie.pair, item.rules) for item in plan.void} == {
        (ties[0].pair, ("no_room",)),
        (ties[1].pair, ("no_room",)),
    }
    assert ties[2].key in {tie.key for tie in plan.pairs}


def test_nobody_and_nobody_to_match() -> None:
    empty = run([], past(community(12), 0), churn={"share": 0.5, "sweep": [0.1]})
    assert (empty.ties, empty.unmatched, empty.churn.could_stand) == ((), (), 0)
    assert all(one.rules == ("gone",) for one in empty.void)
    members = [member.model_copy(update={"status": "held"}) for member in community(60)]
    held = run(members, past(community(60), 0), baselines=["random", "procedure", "stage"])
    assert (held.ties, held.unmatched) == ((), ())
    assert all("status" in one.rules or one.rules == ("gone",) for one in held.void)
    assert held.metrics["plan"][-1].ties == 0


def test_phases_come_in_order_and_what_progress_raises_ends_the_run() -> None:
    told: list[tuple[str, float]] = []
    members = community(60)
    config = RematchConfig.parse({"ties": ["buddy", "group"], "groups": {"iterations": 1}})
    rematch(members, History(), config, SAMPLE_DAY, progress=lambda *at: told.append(at))
    assert set(dict(told)) == set(PHASES)
    assert list(dict.fromkeys(phase for phase, _ in told)) == list(PHASES)
    assert all(0 <= share <= 1 for _, share in told)
    assert dict(told) == dict.fromkeys(PHASES, 1.0)

    def stop(phase: str, _: float) -> None:
        if phase == "pairing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rematch(members, History(), config, SAMPLE_DAY, progress=stop)


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="seed"):
        rematch(community(12), History(), RematchConfig(), SAMPLE_DAY, -1)
    config = RematchConfig.parse({"ties": ["group"], "groups": {"spec": {"who": {"member_ids": ["nobody"]}}}})
    with pytest.raises(InvalidProblem, match="nobody has the id"):
        rematch(community(12), History(), config, SAMPLE_DAY)


def test_the_seed_of_the_config_comes_first() -> None:
    members = community(12)
    assert run(members, History(), 5).seed == 5
    config = RematchConfig.parse({"seed": 7})
    assert rematch(members, History(), config, SAMPLE_DAY, 5).seed == 7
