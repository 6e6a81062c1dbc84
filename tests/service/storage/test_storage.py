"""Rows, blocks, the change log's numbers, and what a transaction promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from service.storage import changes, members, population
from service.storage.database import Database
from service.storage.tables import UPSERT

AT = "2026-01-02T03:04:05.000006+00:00"


def store(database: Database, profiles: dict[str, str]) -> dict[str, members.MemberRow]:
    with database.writing() as connection:
        present = members.some(connection, list(profiles))
        return members.write(connection, profiles, present, AT)


def test_an_empty_log_starts_at_0(database: Database) -> None:
    with database.reading() as connection:
        assert changes.newest_seq(connection) == 0
        assert changes.news_since(connection, 0) == changes.News(0, (), False)
        assert members.one(connection, "a") is None
        assert members.count(connection) == 0


def test_a_row_keeps_its_day_of_birth_and_takes_the_number_of_its_last_change(database: Database) -> None:
    first = store(database, {"a": "{}", "b": "{}"})
    assert [row.seq for row in first.values()] == [1, 2]
    second = store(database, {"b": '{"x":1}', "c": "{}"})
    assert [row.seq for row in second.values()] == [3, 4]
    with database.reading() as connection:
        assert members.one(connection, "b") == members.MemberRow("b", '{"x":1}', 3, AT, AT)
        assert list(members.everyone(connection)) == ["{}", '{"x":1}', "{}"]
        assert members.all_ids(connection) == ["a", "b", "c"]
        assert changes.news_since(connection, 2) == changes.News(4, ("b", "c"), False)
        assert changes.count_since(connection, 2) == 2


def test_removing_is_logged_and_leaves_the_blocks(database: Database) -> None:
    store(database, {"a": "{}"})
    with database.writing() as connection:
        members.add_blocks(connection, [("a", "z"), ("a", "b")])
        assert members.remove(connection, "a", AT) == 2
        assert members.remove(connection, "a", AT) is None
    with database.reading() as connection:
        assert members.standing_blocks(connection, ["a", "q"]) == {"a": ["b", "z"]}
        assert changes.news_since(connection, 1) == changes.News(2, ("a",), False)


def test_more_ids_than_one_statement_takes(database: Database) -> None:
    ids = [f"m{i:05}" for i in range(12_001)]
    store(database, dict.fromkeys(ids, "{}"))
    with database.reading() as connection:
        assert len(members.some(connection, ids)) == len(ids)


def test_new_means_are_announced_in_the_log(database: Database) -> None:
    store(database, {"a": "{}"})
    with database.writing() as connection:
        assert population.in_force(connection) is None
        population.put_in_force(connection, '{"age":1}', date(2026, 1, 2), 1, AT)
        population.put_in_force(connection, '{"age":2}', date(2026, 1, 3), 2, AT)
    with database.reading() as connection:
        assert population.in_force(connection) == population.PopulationRow('{"age":2}', date(2026, 1, 3), 2, 3)
        assert changes.news_since(connection, 1) == changes.News(3, (), True)


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


def test_writers_wait_for_each_other_and_no_number_is_lost(database: Database) -> None:
    def write(worker: int) -> None:
        for turn in range(10):
            store(database, {f"w{worker}-{turn}": "{}"})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with database.reading() as connection:
        assert changes.newest_seq(connection) == 80
        assert changes.count_since(connection, 0) == 80


def test_the_history_has_a_fingerprint(tmp_path: Path, database: Database) -> None:
    other = Database.open(tmp_path / "other.db")
    for opened, member_id in ((database, "a"), (other, "b")):
        with opened.writing() as connection:
            changes.append(connection, UPSERT, [member_id], AT)
    with database.reading() as ours, other.reading() as theirs:
        assert changes.fingerprint(ours, 0) == changes.fingerprint(theirs, 0)
        assert changes.fingerprint(ours, 1) != changes.fingerprint(theirs, 1)
        assert changes.fingerprint(ours, 2) != changes.fingerprint(ours, 1)
    other.close()


def test_what_is_acknowledged_is_on_the_disk(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
