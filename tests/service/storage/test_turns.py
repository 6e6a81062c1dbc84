"""Writers of one process come to the SQLite file in the order in which they asked, and none is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from service.storage import sqlite
from service.storage.database import Database
from service.storage.sqlite import SqliteFile
from service.storage.turns import Turns

WRITE = text("UPDATE change_head SET seq = seq + 1")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "members.db")
    yield opened
    opened.close()


def wait_for(turns: Turns, waiting: int) -> None:
    while len(turns._waiting) != waiting:
        threading.Event().wait(0.001)


def test_first_come_first_served(database: Database) -> None:
    assert isinstance(database._backend, SqliteFile)
    turns, order = database._backend._turns, list[int]()

    def write(number: int) -> None:
        with database.writing() as connection:
            connection.execute(WRITE)
            order.append(number)

    with ThreadPoolExecutor(12) as pool, database.writing() as connection:
        connection.execute(WRITE)
        for number in range(12):
            pool.submit(write, number)
            wait_for(turns, number + 1)
        assert not order
    assert order == list(range(12))


def test_who_asks_again_and_again_waits_behind_those_who_wait_already(database: Database) -> None:
    assert isinstance(database._backend, SqliteFile)
    turns, order = database._backend._turns, list[str]()
    other = threading.Event()

    def hog() -> None:
        while not other.is_set():
            with database.writing() as connection:
                connection.execute(WRITE)
                order.append("hog")

    def one() -> None:
        order.append("asks")
        with database.writing() as connection:
            connection.execute(WRITE)
            order.append("writes")
        other.set()

    with ThreadPoolExecutor(2) as pool:
        with database.writing():
            asking = pool.submit(one)
            wait_for(turns, 1)
            hogging = pool.submit(hog)
            wait_for(turns, 2)
        asking.result(30)
        hogging.result(30)
    assert order[:3] == ["asks", "writes", "hog"]


def test_a_turn_that_does_not_come_is_a_database_that_is_locked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 20)
    with ThreadPoolExecutor(1) as pool, database.writing() as connection:
        connection.execute(WRITE)
        writing = pool.submit(database.write, lambda inner: inner.execute(WRITE))
        with pytest.raises(OperationalError, match="database is locked"):
            writing.result(30)
    database.write(lambda connection: connection.execute(WRITE))
    with database.reading() as connection:
        assert connection.execute(text("SELECT seq FROM change_head")).scalar_one() == 2


def test_whatever_ends_a_turn_the_next_one_has_it() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.001)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(turns.take, 30)
        wait_for(turns, 1)
        turns.give()
        assert waiting.result(30)
    turns.give()
    assert turns.take(0)


@pytest.mark.parametrize("given", [False, True])
def test_one_that_is_interrupted_while_it_waits_keeps_no_place(monkeypatch: pytest.MonkeyPatch, given: bool) -> None:
    turns = Turns()
    assert turns.take(0)

    def interrupted(*_: object) -> bool:
        if given:  # in the same moment
            turns.give()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            turns.take(1)
    if not given:
        turns.give()
    assert turns.take(0)


def test_a_transaction_that_fails_gives_its_turn_back(database: Database) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), database.writing():
            raise ZeroDivisionError
    database.write(lambda connection: connection.execute(WRITE))
