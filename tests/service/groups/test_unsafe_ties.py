"""Two of whom one felt unsafe in a tie are in no group together, and all that anybody is told is what a block says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher import MemberProfile
from matcher.grouping.plan import GroupPlan
from service.storage import matches
from service.storage.match_row import MatchRow
from service.use_cases import change_group_plan
from service.use_cases.block_member import block_member
from service.use_cases.end_match import end_match
from service.use_cases.jobs import new_id
from tests.service.conftest import bearer
from tests.service.groups.conftest import Groups, members_of

PROBLEM = "urn:peer-matcher:problem:"


def end_tie(groups: Groups, one: str, other: str, reason: str = "unsafe") -> None:
    """A tie that both had accepted, ended by the second of the two."""
    community = groups.served.community
    at = community.settings.now()
    row = MatchRow(new_id(), "buddy", one, other, "accepted", at, "9999", "yes", at, None, "yes", at, accepted_at=at)
    community.database.write(lambda connection: matches.add(connection, [row]))
    end_match(community, row.match_id, other, reason)


def together(plan: dict[str, Any], one: str, other: str) -> bool:
    return any({one, other} <= set(group) for group in members_of(plan).values())


def says_block(problems: list[dict[str, Any]], one: str, other: str) -> bool:
    return any(told["what"].startswith("block") and {one, other} <= names_in(told["what"]) for told in problems)


def names_in(text: str) -> set[str]:
    return set(text.rpartition("(")[2].rstrip(")").split(", "))


def test_formed_and_solved_again_without_them_and_no_file_says_why(groups: Groups) -> None:
    address, before = groups.form()
    one, other = members_of(before)["group-001"][:2]
    end_tie(groups, other, one)
    again = groups.ask("POST", f"{address}:resolve", json={"iterations": 2}).headers["location"]
    groups.work()
    new, after = groups.form()
    for path, plan in ((again, groups.plan(again)), (new, after)):
        assert plan["state"] == "done"
        assert not together(plan, one, other)
        assert plan["spec"]["apart"] == []
        texts = [groups.ask("GET", f"{path}/files/{name}").content for name in plan["files"]]
        assert not any(b"unsafe" in text for text in texts)
    assert groups.publish(new, 1).json()["plan"] == after["plan"], "what was formed is what is published"
    assert after["spec"] == before["spec"]


def test_changed_by_hand(groups: Groups) -> None:
    address, formed = groups.form()
    (_, here), (second, there) = list(members_of(formed).items())[:2]
    one, other = here[0], there[0]
    end_tie(groups, one, other)
    moved = {"edit": "move", "members": [one], "group": second}
    swapped = {"edit": "swap", "members": [one, there[1]]}
    asked = f"/v1/members/{one}/why-not/{other}?plan_id={formed['plan_id']}"
    told = []
    for _ in range(2):
        replies = [groups.edit(address, 1, **edit) for edit in (moved, swapped, moved | {"dry_run": True})]
        for reply in replies:
            assert (reply.status_code, reply.json()["type"]) == (409, PROBLEM + "breaks-rules")
            assert says_block(reply.json()["errors"], one, other)
        told.append(([reply.json()["errors"] for reply in replies], groups.ask("GET", asked).json()))
        block_member(groups.served.community, one, other)
    assert told[0] == told[1], "with a block or without"
    assert [obstacle["rule"] for obstacle in told[0][1]["obstacles"]] == ["block"]


def test_a_lock_that_keeps_them_together_is_refused_when_groups_are_formed(groups: Groups) -> None:
    address, formed = groups.form()
    first, (one, other, *_) = next(iter(members_of(formed).items()))
    end_tie(groups, one, other)
    assert groups.edit(address, 1, edit="lock", group=first).status_code == 200
    assert groups.publish(address, 2).status_code == 409
    told = []
    for _ in range(2):
        again = groups.ask("POST", f"{address}:resolve", json={"iterations": 1}).headers["location"]
        groups.work()
        told.append(groups.plan(again))
        block_member(groups.served.community, one, other)
    assert [plan["state"] for plan in told] == ["failed", "failed"]
    assert told[0]["problem"] == told[1]["problem"]
    assert "block" in str(told[0]["problem"]["errors"])


def test_no_place_for_a_latecomer(groups: Groups, crowd: list[MemberProfile]) -> None:
    _, formed = groups.form(spec={"name": "Circles", "size": {"min": 3, "target": 3, "max": 6}})
    groups.served.put(crowd[3].model_copy(update={"member_id": "late"}))
    asked = f"/v1/members/late/placements?plan_id={formed['plan_id']}&k=100"
    best = groups.ask("GET", asked).json()["placements"][0]["group"]
    there = members_of(formed)[best][0]
    end_tie(groups, "late", there)
    unsafe = groups.ask("GET", asked).json()
    assert best not in {place["group"] for place in unsafe["placements"]}
    move = {"edit": "move", "members": ["late"], "group": best}
    refused = groups.edit(f"/v1/group-plans/{formed['plan_id']}", 1, **move)
    assert (refused.status_code, says_block(refused.json()["errors"], "late", there)) == (409, True)
    block_member(groups.served.community, "late", there)
    assert groups.ask("GET", asked).json() == unsafe


def test_not_published_and_what_is_published_holds_no_more(groups: Groups) -> None:
    address, formed = groups.form()
    one, other, third, *_ = members_of(formed)["group-001"]
    published, _ = groups.form()
    assert groups.publish(published, 1).status_code == 200
    end_tie(groups, one, other)
    reply = groups.publish(address, 1)
    assert (reply.status_code, reply.json()["type"]) == (409, PROBLEM + "no-longer-holds")
    assert says_block(reply.json()["errors"], one, other)
    assert says_block(warned := groups.plan(published)["no_longer_holds"], one, other)
    platform = bearer(groups.served.community)
    shown = {name: groups.ask("GET", f"/v1/members/{name}/groups", platform).json() for name in (one, other, third)}
    assert other not in shown[one]["groups"][0]["members"]
    assert one not in shown[other]["groups"][0]["members"]
    assert {one, other} <= set(shown[third]["groups"][0]["members"])
    block_member(groups.served.community, other, one)
    assert groups.publish(address, 1).json()["errors"] == reply.json()["errors"]
    assert groups.plan(published)["no_longer_holds"] == warned
    for name, groups_of in shown.items():
        assert groups.ask("GET", f"/v1/members/{name}/groups", platform).json() == groups_of


def test_felt_unsafe_while_it_is_published(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    address, formed = groups.form()
    one, other = members_of(formed)["group-001"][:2]
    meanwhile(monkeypatch, lambda: end_tie(groups, one, other))
    reply = groups.publish(address, 1)
    assert (reply.status_code, reply.json()["type"]) == (409, PROBLEM + "no-longer-holds")
    assert says_block(reply.json()["errors"], one, other)


def test_another_end_keeps_nobody_apart(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    address, formed = groups.form()
    one, other = members_of(formed)["group-001"][:2]
    end_tie(groups, one, other, "no_fit")
    looked = meanwhile(monkeypatch, lambda: end_tie(groups, one, other, "no_contact"))
    reply = groups.publish(address, 1)
    assert (reply.status_code, len(looked)) == (200, 1)
    assert reply.json()["plan"] == formed["plan"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, happen: Callable[[], None]) -> list[GroupPlan]:
    """Let something happen each time that a plan was looked through for its publication."""
    looked: list[GroupPlan] = []
    look = change_group_plan._as_of_now

    def then(*arguments: Any) -> GroupPlan:
        looked.append(look(*arguments))
        happen()
        return looked[-1]

    monkeypatch.setattr(change_group_plan, "_as_of_now", then)
    return looked
