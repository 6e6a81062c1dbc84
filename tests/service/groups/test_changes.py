"""Plans changed by hand and published: from the revision that was seen, and never against a hard rule."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from matcher import MemberProfile
from matcher.grouping.plan import GroupPlan
from matcher.grouping.spec import GroupSpec
from matcher.verification.grouping import verify_groups
from service.api.group_plan_shapes import EditedShape
from service.live_index import means_in_force
from service.storage import changes
from service.use_cases import change_group_plan
from service.use_cases.stored_profiles import everybody
from tests.service.groups.conftest import Groups, members_of

PROBLEM = "urn:peer-matcher:problem:"


def swappable(groups: Groups, address: str, plan: dict[str, Any]) -> dict[str, Any]:
    """A change that breaks no rule: two members of different groups."""
    names = list(members_of(plan).values())
    for one in names[0]:
        for other in names[1]:
            tried = {"edit": "swap", "members": [one, other]}
            if groups.edit(address, plan["revision"], **tried, dry_run=True).status_code == 200:
                return tried
    raise AssertionError


def test_changed_by_hand_and_its_files_follow(groups: Groups, tmp_path: Path) -> None:
    address, formed = groups.form()
    change = swappable(groups, address, formed)
    assert groups.plan(address) == formed, "nothing was done so far"
    reply = groups.edit(address, 1, **change)
    told = EditedShape.model_validate(reply.json())
    assert (reply.status_code, reply.headers["etag"], told.revision) == (200, '"2"', 2)
    assert told.change == pytest.approx(told.after.total - told.before.total)
    assert {fit.member_id for fit in told.fits} >= set(change["members"])
    edited = groups.plan(address)
    one, other = change["members"]
    before, after = (
        {member: name for name, ids in members_of(plan).items() for member in ids} for plan in (formed, edited)
    )
    assert (after[one], after[other]) == (before[other], before[one])
    early = groups.ask("GET", f"{address}/files/report.html")
    assert (early.status_code, early.json()["type"]) == (409, PROBLEM + "files-not-ready")
    assert early.json()["job_id"] == edited["files_job_id"]
    assert groups.ask("GET", f"{address}/files/plan.json").status_code == 200, "the plan itself is there at once"
    groups.work()
    ready = groups.ask("GET", f"{address}/files/report.html")
    assert (ready.status_code, ready.headers["etag"]) == (200, '"2"')
    assert len({path.parent for path in (tmp_path / "jobs").rglob("plan.json")}) == 1, "what is replaced is deleted"


def test_every_kind_of_change(groups: Groups) -> None:
    address, formed = groups.form()
    first, second = list(members_of(formed))[:2]
    member = members_of(formed)[first][0]
    revision = 1
    for edit in (
        {"edit": "lock", "members": [member]},
        {"edit": "unlock", "members": [member]},
        {"edit": "lock", "group": second},
        {"edit": "unlock", "group": second},
        {"edit": "dissolve", "group": second},
    ):
        reply = groups.edit(address, revision, **edit)
        assert reply.status_code == 200, reply.text
        revision += 1
    loose = {one["member_id"] for one in groups.plan(address)["plan"]["unplaced"]}
    assert loose >= set(members_of(formed)[second])
    assert groups.ask("GET", f"/v1/jobs/{formed['job_id']}").json()["state"] == "done"
    groups.work()
    states = {groups.plan(address)["revision"], revision}
    assert states == {6}
    for bad in (
        {"edit": "move"},
        {"edit": "swap", "members": [member]},
        {"edit": "dissolve"},
        {"edit": "lock", "group": first, "members": [member]},
        {"edit": "move", "members": [member, member], "group": first},
        {"edit": "move", "members": [member], "group": "nothing"},
        {"edit": "move", "members": ["nobody"], "group": first},
        {"edit": "burn"},
        {"edit": "dissolve", "group": first, "more": 1},
    ):
        assert groups.edit(address, revision, **bad).status_code == 422, bad
    assert groups.plan(address)["revision"] == revision


def test_what_breaks_a_rule_is_not_done(groups: Groups) -> None:
    address, formed = groups.form()
    by_size = sorted(members_of(formed).items(), key=lambda one: len(one[1]))
    (_, few), (largest, _) = by_size[0], by_size[-1]
    reply = groups.edit(address, 1, edit="move", members=few[: len(few) - 1], group=largest)
    assert (reply.status_code, reply.json()["type"]) == (409, PROBLEM + "breaks-rules")
    assert any(problem["what"].startswith("size") for problem in reply.json()["errors"])
    assert groups.plan(address) == formed


def test_of_two_who_change_the_same_revision_one_does(groups: Groups) -> None:
    address, formed = groups.form()
    names = list(members_of(formed))

    def lock(name: str) -> int:
        return groups.edit(address, 1, edit="lock", group=name).status_code

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(lock, names[:4]))
    assert told == [200, 412, 412, 412]
    locked = [group["name"] for group in groups.plan(address)["plan"]["groups"] if group["locked"]]
    assert len(locked) == 1
    for header in ({}, {"if-match": "*"}, {"if-match": '"x"'}):
        body = {"edit": "lock", "group": names[0]}
        assert groups.ask("POST", f"{address}:edit", header, json=body).status_code == 428
        assert groups.ask("POST", f"{address}:publish", header).status_code == 428
    assert groups.publish(address, 1).status_code == 412


def test_published_once_and_for_good(groups: Groups, crowd: list[MemberProfile]) -> None:
    address, formed = groups.form()
    reply = groups.publish(address, 1)
    assert reply.status_code == 200
    published = reply.json()
    assert (published["revision"], reply.headers["etag"]) == (2, '"2"')
    assert published["published_at"]
    assert published["plan"] == formed["plan"], "nothing has changed"
    for refused in (groups.publish(address, 2), groups.edit(address, 2, edit="lock", group="group-001")):
        assert (refused.status_code, refused.json()["type"]) == (409, PROBLEM + "published")
    groups.work()
    assert groups.ask("GET", f"{address}/files/report.html").status_code == 200
    assert groups.ask("POST", f"{address}:resolve", json={"iterations": 1}).status_code == 202


def test_not_published_while_a_rule_is_broken_by_now(groups: Groups, crowd: list[MemberProfile]) -> None:
    address, formed = groups.form()
    profiles = {member.member_id: member for member in crowd}
    first, second, third = list(members_of(formed).values())[:3]
    groups.served.put(profiles[first[0]], status="withdrawn")
    groups.served.put(profiles[second[0]], blocked=[second[1]])
    groups.served.client.delete(f"/v1/members/{third[0]}")
    assert groups.publish(address, 1).status_code == 412, "who was erased is in no plan, which is another one now"
    seen = groups.plan(address)
    assert all(third[0] not in group for group in members_of(seen).values())
    reply = groups.publish(address, seen["revision"])
    assert (reply.status_code, reply.json()["type"]) == (409, PROBLEM + "no-longer-holds")
    told = [problem["what"] for problem in reply.json()["errors"]]
    for code, name in (("status", first[0]), ("block", second[0])):
        assert any(code in what and name in what for what in told), (code, told)
    assert groups.plan(address)["published_at"] is None
    again = groups.ask("POST", f"{address}:resolve", json={"iterations": 2})
    groups.work()
    assert groups.publish(again.headers["location"], 1).status_code == 200


def test_published_with_the_numbers_of_the_day(groups: Groups, crowd: list[MemberProfile]) -> None:
    address, formed = groups.form()
    some = members_of(formed)["group-001"][0]
    profile = next(member for member in crowd if member.member_id == some)
    groups.served.put(profile, interests=[])
    newcomer = crowd[0].model_copy(update={"member_id": "newcomer"})
    groups.served.put(newcomer)
    reply = groups.publish(address, 1)
    assert reply.status_code == 200, reply.text
    plan = msgspec.convert(reply.json()["plan"], GroupPlan)
    assert "newcomer" in {one.member_id for one in plan.unplaced}
    with groups.served.community.database.reading() as connection:
        now = everybody(connection)
    spec = GroupSpec.parse(reply.json()["spec"])
    verify_groups(now.members, spec, plan, means=means_of(groups))
    assert members_of(reply.json()) == members_of(formed)


def means_of(groups: Groups) -> Any:
    with groups.served.community.database.reading() as connection:
        return means_in_force(connection)


def test_members_who_change_while_it_is_checked(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    address, formed = groups.form()
    name = members_of(formed)["group-001"][0]
    checked = change_group_plan._as_of_now
    rounds: list[int] = []

    def meanwhile(*arguments: Any) -> GroupPlan:
        plan = checked(*arguments)
        rounds.append(arguments[2].seq)
        if len(rounds) < change_group_plan.ROUNDS:  # in the last one nobody else can write
            database = groups.served.community.database
            database.write(lambda connection: changes.append(connection, "upsert", [name], "2026"))
        return plan

    monkeypatch.setattr(change_group_plan, "_as_of_now", meanwhile)
    assert groups.publish(address, 1).status_code == 200
    assert len(set(rounds)) == change_group_plan.ROUNDS


def test_a_latecomer_is_shown_places_and_can_take_one(groups: Groups, crowd: list[MemberProfile]) -> None:
    address, formed = groups.form(spec={"name": "Circles", "size": {"min": 3, "target": 3, "max": 6}})
    late = crowd[3].model_copy(update={"member_id": "late"})
    asked = {"plan_id": formed["plan_id"]}
    unknown = groups.ask("GET", "/v1/members/late/placements", params=asked)
    assert (unknown.status_code, unknown.json()["type"]) == (404, PROBLEM + "unknown-member")
    groups.served.put(late)
    found = groups.ask("GET", "/v1/members/late/placements", params=asked | {"k": 3}).json()
    assert found["possible"] >= len(found["placements"]) >= 1
    best = found["placements"][0]
    reply = groups.edit(address, 1, edit="move", members=["late"], group=best["group"])
    assert reply.status_code == 200, reply.text
    assert "late" in members_of(groups.plan(address))[best["group"]]
    assert reply.json()["after"]["placed"] == reply.json()["before"]["placed"] + 1
    placed = groups.ask("GET", "/v1/members/late/placements", params=asked)
    assert placed.status_code == 422
    for bad in ({"k": 0}, {"k": 101}, {"plan_id": "x"}):
        assert groups.ask("GET", "/v1/members/late/placements", params=asked | bad).status_code == 422


def test_why_two_may_not_be_in_one_group(groups: Groups, crowd: list[MemberProfile]) -> None:
    _, formed = groups.form()
    one, other = members_of(formed)["group-001"][:2]
    asked = {"plan_id": formed["plan_id"]}
    address = f"/v1/members/{one}/why-not/{other}"
    assert groups.ask("GET", address, params=asked).json() == {"obstacles": [], "together": []}
    groups.served.put(next(member for member in crowd if member.member_id == other), blocked=[one])
    (obstacle,) = groups.ask("GET", address, params=asked).json()["obstacles"]
    assert (obstacle["rule"], obstacle["members"]) == ("block", sorted([one, other]))
    assert groups.ask("GET", f"/v1/members/{one}/why-not/{one}", params=asked).status_code == 422
    assert groups.ask("GET", f"/v1/members/{one}/why-not/nobody", params=asked).status_code == 404
