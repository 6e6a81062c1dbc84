"""Rows of access keys: added, found, revoked once and for good."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from service.storage import keys
from service.storage.database import Database
from service.storage.keys import KeyRow

AT, LATER = "2026-01-02T03:04:05.000006+00:00", "2026-01-03T00:00:00.000000+00:00"
FIRST = KeyRow("0123456789ab", "0" * 64, "platform", "the app", AT, LATER, None, 60)
SECOND = KeyRow("ba9876543210", "1" * 64, "admin", "", LATER)


def test_added_found_and_listed(database: Database) -> None:
    with database.writing() as connection:
        assert keys.count(connection) == 0
        for row in (SECOND, FIRST):
            keys.add(connection, row)
    assert keys.facts_now(database, FIRST.key_id) == ("0" * 64, "platform", LATER, None, 60)
    assert keys.facts_now(database, SECOND.key_id) == ("1" * 64, "admin", None, None, None)
    for other in ("", "none", "0123456789AB", "%", "' or 1=1 --"):
        assert keys.facts_now(database, other) is None
    with database.reading() as connection:
        assert keys.everyone(connection) == [FIRST, SECOND]
        assert keys.count(connection) == 2


def test_revoked_once(database: Database) -> None:
    with database.writing() as connection:
        for row in (FIRST, SECOND):
            keys.add(connection, row)
        assert keys.revoke(connection, FIRST.key_id, AT)
        assert keys.revoke(connection, FIRST.key_id, LATER)
        assert not keys.revoke(connection, "none", AT)
    with database.reading() as connection:
        assert [row.revoked_at for row in keys.everyone(connection)] == [AT, None], "the first moment counts"


@pytest.mark.parametrize(
    "row",
    [
        KeyRow("0123456789ab", "0" * 64, "owner", "", AT),  # type: ignore[arg-type]
        KeyRow("0123456789ab", "0" * 64, None, "", AT),  # type: ignore[arg-type]
    ],
)
def test_roles_that_are_none(database: Database, row: KeyRow) -> None:
    with pytest.raises(IntegrityError), database.writing() as connection:
        keys.add(connection, row)


def test_an_id_is_given_once(database: Database) -> None:
    with database.writing() as connection:
        keys.add(connection, FIRST)
    with pytest.raises(IntegrityError), database.writing() as connection:
        keys.add(connection, FIRST)
