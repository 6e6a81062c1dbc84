"""Members go on changing while a plan is looked through for its publication."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from matcher import MemberProfile
from matcher.grouping.plan import GroupPlan
from service.settings import Settings
from service.use_cases import change_group_plan
from service.use_cases.block_member import block_member
from service.use_cases.change_group_plan import ROUNDS
from service.use_cases.erase_member import erase_member
from tests.service.groups.conftest import Groups, members_of

PROBLEM = "urn:peer-matcher:problem:"


@pytest.fixture
def after_each_look(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], object]], list[int]]:
    """Let something happen after each time that a plan was looked through: others may write even then."""

    def let(happen: Callable[[int], object]) -> list[int]:
        looked: list[int] = []
        look = change_group_plan._as_of_now

        def meanwhile(*arguments: Any) -> GroupPlan:
            plan = look(*arguments)
            looked.append(len(looked) + 1)
            happen(len(looked))
            return plan

        monkeypatch.setattr(change_group_plan, "_as_of_now", meanwhile)
        return looked

    return let


Let = Callable[[Callable[[int], object]], list[int]]


def test_those_whom_the_plan_does_not_name_are_no_matter(
    groups: Groups, crowd: list[MemberProfile], after_each_look: Let
) -> None:
    address, _ = groups.form()
    stranger = crowd[0].model_copy(update={"member_id": "new"})
    looked = after_each_look(lambda _: groups.served.put(stranger, blocked=["somebody"]))
    assert groups.publish(address, 1).status_code == 200
    assert looked == [1]


def test_one_who_changes_without_end_holds_nothing_up(
    groups: Groups, crowd: list[MemberProfile], after_each_look: Let
) -> None:
    address, formed = groups.form()
    name = members_of(formed)["group-001"][0]
    profile = next(member for member in crowd if member.member_id == name)
    looked = after_each_look(lambda turn: groups.served.put(profile, region=f"region {turn}"))
    assert groups.publish(address, 1).status_code == 200
    assert looked == list(range(1, ROUNDS + 1))


@pytest.mark.parametrize("rule", ["block", "status"])
def test_a_rule_that_is_broken_in_the_last_moment(
    groups: Groups, crowd: list[MemberProfile], after_each_look: Let, rule: str
) -> None:
    address, formed = groups.form()
    one, other = members_of(formed)["group-001"][:2]
    profile = next(member for member in crowd if member.member_id == one)

    def change(turn: int) -> None:
        if turn < ROUNDS:
            groups.served.put(profile, region=f"region {turn}")
        elif rule == "block":
            block_member(groups.served.community, one, other)
        else:
            groups.served.put(profile, status="withdrawn")

    looked = after_each_look(change)
    reply = groups.publish(address, 1)
    assert (reply.status_code, reply.json()["type"]) == (409, PROBLEM + "no-longer-holds")
    assert any(rule in problem["what"] for problem in reply.json()["errors"])
    assert len(looked) == ROUNDS
    assert groups.plan(address)["published_at"] is None


def test_who_is_erased_meanwhile_is_not_published(
    groups: Groups, crowd: list[MemberProfile], after_each_look: Let
) -> None:
    """They came after the plan was formed: it names them only once it has been looked through."""
    address, _ = groups.form()
    for turn in range(1, ROUNDS + 1):
        groups.served.put(crowd[0].model_copy(update={"member_id": f"late-{turn}"}))
    community = groups.served.community
    looked = after_each_look(lambda turn: erase_member(community, f"late-{turn}"))
    assert groups.publish(address, 1).status_code == 412
    assert len(looked) == ROUNDS
    assert groups.plan(address)["published_at"] is None


def test_the_day_turns(groups: Groups, after_each_look: Let, monkeypatch: pytest.MonkeyPatch) -> None:
    address, _ = groups.form()
    today = groups.served.community.settings.today()
    tomorrow = today + timedelta(days=1)
    looked = after_each_look(lambda _: None)
    monkeypatch.setattr(Settings, "today", lambda _: tomorrow if looked else today)
    reply = groups.publish(address, 1)
    assert reply.status_code == 200, reply.text
    assert looked == [1, 2]
    assert reply.json()["plan"]["as_of"] == tomorrow.isoformat()
