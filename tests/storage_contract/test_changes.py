"""The change log: its numbers, what followers see, and whose history it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from sqlalchemy import select

from service.storage import changes, members
from service.storage.database import Database
from service.storage.tables import UPSERT
from service.storage.tables import changes as log
from tests.database_places import Place
from tests.storage_contract.writers import AT, store, writing_processes


def test_an_empty_log_starts_at_0(database: Database) -> None:
    with database.reading() as connection:
        assert changes.newest_seq(connection) == 0
        assert changes.news_since(connection, 0) == changes.News(0, (), False)
        assert members.one(connection, "a") is None
        assert members.count(connection) == 0


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


def followed(database: Database, done: Event, until: int) -> list[int]:
    """Every number in the order in which a follower came to see it."""
    seen: list[int] = []
    while not (done.is_set() and len(seen) >= until):
        last = seen[-1] if seen else 0
        with database.reading() as connection:
            numbers = connection.execute(select(log.c.seq).where(log.c.seq > last).order_by(log.c.seq)).scalars().all()
            assert changes.newest_seq(connection) == (numbers[-1] if numbers else last)
        seen += numbers
    return seen


def test_a_follower_misses_nothing(place: Place, database: Database) -> None:
    done = Event()
    with ThreadPoolExecutor(6) as pool, writing_processes(place, 2, turns=15):
        following = [pool.submit(followed, database, done, 2 * 15 * 3 + 4 * 15) for _ in range(2)]

        def write(worker: int) -> None:
            for turn in range(15):
                store(database, {f"thread{worker}-{turn}": "{}"})

        list(pool.map(write, range(4)))
        done.set()
        for follower in following:
            assert follower.result(60) == list(range(1, 151)), "in order, without a gap, at every moment"
    with database.reading() as connection:
        assert members.count(connection) == 150
