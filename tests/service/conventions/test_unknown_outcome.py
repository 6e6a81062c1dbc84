"""A connection that is lost while a transaction is committed: nobody knows whether it was, and no answer says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from service.storage.database import Database
from tests.service.conftest import Served
from tests.service.conventions.conftest import problem_of

ASKED = {"kind": "buddy", "member_id": "a", "peer_id": "b"}


@pytest.mark.parametrize("committed", [True, False])
def test_the_same_key_finds_out(five: Served, monkeypatch: pytest.MonkeyPatch, committed: bool) -> None:
    whole = Database.writing

    @contextmanager
    def cut_off(self: Database) -> Iterator[Connection]:
        with whole(self) as connection:
            yield connection
            if not committed:
                raise _lost()
        raise _lost()

    key = {"idempotency-key": "one"}
    with monkeypatch.context() as patch:
        patch.setattr(Database, "writing", cut_off)
        reply = five.client.post("/v1/matches", json=ASKED, headers=key)
    assert (reply.status_code, problem_of(reply)) == (503, "database-unavailable")
    assert "may be done or not" in reply.json()["detail"]
    assert "Idempotency-Key" in reply.json()["detail"]
    assert int(reply.headers["retry-after"]) > 0
    again = five.client.post("/v1/matches", json=ASKED, headers=key)
    assert again.status_code == 201
    assert (again.headers.get("idempotent-replayed") == "true") == committed
    listed = five.client.get("/v1/members/a/matches").json()["matches"]
    assert [one["match_id"] for one in listed] == [again.json()["match_id"]]


def _lost() -> OperationalError:
    return OperationalError("COMMIT", {}, sqlite3.OperationalError("connection lost"))
