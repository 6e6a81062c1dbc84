"""Kept answers: found until their time is over, emptied when a member they name is erased."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from service.storage import idempotency, secrets
from service.storage.companion import accompanied_by, alone
from service.storage.database import Database
from service.storage.idempotency import Answer, KeptAnswer

NOW, LATER, LATEST = (f"2026-01-0{day}T00:00:00.000000+00:00" for day in (2, 3, 4))


def row(name: str, body: str = "{}", headers: str = "{}", expires_at: str = LATER) -> KeptAnswer:
    return KeptAnswer(name * 64, "f" * 64, Answer(201, headers, body), expires_at)


def test_kept_until_its_time_is_over(database: Database) -> None:
    with database.writing() as connection:
        idempotency.keep(connection, row("a"), NOW)
        with pytest.raises(IntegrityError), connection.begin_nested():
            idempotency.keep(connection, row("a"), NOW)
    with database.glancing() as connection:
        assert idempotency.one(connection, "a" * 64, NOW) == row("a")
        assert idempotency.one(connection, "a" * 64, LATER) is None
        assert idempotency.one(connection, "b" * 64, NOW) is None
    with database.writing() as connection:
        again = row("a", body='{"again":true}', expires_at=LATEST)
        idempotency.keep(connection, again, LATER)
        assert idempotency.one(connection, "a" * 64, LATER) == again
        assert idempotency.forget_expired(connection, LATER) == 0
        assert idempotency.forget_expired(connection, LATEST) == 1


def test_an_erased_member_is_in_no_kept_answer(database: Database) -> None:
    naming = {
        "1": row("1", '{"member_id":"an_a"}'),
        "2": row("2", '{"x":["b","an_a"]}'),
        "3": row("3", headers='{"location":"/v1/members/an_a/matches/m1"}'),
    }
    others = {"4": row("4", '{"member_id":"an_ab"}'), "5": row("5", '{"a":"xan_a"}'), "6": row("6", '{"a":"anxa"}')}
    others |= {"7": row("7", '{"a":"AN_A"}'), "8": row("8", '{"a":"an_a-b"}')}
    with database.writing() as connection:
        for kept in (naming | others).values():
            idempotency.keep(connection, kept, NOW)
        assert idempotency.forget(connection, "an_a") == len(naming)
        assert idempotency.forget(connection, "an_a") == 0
    with database.glancing() as connection:
        for kept in naming.values():
            emptied = idempotency.one(connection, kept.key_digest, NOW)
            assert emptied == KeptAnswer(kept.key_digest, kept.fingerprint, None, LATER), "that it was done is known"
        for kept in others.values():
            assert idempotency.one(connection, kept.key_digest, NOW) == kept


class Beside:
    """Writes a row beside the work."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.told: list[object] = []

    def before(self, connection: Connection) -> None:
        self.told.append(idempotency.one(connection, "a" * 64, NOW))

    def after(self, connection: Connection, result: object) -> None:
        self.told.append(result)
        idempotency.keep(connection, row("a"), NOW)
        if self.fails:
            raise ZeroDivisionError


def work(connection: Connection) -> str:
    secrets.add(connection, "work", b"\1" * 32, NOW)
    return "done"


def test_work_and_what_goes_beside_it_are_committed_as_one(database: Database) -> None:
    failing = Beside(fails=True)
    with pytest.raises(ZeroDivisionError), accompanied_by(failing):
        database.write(work)
    assert failing.told == [None, "done"]
    with database.glancing() as connection:
        assert (secrets.one(connection, "work"), idempotency.one(connection, "a" * 64, NOW)) == (None, None)
    with accompanied_by(beside := Beside()):
        with alone():
            assert database.write(lambda _: "by itself") == "by itself"
        assert database.write(work) == "done"
        assert database.write(lambda _: "a second one") == "a second one"
    assert beside.told == [None, "done"], "the first transaction alone, and none that was made without it"
    with database.glancing() as connection:
        assert secrets.one(connection, "work") == b"\1" * 32
        assert idempotency.one(connection, "a" * 64, NOW) == row("a")
