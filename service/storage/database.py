"""Opening a database, and transactions on it. Everything that is particular to SQLite stands here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, DBAPIError

from matcher.errors import MatcherError
from service.storage.opening_lock import opening_lock
from service.storage.upgrade import bring_up_to_date

BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for another process's transaction."""
_WRITES = "peer_matcher_writes"
_ONE_STATEMENT = "peer_matcher_one_statement"


class StorageError(MatcherError):
    """The database cannot be opened or used."""

    def __init__(self, source: str, what: str, accepted: str) -> None:
        self.source = source
        self.what = what
        self.accepted = accepted
        super().__init__(f"{source}: {what} (accepted: {accepted})")


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves: the driver would begin them too late for reads
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that begins as a reader and then writes can fail at once instead of waiting, so writers say so.
    options = connection.get_execution_options()
    if not options.get(_ONE_STATEMENT, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES, False) else "BEGIN")


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        hide_parameters=True,  # parameters are health data, and errors are logged
        pool_size=8,
        max_overflow=64,
        connect_args={"check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


class Database:
    """An open database at the newest revision of its tables.

    Thread-safe: every transaction takes a connection of its own. Readers see one moment and never wait; writers wait
    for each other.
    """

    def __init__(self, engine: Engine) -> None:
        self._readers = engine
        self._writers = engine.execution_options(**{_WRITES: True})
        self._single = engine.execution_options(**{_ONE_STATEMENT: True})

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open the SQLite database at ``path``, made if it is not there, and bring its tables up to date.

        Raises:
            StorageError: if the file is no database of ours, is newer than this program, or cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with opening_lock(path):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # health data: for its owner's eyes
                engine = _engine(path)
                database = cls(engine)
                try:
                    with database.writing() as connection:
                        bring_up_to_date(connection)
                except (DBAPIError, MatcherError):
                    engine.dispose()
                    raise
        except OSError as error:
            raise StorageError(str(path), error.strerror or str(error), "a path that this user may write") from error
        except DatabaseError as error:
            raise StorageError(str(path), str(error.orig), "a Peer Matcher database, or a new file") from error
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads: all its statements see the same moment."""
        with self._readers.connect() as connection:
            yield connection

    @contextmanager
    def glancing(self) -> Iterator[Connection]:
        """For one reading statement, which sees one moment by itself: spares the transaction around it."""
        with self._single.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, undone whole if anything is raised."""
        with self._writers.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back. SQLite then folds its WAL into the file."""
        self._readers.dispose()
