"""What SQLite alone promises: a file that is its owner's, on the disk, and never mistaken for another's."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from service.storage.database import Database
from service.storage.errors import StorageError


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "members.db")
    yield opened
    opened.close()


def test_what_is_acknowledged_is_on_the_disk(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_database_is_its_owners_alone(tmp_path: Path) -> None:
    if os.name == "nt":
        return
    path = tmp_path / "members.db"
    Database.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("member_id,alias\n" * 100)
    with pytest.raises(StorageError, match="not a database"):
        Database.open(path)
    assert path.read_text().startswith("member_id")


def test_a_folder_in_the_place_of_a_database(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="directory"):
        Database.open(tmp_path)


_WRITES_ONCE = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit(); c.close()"


@pytest.mark.parametrize("touched", ["opened again", "searched for traces"])
def test_what_others_write_is_seen_whatever_else_touches_the_file(
    database: Database, tmp_path: Path, touched: str
) -> None:
    path = tmp_path / "members.db"

    def newest() -> int:
        with database.reading() as connection:
            return int(connection.execute(text("SELECT seq FROM change_head")).scalar_one())

    assert newest() == 0
    if touched == "opened again":
        again = Database.open(path)
    else:
        again = None
        for _ in range(2):
            assert database.scrub([], ["nobody-has-this-id"])
    for turn in range(1, 4):
        statement = "update change_head set seq = seq + 1"
        subprocess.run([sys.executable, "-S", "-c", _WRITES_ONCE, str(path), statement], check=True, timeout=60)
        assert newest() == turn, "another process came and went, and took no WAL along"
    if again is not None:
        again.close()


def test_a_file_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "members.db"
    Database.open(path).close()
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(StorageError, match="denied"):
        Database.open(path)
