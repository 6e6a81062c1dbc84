"""What a transaction promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Integer, bindparam, column, literal_column, select, table
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.storage import changes, members
from service.storage.database import Database
from service.storage.prepared import Prepared
from tests.database_places import Place
from tests.storage_contract.writers import AT, processes, store, writes_and_hangs


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.writing() as connection:
            members.write(connection, {"a": "{}"}, {}, AT)
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with database.reading() as connection:
        assert (changes.newest_seq(connection), members.count(connection)) == (0, 0)


def test_a_reader_sees_one_moment(database: Database) -> None:
    with database.reading() as connection:
        assert changes.newest_seq(connection) == 0
        store(database, {"a": "{}"})
        assert members.one(connection, "a") is None
    with database.reading() as connection:
        assert members.one(connection, "a") is not None


def test_a_failed_transaction_takes_no_number(database: Database) -> None:
    store(database, {"a": "{}"})

    def write_and_fail() -> None:
        with database.writing() as connection:
            members.write(connection, {"b": "{}"}, {}, AT)
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert store(database, {"c": "{}"})["c"].seq == 2


def test_a_statement_that_fails_undoes_the_whole_and_shows_no_value(database: Database) -> None:
    def write_twice() -> None:
        with database.writing() as connection:
            for _ in range(2):
                members.write(connection, {"a-member": '{"secret":"health"}'}, {}, AT)

    with pytest.raises(IntegrityError) as failed:
        write_twice()
    error: BaseException | None = failed.value
    while error is not None:
        assert "health" not in str(error)
        assert "a-member" not in str(error)
        error = error.__cause__ or error.__context__
    with database.reading() as connection:
        assert (changes.newest_seq(connection), members.count(connection)) == (0, 0)


def test_a_reader_waits_for_no_writer(database: Database) -> None:
    store(database, {"a": "{}"})
    with database.writing() as writer:
        members.write(writer, {"b": "{}"}, {}, AT)
        with database.reading() as reader, database.glancing() as glancer:
            assert members.count(reader) == members.count(glancer) == 1


def test_a_writer_sees_what_was_committed_while_it_waited(database: Database) -> None:
    def add(_: int) -> None:
        with database.writing() as connection:
            row = members.one(connection, "a")
            assert row is not None
            members.write(connection, {"a": str(int(row.profile) + 1)}, {"a": row}, AT)

    store(database, {"a": "0"})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    with database.reading() as connection:
        row = members.one(connection, "a")
        assert row is not None
        assert row.profile == "40"


def test_work_is_done_once_and_returns_its_result(database: Database) -> None:
    assert database.write(lambda connection: members.write(connection, {"a": "{}"}, {}, AT))["a"].seq == 1
    with pytest.raises(KeyError):
        database.write(lambda connection: {0: 0}[members.count(connection)])
    with database.reading() as connection:
        assert members.count(connection) == 1


def test_what_is_committed_is_there_after_a_restart(place: Place, database: Database) -> None:
    store(database, {"a": "{}"})
    database.close()
    again = Database.open(place.target)
    with again.reading() as connection:
        assert changes.newest_seq(connection) == members.count(connection) == 1
    assert store(again, {"b": "{}"})["b"].seq == 2
    again.close()


def test_a_writer_that_is_killed_holds_nobody_up(place: Place, database: Database) -> None:
    with processes(place, 1, writes_and_hangs) as (hanging,):
        hanging.kill()
        hanging.join()
    assert store(database, {"b": "{}"})["b"].seq == 1, "what was not committed never was"


def test_connections_that_were_cut_are_made_anew(place: Place, database: Database) -> None:
    for _ in range(2):
        store(database, {"a": "{}"})
        with database.reading() as connection:
            members.count(connection)
        place.end_sessions()
    with database.glancing() as connection:
        assert members.count(connection) == 1
    assert store(database, {"b": "{}"})["b"].seq == 3


def test_a_glance_that_fails_is_an_error_of_the_database_and_the_next_one_is_answered(database: Database) -> None:
    nowhere = Prepared(select(column("seq")).select_from(table("no_such_table")))
    for _ in range(3):
        with pytest.raises(DBAPIError):
            database.glance(nowhere)
        assert database.glance(Prepared(select(literal_column("1")))) == [(1,)]


def test_glances_from_many_threads(database: Database) -> None:
    one = Prepared(select(bindparam("wanted", type_=Integer)))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda i: database.glance(one, wanted=i), range(200))) == [[(i,)] for i in range(200)]
