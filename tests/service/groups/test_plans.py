"""Group plans over HTTP: formed by a job, read with all their files, solved again, refused where they do not fit."""

from __future__ import annotations

import csv
import errno
import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from matcher import MemberProfile
from matcher.grouping import solving
from matcher.grouping.plan import GroupPlan
from matcher.grouping.spec import GroupSpec
from matcher.verification.grouping import verify_groups
from service.api.group_plan_shapes import PlanShape
from service.live_index import means_in_force
from service.reports import group_files
from service.reports.group_files import FILES
from tests.service.conftest import bearer
from tests.service.groups.conftest import ASKED, SPEC, Groups, members_of


def test_formed_by_a_job_and_verified(groups: Groups, crowd: list[MemberProfile]) -> None:
    reply = groups.ask("POST", "/v1/group-plans", json=ASKED)
    assert reply.status_code == 202
    waiting, address = reply.json(), reply.headers["location"]
    assert (waiting["state"], waiting["revision"], waiting["plan"]) == ("queued", 0, None)
    assert groups.ask("GET", f"/v1/jobs/{waiting['job_id']}").json()["kind"] == "group-plan"
    for method, path in (("GET", "/files/report.html"), ("POST", ":resolve")):
        early = groups.ask(method, address + path, json={} if method == "POST" else None)
        assert (early.status_code, early.json()["type"]) == (409, "urn:peer-matcher:problem:not-formed")
        assert early.json()["job_id"] == waiting["job_id"]
    groups.work()
    formed = groups.plan(address)
    PlanShape.model_validate(formed)
    assert (formed["state"], formed["revision"]) == ("done", 1)
    plan = msgspec.convert(formed["plan"], GroupPlan)
    with groups.served.community.database.reading() as connection:
        means = means_in_force(connection)
    verify_groups(crowd, GroupSpec.parse(formed["spec"]), plan, means=means)
    assert plan.terms.placed >= 20
    job = groups.ask("GET", f"/v1/jobs/{formed['job_id']}").json()
    assert (job["state"], job["result"]["placed"]) == ("done", plan.terms.placed)
    assert job["progress"] is None or 0 <= job["progress"]["share_done"] <= 1


def test_its_files_are_those_of_the_command(groups: Groups) -> None:
    address, formed = groups.form()
    assert set(FILES) <= set(formed["files"])
    for name in formed["files"]:
        reply = groups.ask("GET", f"{address}/files/{name}")
        assert reply.status_code == 200, name
        assert "sandbox" in reply.headers["content-security-policy"]
        assert (reply.headers["etag"], reply.headers["cache-control"]) == ('"1"', "no-store")
    page = groups.ask("GET", f"{address}/files/report.html")
    assert page.headers["content-type"].startswith("text/html")
    rows = list(csv.DictReader(io.StringIO(groups.ask("GET", f"{address}/files/members.csv").text)))
    assert {row["member_id"] for row in rows} >= {one for group in members_of(formed).values() for one in group}
    manifest = groups.ask("GET", f"{address}/files/manifest.json").json()
    assert manifest["members"]["source"].startswith("stored members after change")
    for bad, status in (
        ("nothing.csv", 404),
        ("%2e%2e%2fjobs", 404),
        (".hidden", 422),
        ("Plan.json", 422),
    ):
        assert groups.ask("GET", f"{address}/files/{bad}").status_code == status, bad


def test_everything_that_is_wrong_with_a_request_at_once(groups: Groups) -> None:
    spec = {"name": "x", "size": {"min": 9, "target": 4, "max": "5"}, "purpose": "fun", "colour": "red"}
    reply = groups.ask("POST", "/v1/group-plans", json={"spec": spec})
    assert reply.status_code == 422
    wrong = {problem["where"] for problem in reply.json()["errors"]}
    assert {"spec.purpose", "spec.colour"} <= wrong
    assert any(where.startswith("spec.size") for where in wrong)
    bodies: tuple[dict[str, Any], ...] = (
        {},
        {"spec": []},
        ASKED | {"seed": -1},
        ASKED | {"time_limit_s": 1e9},
        ASKED | {"time_limit_s": 0},
        ASKED | {"iterations": 0},
        ASKED | {"more": 1},
    )
    for body in bodies:
        reply = groups.ask("POST", "/v1/group-plans", json=body)
        assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json"), body
    assert groups.ask("POST", "/v1/group-plans", content=b"{").status_code in {415, 422}


def test_what_only_the_members_contradict_is_the_problem_of_the_job(groups: Groups) -> None:
    spec = SPEC | {"who": {"member_ids": ["nobody", "noone"]}}
    _, formed = groups.form(spec=spec)
    assert (formed["state"], formed["revision"]) == ("failed", 0)
    assert formed["problem"]["status"] == 422
    assert formed["problem"]["errors"]


def test_another_key_sees_nothing_of_it(groups: Groups) -> None:
    address, formed = groups.form()
    other = bearer(groups.served.community, "coordinator")
    match = {"if-match": '"1"'}
    for method, path, more in (
        ("GET", "", {}),
        ("GET", "/files/report.html", {}),
        ("POST", ":edit", {"json": {"edit": "dissolve", "group": "group-001"}}),
        ("POST", ":resolve", {"json": {}}),
        ("POST", ":publish", {}),
    ):
        reply = groups.served.client.request(method, address + path, headers=other | match, **more)
        assert (reply.status_code, reply.json()["type"]) == (404, "urn:peer-matcher:problem:unknown-group-plan")
    member = members_of(formed)["group-001"][0]
    plan = {"plan_id": formed["plan_id"]}
    for path in (f"/v1/members/{member}/placements", f"/v1/members/{member}/why-not/{member}x"):
        assert groups.served.client.get(path, headers=other, params=plan).status_code == 404
    admin = bearer(groups.served.community, "admin")
    assert groups.served.client.get(address, headers=admin).json() == formed


def test_solved_again_around_what_is_locked(groups: Groups) -> None:
    address, formed = groups.form()
    before = members_of(formed)
    first, second = list(before)[:2]
    assert groups.edit(address, 1, edit="lock", group=first).status_code == 200
    kept = before[second][0]
    reply = groups.ask("POST", f"{address}:resolve", json={"iterations": 2, "keep_members": [kept], "seed": 5})
    assert reply.status_code == 202
    assert reply.headers["location"] != address
    groups.work()
    again = groups.plan(reply.headers["location"])
    assert (again["state"], again["resolves"]) == ("done", formed["plan_id"])
    after = members_of(again)
    assert after[first] == before[first]
    assert kept in after[second]
    assert members_of(groups.plan(address)) == before, "the old plan is as it was"
    refused = groups.ask("POST", f"{address}:resolve", json={"keep": ["nothing"], "keep_members": ["nobody"]})
    assert refused.status_code == 422
    assert len(refused.json()["errors"]) == 2


def test_a_disk_that_is_full_leaves_no_plan(groups: Groups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half_of_it(path: Path, *_: object) -> None:
        path.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    reply = groups.ask("POST", "/v1/group-plans", json=ASKED)
    with monkeypatch.context() as patched:
        patched.setattr(group_files, "write_csv", half_of_it)
        groups.work()
    formed = groups.plan(reply.headers["location"])
    assert (formed["state"], formed["revision"]) == ("failed", 0)
    assert formed["problem"]["type"] == "urn:peer-matcher:problem:disk-full"
    assert [path for path in (tmp_path / "jobs").rglob("*") if path.is_file()] == []
    _, later = groups.form()
    assert later["state"] == "done"


def test_a_search_that_is_cancelled_ends_without_a_plan(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "PATIENCE", 10**9)  # so few members would be done before anybody could say a word
    reply = groups.ask("POST", "/v1/group-plans", json={"spec": SPEC, "time_limit_s": 600.0, "iterations": 10**9})
    job, address = f"/v1/jobs/{reply.json()['job_id']}", reply.headers["location"]
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(groups.work)
        while groups.ask("GET", job).json()["progress"] is None:
            assert not working.done()
            time.sleep(0.05)
        told = groups.ask("GET", job).json()["progress"]
        assert told["phase"]
        assert 0 <= told["share_done"] <= 1
        asked = groups.ask("DELETE", job)
        assert (asked.status_code, asked.json()["cancel_asked"]) == (202, True)
        working.result(60)
    ended = groups.plan(address)
    assert (ended["state"], ended["revision"], ended["plan"]) == ("cancelled", 0, None)
