"""What PostgreSQL alone needs: reaching it, refusing it in one line without a secret, and others at work in it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, DBAPIError

from matcher.errors import InvalidRequest
from service.database_url import DatabaseUrl, database_target
from service.settings import Settings
from service.storage import members
from service.storage.database import ATTEMPTS, Database
from service.storage.errors import StorageError
from service.storage.postgresql import LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS
from tests.database_places import Place, postgresql_place
from tests.postgresql_server import PostgresqlServer
from tests.storage_contract.writers import AT, store

SECRET = "s3:cr@t/?%"


@pytest.fixture(scope="session")
def stored_in() -> str:
    return "postgresql"


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    opened = Database.open(place.target)
    yield opened
    opened.close()


@contextmanager
def beside(place: Place) -> Iterator[psycopg.Connection]:
    """Another program's session in the same database."""
    with psycopg.connect(place.text, autocommit=True) as connection:
        yield connection


def refusal(url: DatabaseUrl) -> str:
    with pytest.raises(StorageError) as refused:
        Database.open(url)
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    assert "s3" not in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_what_names_a_database() -> None:
    assert database_target("members.db") == Path("members.db")
    assert database_target("postgres://h/d") == DatabaseUrl("postgres://h/d")
    for other in ("sqlite:///x.db", f"mysql://u:{SECRET}@h/d", f"postgresql+psycopg://u:{SECRET}@h/d"):
        with pytest.raises(InvalidRequest, match="postgresql://") as refused:
            database_target(other)
        assert "s3" not in str(refused.value)


def test_settings_show_no_password() -> None:
    settings = Settings(database=database_target(f"postgresql://u:{SECRET}@h/d"))
    assert "s3" not in f"{settings} {settings!r} {settings.database} {settings.database!r}"
    assert settings.snapshots == Path("peer-matcher.index")
    assert Settings(index_folder=Path("elsewhere")).snapshots == Path("elsewhere")


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:s3@cret@h/d",
        "postgresql://u:s3/cret@h/d",
        "postgresql://u:a?s3@cret@h/d",
        "postgresql://u:s3%zz@h/d",
        "postgresql://u@h:s3/d",
        "postgresql://u:s3@h/d?colour=red",
    ],
)
def test_a_url_that_cannot_be_understood(text: str) -> None:
    assert "cannot be understood" in refusal(DatabaseUrl(text))


def test_a_wrong_password(postgresql: PostgresqlServer) -> None:
    postgresql.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
    try:
        said = refusal(postgresql.url("postgres", "locked", SECRET))
        assert 'password authentication failed for user "locked"' in said
        assert "postgresql://locked@" in said
        assert "no password" in refusal(postgresql.url("postgres", "locked"))
        assert "permission denied" in refusal(postgresql.url("postgres", "locked", "right"))
    finally:
        postgresql.execute("DROP ROLE locked")


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    assert "No such file" in refusal(DatabaseUrl(f"postgresql://u:s3cret@/d?host={tmp_path}"))
    assert "refused" in refusal(DatabaseUrl("postgresql://u:s3cret@127.0.0.1:1/d?sslmode=require"))


def test_a_database_that_is_not_there(postgresql: PostgresqlServer) -> None:
    assert 'database "nowhere" does not exist' in refusal(postgresql.url("nowhere"))


def test_a_database_that_takes_no_changes(postgresql: PostgresqlServer) -> None:
    url = postgresql.url("postgres", options="-c default_transaction_read_only=on")
    assert "takes no changes" in refusal(url)


def test_a_database_that_cannot_keep_every_character(postgresql: PostgresqlServer) -> None:
    postgresql.execute("CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0")
    try:
        assert "LATIN1" in refusal(postgresql.url("narrow"))
    finally:
        postgresql.execute("DROP DATABASE narrow WITH (FORCE)")


def test_tables_may_stand_in_a_schema_of_their_own(postgresql: PostgresqlServer, tmp_path: Path) -> None:
    with postgresql_place(postgresql, tmp_path, tables=False) as shared:
        shared.execute("create table songs (title text)")
        shared.execute("create schema matching")
        for _ in range(2):
            database = Database.open(DatabaseUrl(shared.text + "&options=-csearch_path%3Dmatching"))
            store(database, {"a": "{}"})
            database.close()
        with beside(shared) as other:
            assert other.execute("select count(*) from matching.members").fetchone() == (1,)


def test_what_a_session_is_set_to(database: Database) -> None:
    def setting(connection: Connection, name: str) -> str:
        return str(connection.execute(text(f"SHOW {name}")).scalar_one())

    with database.reading() as connection:
        assert setting(connection, "transaction_isolation") == "repeatable read"
        assert setting(connection, "transaction_read_only") == "on"
        assert setting(connection, "lock_timeout") == f"{LOCK_TIMEOUT_MS // 1000}s"
        assert setting(connection, "statement_timeout") == f"{STATEMENT_TIMEOUT_MS // 60_000}min"
        assert setting(connection, "application_name") == "peer-matcher"
    with database.writing() as connection:
        assert setting(connection, "transaction_isolation") == "read committed"
        assert setting(connection, "transaction_read_only") == "off"
        assert setting(connection, "idle_in_transaction_session_timeout") == "1min"


def test_the_url_has_the_last_word(place: Place) -> None:
    options = "-c%20lock_timeout%3D7s%20-c%20synchronous_commit%3Doff"
    database = Database.open(DatabaseUrl(f"{place.text}&application_name=mine&options={options}"))
    with database.writing() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "7s"
        assert connection.execute(text("SHOW application_name")).scalar_one() == "mine"
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on", "what is acknowledged is kept"
    database.close()


def test_everyone_comes_from_a_cursor_of_the_server(database: Database) -> None:
    store(database, {f"m{i}": "{}" for i in range(10)})
    with database.reading() as connection:
        everyone = members.everyone(connection)
        next(everyone)
        assert connection.execute(text("select count(*) from pg_cursors")).scalar_one() == 1
        assert len(list(everyone)) == 9


def test_a_writer_does_not_wait_for_ever(place: Place) -> None:
    first = Database.open(place.target)
    second = Database.open(DatabaseUrl(f"{place.text}&options=-clock_timeout%3D100ms"))
    with first.writing(), pytest.raises(DBAPIError, match="lock timeout"), second.writing():
        pass
    assert store(second, {"a": "{}"})["a"].seq == 1
    first.close()
    second.close()


def test_after_a_deadlock_the_whole_is_done_again(place: Place, database: Database) -> None:
    both_hold = Barrier(2)
    tries = []

    def ours(connection: Connection) -> str:
        tries.append(1)
        connection.execute(text("select pg_advisory_xact_lock(1)"))
        if len(tries) == 1:
            both_hold.wait(10)
        connection.execute(text("select pg_advisory_xact_lock(2)"))
        members.write(connection, {"a": "{}"}, {}, AT)
        return "done"

    def theirs() -> None:
        with beside(place) as other, other.transaction():
            other.execute("set local deadlock_timeout = '1h'")  # so that ours is the one to be undone
            other.execute("select pg_advisory_xact_lock(2)")
            both_hold.wait(10)
            other.execute("select pg_advisory_xact_lock(1)")

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(theirs)
        assert database.write(ours) == "done"
        working.result(10)
    assert len(tries) == 2
    with database.reading() as connection:
        assert members.count(connection) == 1


def test_it_is_not_done_again_for_ever(database: Database) -> None:
    tries = []

    def work(connection: Connection) -> None:
        tries.append(1)
        connection.execute(text("do $$ begin raise exception sqlstate '40001'; end $$"))

    with pytest.raises(DatabaseError):
        database.write(work)
    assert len(tries) == ATTEMPTS


def test_errors_and_logs_hold_no_values(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    database = Database.open(place.target)
    place.execute("alter table members add constraint short check (length(profile) < 5)")

    def fail() -> None:
        with database.writing() as connection:
            members.write(connection, {"a": '{"health":1}'}, {}, AT)

    with pytest.raises(DBAPIError, match="CheckViolation 23514 members short") as failed:
        fail()
    error: BaseException | None = failed.value
    while error is not None:
        assert "health" not in str(error)
        error = error.__cause__ or error.__context__
    assert "health" not in caplog.text
    database.close()
