"""Every reading and change of a match or group is in the audit trail, which nothing can change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from service.storage.tables import audit, audit_members
from service.use_cases.export_member import export_member
from tests.service.conftest import Run, Serve, bearer
from tests.service.matches.conftest import person
from tests.service.privacy.test_erasure import NAME, Life


def test_who_saw_and_changed_what(serve: Serve, tmp_path: Path) -> None:
    with serve(jobs_folder=tmp_path / "jobs") as served:
        life = Life(served)
        match, address = life.lived()
        life.ask("GET", f"/v1/members/member-00/matches/{match}", 200)
        admin = bearer(served.community, "admin")
        rows = served.client.get("/v1/audit", params={"limit": 500}, headers=admin).json()["rows"]
        assert [row["number"] for row in rows] == list(range(len(rows), 0, -1)), "none is missing"
        assert all(row["request_id"] and row["key_id"] for row in rows)
        assert {(row["kind"], row["action"]) for row in rows} >= {
            ("match", "propose"), ("match", "accept"), ("match", "decline"), ("match", "feedback"), ("match", "read"),
            ("matches", "read"), ("member", "block"), ("group-plan", "ask"), ("group-plan", "form"),
            ("group-plan", "read"), ("group-plan", "read-file"), ("group-plan", "edit"), ("group-plan", "publish"),
            ("group-plan", "resolve"), ("group-plan", "read-why-not"), ("group-plan", "read-placements"),
        }  # fmt: skip
        assert [row["outcome"] for row in rows if row["action"] == "propose"].count("already-matched") == 1
        of_match = served.client.get("/v1/audit", params={"object_id": match, "limit": 1}, headers=admin).json()
        assert of_match["rows"][0]["action"] == "read"
        assert of_match["rows"][0]["member_ids"] == ["member-00", NAME]
        rest = {"object_id": match, "limit": 1, "cursor": of_match["next_cursor"]}
        assert served.client.get("/v1/audit", params=rest, headers=admin).json()["rows"][0]["action"] == "feedback"
        assert served.client.get("/v1/audit", headers=bearer(served.community)).status_code == 403
        plan = served.client.get("/v1/audit", params={"object_id": address[-24:]}, headers=admin).json()["rows"]
        assert {row["role"] for row in plan} == {"coordinator", "job"}

        for change in (
            delete(audit),
            delete(audit_members),
            update(audit).values(outcome="nothing"),
            update(audit_members).values(member_id="somebody-else"),
        ):
            with pytest.raises(DatabaseError), served.community.database.writing() as connection:
                connection.execute(change)


def test_a_member_gets_what_is_theirs_and_no_more(place_text: str, serve: Serve, tmp_path: Path, run: Run) -> None:
    with serve(jobs_folder=tmp_path / "jobs") as served:
        life = Life(served)
        match, _ = life.lived()
        secret = {"kind": "buddy", "member_id": NAME, "peer_id": "member-06"}
        made = life.ask("POST", "/v1/matches", 201, json=secret)
        life.ask("POST", f"/v1/matches/{made['match_id']}:decline", 200, json={"member_id": "member-06"})
        served.put(person("member-07", blocked=[NAME], clinic="zebra-clinic"))
    folders = ("--database", place_text, "--jobs-folder", tmp_path / "jobs")
    assert run("export", NAME, "--out", tmp_path / "own.json", *folders).code == 0
    text = (tmp_path / "own.json").read_text()
    assert (tmp_path / "own.json").stat().st_mode & 0o777 == 0o600
    own = json.loads(text)
    assert own["profile"]["alias"]
    assert own["blocks_set"] == ["member-02"]
    states = {seen["match_id"]: seen["state"] for seen in own["matches"]}
    assert states[match] == "accepted"
    assert states[made["match_id"]] == "proposed", "a no is seen by nobody"
    assert [said["match_id"] for said in own["feedback_given"]] == [match]
    assert own["published_groups"]
    assert {row["action"] for row in own["audit"]} >= {"propose", "read", "publish", "export"}
    steps = [(row["action"], row["object_id"]) for row in own["audit"] if row["kind"] == "match"]
    assert ("accept", match) in steps, "both know of it"
    assert steps.count(("feedback", match)) == 1, "the other's is not told"
    assert steps.count(("decline", made["match_id"])) == 0
    assert sum(action == "decline" for action, _ in steps) == 1, "their own"
    assert all(row["outcome"] == "done" or not row["others"] for row in own["audit"])
    assert "block" not in {row["action"] for row in own["audit"]}, "who has set it is not in a row"
    assert "member-03" not in text, "who has blocked them is not theirs to know"
    assert "zebra" not in text
    assert run("export", "nobody-known", *folders).code == 2
    told = run("audit", "--member", NAME, "--limit", 3, "--database", place_text)
    assert told.code == 0
    assert "export" in told.out


def test_a_repetition_that_is_answered_is_a_reading(serve: Serve, tmp_path: Path) -> None:
    with serve(jobs_folder=tmp_path / "jobs") as served:
        life = Life(served)
        served.load([person(name) for name in "abc"])
        once: dict[str, Any] = {
            "headers": {"idempotency-key": "one"},
            "json": {"kind": "buddy", "member_id": "a", "peer_id": "b"},
        }
        no: dict[str, Any] = {
            "headers": {"idempotency-key": "two"},
            "json": {"kind": "buddy", "member_id": "b", "peer_id": "a"},
        }
        block: dict[str, Any] = {"headers": {"idempotency-key": "three"}, "json": {"member_id": "c", "blocked": "a"}}
        match_id = life.ask("POST", "/v1/matches", 201, **once)["match_id"]
        life.ask("POST", "/v1/matches", 409, **no)
        life.ask("POST", "/v1/blocks", 201, **block)

        def rows() -> list[tuple[Any, ...]]:
            found = served.client.get("/v1/audit", headers=bearer(served.community, "admin")).json()["rows"]
            return [tuple(row[key] for key in KEYS) for row in found]

        before = rows()
        for _ in range(2):
            assert life.ask("POST", "/v1/matches", 201, **once)["match_id"] == match_id
            life.ask("POST", "/v1/matches", 409, **no)
            life.ask("POST", "/v1/blocks", 201, **block)
        assert (
            rows()
            == [
                ("read", "member", None, "done", ["a", "c"]),
                ("read", "match", None, "already-matched", ["a", "b"]),
                ("read", "match", match_id, "done", ["a", "b"]),
            ]
            * 2
            + before
        )
        own = export_member(served.community, "a")["audit"]
        assert "member" not in {row["kind"] for row in own if row["others"]}, "a block is in no row"
        assert {row["outcome"] for row in own} == {"done"}


KEYS = ("action", "kind", "object_id", "outcome", "member_ids")
