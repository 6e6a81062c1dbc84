"""The id of somebody who was erased comes back into no row, whoever names it or still reads of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from matcher.errors import UnknownMember
from service.storage.tables import audit, audit_members
from service.use_cases import audit as trail
from service.use_cases.erase_member import erase_member
from service.use_cases.export_member import export_member
from tests.service.conftest import Serve, Served
from tests.service.matches.conftest import person
from tests.service.privacy.test_erasure import NAME, Life, rows_with


def noted(served: Served, action: str) -> list[str]:
    """Whom rows of an action are about."""
    theirs = select(audit_members.c.member_id).join(audit, audit.c.number == audit_members.c.number)
    with served.community.database.reading() as connection:
        return list(connection.execute(theirs.where(audit.c.action == action)).scalars())


def test_by_being_named(serve: Serve, tmp_path: Path) -> None:
    with serve(jobs_folder=tmp_path / "jobs") as served:
        life = Life(served)
        served.load([person(NAME), person("member-01"), person("member-02")])
        life.ask("DELETE", f"/v1/members/{NAME}", 204)
        asked = {"blocked": NAME}
        assert life.ask("POST", "/v1/blocks", 201, json=asked | {"member_id": "member-01"})["blocked"] == NAME
        once: dict[str, Any] = {"json": asked | {"member_id": "member-02"}, "headers": {"idempotency-key": "k"}}
        assert life.ask("POST", "/v1/blocks", 201, **once)["blocked"] == NAME, "as of anybody"
        assert rows_with(served, NAME) == []
        assert {name.partition(":")[0] for name in noted(served, "block")} == {"member-01", "member-02", "erased"}
        assert life.ask("POST", "/v1/blocks", 410, **once)["type"].endswith("answer-forgotten"), "it was done"
        life.ask("POST", "/v1/matches", 404, json={"kind": "buddy", "member_id": "member-01", "peer_id": NAME})
        life.ask("GET", f"/v1/members/{NAME}/matches", 404)
        for name in (NAME, "nobody"):
            with pytest.raises(UnknownMember):
                export_member(served.community, name)
        assert noted(served, "export") == []
        assert rows_with(served, NAME) == []
        who = {"exclude": [NAME]}
        spec = {"size": {"min": 3, "target": 4, "max": 5}, "who": who, "together": [[NAME, "member-01", "member-02"]]}
        life.ask("POST", "/v1/group-plans", 202, staff=True, json={"spec": spec, "iterations": 1})
        assert rows_with(served, NAME) == []
        assert "jobs.asks" in rows_with(served, "member-02"), "nobody else is left out"
        served.put(person(NAME))
        life.ask("GET", f"/v1/members/{NAME}/matches", 200)
        assert NAME in noted(served, "read"), "who is back has a name again"


def test_by_being_read_in_the_moment_of_the_erasure(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = trail.note
    with serve(jobs_folder=tmp_path / "jobs") as served:
        life = Life(served)
        served.load([person(NAME), person("member-01")])
        asked = {"kind": "buddy", "member_id": "member-01", "peer_id": NAME}
        match_id = life.ask("POST", "/v1/matches", 201, json=asked)["match_id"]

        def late(community: Any, event: trail.Event, outcome: str = "done") -> None:
            """Between what is read and its row somebody erases the member."""
            monkeypatch.undo()
            erase_member(community, NAME)
            community.database.write(lambda connection: real(connection, community.settings.now(), event, outcome))

        monkeypatch.setattr("service.use_cases.list_matches.note_read", late)
        assert life.ask("GET", f"/v1/members/{NAME}/matches/{match_id}", 200)["peer_id"] == "member-01"
        assert rows_with(served, NAME) == []
        assert len(noted(served, "read")) == 2
