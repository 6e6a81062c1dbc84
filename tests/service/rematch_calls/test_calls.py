"""The calls of a rematch, from the question to proposals that members answer."""

from __future__ import annotations

import csv
import io
import json

import pytest

from matcher import MemberProfile
from tests.service.conftest import bearer
from tests.service.rematch_calls.conftest import Rematches, drawn

PLAIN = {"ties": ["buddy", "mentor"]}


@pytest.fixture
def filled(asking: Rematches) -> Rematches:
    """Twenty-four members, three of whom have each other."""
    asking.served.load(drawn(24))
    asking.tie("buddy", "m00", "m01")
    asking.tie("buddy", "m02", "m03")
    asking.tie("mentor", "m05", "m04")
    return asking


def test_planned_compared_applied(filled: Rematches) -> None:
    asked = filled.ask("POST", "/v1/rematches", json={"config": PLAIN})
    assert (asked.status_code, asked.headers["etag"]) == (202, '"0"')
    address = asked.headers["location"]
    assert asked.json()["state"] == "queued"
    assert filled.ask("GET", f"{address}/files/manifest.json").status_code == 409
    assert filled.apply(address).json()["type"].endswith("not-planned")
    filled.work()
    seen = filled.ask("GET", address)
    assert seen.headers["etag"] == '"1"'
    plan = seen.json()
    assert (plan["state"], plan["applied"], plan["problem"]) == ("done", None, None), plan
    assert plan["result"]["new"] > 0
    assert {"report.html", "manifest.json", "ties.csv", "ties.parquet", "broken.csv"} <= set(plan["files"])
    page = filled.ask("GET", f"{address}/files/report.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "sandbox" in page.headers["content-security-policy"]
    assert filled.ask("GET", f"{address}/files/nothing.csv").json()["type"].endswith("unknown-file")
    assert filled.ask("GET", f"{address}/files/applied.csv").status_code == 404
    before = filled.served.client.get("/v1/members/m00/matches").json()
    assert len(before["matches"]) == 1, "a plan changes nothing"

    other, _ = filled.plan(**PLAIN, churn={"limit": 0})
    diff = filled.ask("GET", f"{address}/diff/{other.rpartition('/')[2]}")
    assert diff.status_code == 200, diff.text
    assert {row["kind"] for row in diff.json()["kinds"]} == {"buddy", "mentor"}
    assert "the config is not the same" in diff.json()["notes"]

    done = filled.apply(other)
    assert done.status_code == 200, done.text
    told = done.json()["applied"]
    assert told["proposed"] > 0
    assert told["to_end"] == told["swaps"] == 0
    assert done.headers["etag"] == '"2"'
    again = filled.apply(other, 2)
    assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (409, "applied")
    steps = list(csv.DictReader(io.StringIO(filled.ask("GET", f"{other}/files/applied.csv").text)))
    assert sum(step["outcome"] == "proposed" for step in steps) == told["proposed"]
    step = next(step for step in steps if step["outcome"] == "proposed")
    for name, peer in ((step["member_id"], step["peer_id"]), (step["peer_id"], step["member_id"])):
        view = filled.served.client.get(f"/v1/members/{name}/matches/{step['match_id']}").json()
        assert (view["peer_id"], view["state"], view["your_answer"]) == (peer, "proposed", None)
        assert (view["proposed_by"], view["replaces"]) == ("community", None)
    assert filled.apply(address).status_code == 200, "everything is checked again, so an older plan may be applied, too"


def test_who_and_from_what(filled: Rematches) -> None:
    address, _ = filled.plan(**PLAIN)
    stale = filled.ask("POST", f"{address}:apply")
    assert (stale.status_code, stale.json()["type"].rpartition(":")[2]) == (428, "precondition-required")
    assert filled.apply(address, 7).json()["type"].endswith("changed-since")
    other = bearer(filled.served.community, "analyst")
    for method, path in (("GET", ""), ("GET", "/files/manifest.json"), ("POST", ":apply")):
        reply = filled.ask(method, address + path, other | {"if-match": '"1"'})
        assert reply.json()["type"].endswith("unknown-rematch")
    for role in ("platform", "coordinator"):
        assert filled.ask("GET", address, bearer(filled.served.community, role)).status_code == 403
    admin = bearer(filled.served.community, "admin")
    assert filled.ask("GET", address, admin).status_code == 200
    headers = {"if-match": '"1"', "idempotency-key": "once"}
    first, second = (filled.ask("POST", f"{address}:apply", headers) for _ in range(2))
    assert (first.json(), second.json()) == (first.json(), first.json())
    assert second.headers["idempotent-replayed"] == "true"
    rows = filled.ask("GET", "/v1/audit", admin, params={"object_id": address.rpartition("/")[2]}).json()
    told = [(row["action"], row["outcome"]) for row in rows["rows"]]
    assert told.count(("apply", "done")) == 1


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"config": {"tise": []}}, "config.tise"),
        ({"config": {"churn": {"limit": -1}}}, "config.churn.limit"),
        ({"config": {"ties": ["group"]}}, "config.(config)"),
        ({"config": {}, "seed": -1}, "seed"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_does_not_fit(asking: Rematches, body: dict[str, object], where: str) -> None:
    reply = asking.ask("POST", "/v1/rematches", json=body)
    assert reply.status_code == 422
    assert [error["where"] for error in reply.json()["errors"]] == [where]


def test_nobody_to_match(asking: Rematches) -> None:
    _, plan = asking.plan(**PLAIN)
    assert plan["state"] == "failed"
    assert plan["problem"]["errors"][0]["where"] == "members"
    assert plan["files"] == []


def test_all_held(asking: Rematches) -> None:
    asking.served.load([MemberProfile.parse(one.model_dump() | {"status": "held"}) for one in drawn(4)])
    address, plan = asking.plan(**PLAIN)
    assert plan["state"] == "done", plan
    assert asking.apply(address).json()["applied"]["proposed"] == 0


def test_the_same_plan_twice(filled: Rematches) -> None:
    tables = []
    for _ in range(2):
        address, plan = filled.plan(**PLAIN)
        assert plan["state"] == "done"
        tables.append([filled.ask("GET", f"{address}/files/{name}").content for name in plan["files"]])
    assert tables[0] == tables[1]


def test_progress_by_phase(filled: Rematches) -> None:
    from service.use_cases.rematch_jobs import Progress

    told: list[dict[str, object]] = []
    seconds = iter(range(0, 100, 10))
    progress = Progress(lambda news: told.append(dict(news)), lambda: False, lambda: float(next(seconds)))
    for done in (0.0, 0.25, 0.5):
        progress("pairing", done)
    progress("measuring", 0.0)
    assert [one["seconds_left"] for one in told] == [None, 30.0, 20.0, None]
    assert [one["phase"] for one in told] == ["pairing"] * 3 + ["measuring"]
    address = filled.ask("POST", "/v1/rematches", json={"config": PLAIN}).headers["location"]
    filled.work()
    job = filled.ask("GET", f"/v1/jobs/{filled.ask('GET', address).json()['job_id']}").json()
    assert job["state"] == "done"
    json.dumps(job["result"])
