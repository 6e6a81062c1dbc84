"""Published groups, as members see them who are in them, and what of them holds no more."""

from __future__ import annotations

from typing import Any

import pytest

from matcher import MemberProfile
from service.storage import group_members
from tests.service.conftest import bearer
from tests.service.groups.conftest import SPEC, Groups, members_of

PROBLEM = "urn:peer-matcher:problem:"


def published(groups: Groups, **changed: Any) -> tuple[str, dict[str, Any]]:
    address, _ = groups.form(**changed)
    return address, publish(groups, address)


def publish(groups: Groups, address: str) -> dict[str, Any]:
    revision = groups.plan(address)["revision"]
    reply = groups.ask("POST", f"{address}:publish", {"if-match": f'"{revision}"'})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def own(groups: Groups, member_id: str) -> list[dict[str, Any]]:
    reply = groups.ask("GET", f"/v1/members/{member_id}/groups", bearer(groups.served.community))
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["groups"]
    return found


def test_every_member_finds_their_own_group(groups: Groups) -> None:
    meeting = {"time_zone": "Europe/Lisbon", "start_date": "2026-01-05"}
    _, formed = groups.form(spec={"name": "Pairs", "size": {"min": 2, "target": 2, "max": 3}, "meeting": meeting})
    assert own(groups, formed["plan"]["groups"][0]["members"][0]["member_id"]) == [], "not before it is published"
    address = f"/v1/group-plans/{formed['plan_id']}"
    plan = publish(groups, address)
    for group in plan["plan"]["groups"]:
        ids = [place["member_id"] for place in group["members"]]
        for place in group["members"]:
            (seen,) = own(groups, place["member_id"])
            assert (seen["plan_id"], seen["name"], seen["leads"]) == (plan["plan_id"], group["name"], False)
            assert (seen["slot"], seen["local_times"]) == (group["slot"], place["local_times"])
            assert seen["published_at"] == plan["published_at"]
            assert seen["members"] == [one for one in ids if one != place["member_id"]]
    for one in plan["plan"]["unplaced"]:
        assert own(groups, one["member_id"]) == []
    reply = groups.ask("GET", "/v1/members/nobody/groups")
    assert (reply.status_code, reply.json()["type"]) == (404, PROBLEM + "unknown-member")


def test_what_was_published_last_of_a_line_counts(groups: Groups) -> None:
    first, plan = published(groups)
    member_id = plan["plan"]["groups"][0]["members"][0]["member_id"]
    between = groups.ask("POST", f"{first}:resolve", json={"churn": 0, "iterations": 1}).headers["location"]
    groups.work()
    last = groups.ask("POST", f"{between}:resolve", json={"churn": 0, "iterations": 1}).headers["location"]
    other, _ = published(groups)
    groups.work()
    assert sorted(seen["plan_id"] for seen in own(groups, member_id)) == sorted([first[-24:], other[-24:]])
    publish(groups, last)
    assert sorted(seen["plan_id"] for seen in own(groups, member_id)) == sorted([last[-24:], other[-24:]])


@pytest.mark.parametrize("changed", [{"status": "held"}, {"status": "withdrawn"}, {"consent": False}])
def test_who_has_gone_is_shown_to_nobody(groups: Groups, crowd: list[MemberProfile], changed: dict[str, Any]) -> None:
    address, plan = published(groups)
    assert plan["no_longer_holds"] == groups.plan(address)["no_longer_holds"] == []
    first, second, *_ = (place["member_id"] for place in plan["plan"]["groups"][0]["members"])
    groups.served.put(next(member for member in crowd if member.member_id == first), **changed)
    assert own(groups, first) == []
    assert first not in own(groups, second)[0]["members"]
    warned = groups.plan(address)["no_longer_holds"]
    assert any(first in one["what"] for one in warned)


def test_two_between_whom_a_block_stands(groups: Groups) -> None:
    address, plan = published(groups)
    first, second, third, *_ = (place["member_id"] for place in plan["plan"]["groups"][0]["members"])
    blocked = {"member_id": first, "blocked": second}
    assert groups.ask("POST", "/v1/blocks", bearer(groups.served.community), json=blocked).status_code == 201
    assert second not in own(groups, first)[0]["members"]
    assert first not in own(groups, second)[0]["members"]
    assert {first, second} <= set(own(groups, third)[0]["members"])
    assert groups.plan(address)["no_longer_holds"]


def test_questions_about_a_member_tell_the_groups_they_are_in(groups: Groups) -> None:
    _, plan = published(groups)
    first, second, *_ = (place["member_id"] for place in plan["plan"]["groups"][0]["members"])
    elsewhere = plan["plan"]["groups"][1]["members"][0]["member_id"]
    asked = groups.ask("GET", f"/v1/members/{first}/why-not/{second}?plan_id={plan['plan_id']}").json()
    assert asked["together"] == [{"plan_id": plan["plan_id"], "name": plan["plan"]["groups"][0]["name"]}]
    asked = groups.ask("GET", f"/v1/members/{first}/why-not/{elsewhere}?plan_id={plan['plan_id']}").json()
    assert asked["together"] == []
    left_out, later = groups.form(spec=SPEC | {"who": {"exclude": [first]}})
    answer = groups.ask("GET", f"/v1/members/{first}/placements?plan_id={left_out[-24:]}")
    assert [one["plan_id"] for one in answer.json()["groups"]] == [plan["plan_id"]]
    assert first not in members_of(later)


def test_a_member_who_is_forgotten_is_in_no_row(groups: Groups) -> None:
    _, plan = published(groups)
    first, second, *_ = (place["member_id"] for place in plan["plan"]["groups"][0]["members"])
    database = groups.served.community.database
    assert database.write(lambda connection: group_members.forget(connection, first)) == 1
    with database.reading() as connection:
        assert group_members.of_member(connection, first) == []
    assert first not in own(groups, second)[0]["members"]
