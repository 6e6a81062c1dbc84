"""Writing tables anew beside another program that holds one."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.database_url import DatabaseUrl
from service.storage.database import Database
from service.storage.postgresql import STATEMENT_TIMEOUT_MS
from service.use_cases.store_members import store_members
from tests.database_places import POSTGRESQL, Place
from tests.service.matches.conftest import person


@pytest.fixture(scope="session")
def stored_in() -> str:
    return POSTGRESQL


def test_a_scrub_that_fails_leaves_no_connection_without_a_timeout(place: Place) -> None:
    Database.open(place.target).close()
    second = Database.open(DatabaseUrl(f"{place.text}&options=-clock_timeout%3D100ms"))
    with psycopg.connect(place.text) as holder:
        holder.execute("LOCK TABLE members IN ACCESS SHARE MODE")
        with pytest.raises(DBAPIError, match="lock timeout"):
            second.scrub(["members"], [])
    for _ in range(2):
        with second.glancing() as connection:
            shown = connection.execute(text("SHOW statement_timeout")).scalar_one()
        assert shown == f"{STATEMENT_TIMEOUT_MS // 60_000}min"
    assert second.scrub(["members"], [])
    second.close()


def test_rows_that_a_transaction_still_sees_are_not_called_gone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is written anew takes them along: they would stay until somebody else is erased."""
    monkeypatch.setattr("service.storage.postgresql.SEEN_FOR_S", 0.2)
    name = "somebody-who-is-erased"
    database = Database.open(place.target)
    store_members(database, [person(name), person("b")])

    def is_on_disk() -> bool:
        with database.glancing() as connection:
            connection.execute(text("CHECKPOINT"))
            folder = connection.execute(text("SELECT current_setting('data_directory')")).scalar_one()
            path = connection.execute(text("SELECT pg_relation_filepath('members')")).scalar_one()
        return name.encode() in Path(folder, path).read_bytes()

    assert is_on_disk()
    with database.reading() as connection:
        connection.execute(text("SELECT count(*) FROM jobs"))
        database.write(lambda writing: writing.execute(text("DELETE FROM members WHERE member_id <> 'b'")))
        assert not database.scrub(["members"], [])
        assert is_on_disk()
    assert database.scrub(["members"], [])
    assert not is_on_disk()
    database.close()
