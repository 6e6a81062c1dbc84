"""All that is particular to SQLite: one file, its write-ahead log, and its lock for writers."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, PoolProxiedConnection, create_engine, event
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from service.precedence import stand_back
from service.storage.backend import Engines
from service.storage.errors import StorageError
from service.storage.open_files import make_own, read_at
from service.storage.opening_lock import opening_lock
from service.storage.prepared import Prepared
from service.storage.pseudonyms import KEY_FILE
from service.storage.turns import Turns

BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for another process's transaction."""
_BEGIN_WRITING = "BEGIN IMMEDIATE"
_FOLD = "PRAGMA wal_checkpoint(TRUNCATE)"
"""Waits for readers as long as writers wait; the first column says whether it was in vain."""
_PORTION = 1 << 22
_WRITES = "peer_matcher_writes"
_ONE_STATEMENT = "peer_matcher_one_statement"


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves: the driver would begin them too late for reads
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = ON",  # what is deleted is overwritten
        "foreign_keys = ON",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that begins as a reader and then writes can fail at once instead of waiting, so writers say so.
    options = connection.get_execution_options()
    if not options.get(_ONE_STATEMENT, False):
        connection.exec_driver_sql(_BEGIN_WRITING if options.get(_WRITES, False) else "BEGIN")


def _stand_back(*_: object) -> None:
    stand_back()


class SqliteFile:
    """The database in one file, made if it is not there and readable by its owner alone."""

    in_process = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)
        self._turns = Turns()
        self._glancers: list[PoolProxiedConnection] = []
        """Connections that nobody glances with at the moment."""

    def engines(self) -> Engines:
        """Engines with an empty pool; it grows past every number of threads that we run."""
        engine = create_engine(
            f"sqlite:///{self._path}",
            hide_parameters=True,  # parameters are health data, and errors are logged
            pool_size=8,
            max_overflow=64,
            connect_args={"check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        # Statements of a file are work of this process; those of a server are waited for, which lets others go on.
        event.listen(engine, "before_cursor_execute", _stand_back)
        engine.update_execution_options(**{KEY_FILE: self._path.with_name(self._path.name + ".key")})
        return Engines(
            reading=engine,
            glancing=engine.execution_options(**{_ONE_STATEMENT: True}),
            writing=engine.execution_options(**{_WRITES: True}),
        )

    def glance(self, engines: Engines, statement: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """By the driver itself, on a connection that is kept: the file answers within microseconds, and looking a
        connection, a cursor and its result over at every request takes ten times as long."""
        text, parameters = statement.for_driver(engines.glancing.dialect, values)
        try:
            glancer = self._glancers.pop()
        except IndexError:
            glancer = engines.glancing.raw_connection()
        try:
            driver: Any = glancer.driver_connection
            rows: list[tuple[Any, ...]] = driver.execute(text, parameters).fetchall()
        except sqlite3.Error as error:
            glancer.invalidate(error)  # who comes next is to have one of which nothing bad is known
            raise DBAPIError.instance(text, None, error, sqlite3.Error, hide_parameters=True) from error
        self._glancers.append(glancer)
        return rows

    def close(self, engines: Engines) -> None:
        """Close the connections; the last one folds the WAL into the file."""
        while self._glancers:
            self._glancers.pop().close()
        engines.reading.dispose()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let the writers of this process in as they come. SQLite has them sleep and try again, for up to a tenth of a
        second at a time, and whoever sleeps misses every moment in which the file is free. Others wait by its rules.

        Raises:
            OperationalError: if the turn has not come within the time that SQLite waits for another process.
        """
        if not self._turns.take(BUSY_TIMEOUT_MS / 1000):
            raise OperationalError(_BEGIN_WRITING, None, sqlite3.OperationalError("database is locked"))
        try:
            yield
        finally:
            self._turns.give()

    @contextmanager
    def opening(self, engines: Engines) -> Iterator[Connection]:
        """A writing transaction under the operating system's lock: switching to WAL is no part of any transaction.

        Raises:
            OSError: if the file cannot be made.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with opening_lock(self._path):
            make_own(self._path)  # health data: for its owner's eyes
            with engines.writing.begin() as connection:
                yield connection

    def refusal(self, error: DatabaseError) -> StorageError:
        """SQLite's own words; they name no content."""
        return StorageError(self.name, str(error.orig), "a Peer Matcher database, or a new file")

    def scrub(self, engines: Engines, _tables: Sequence[str], traces: Sequence[str]) -> bool:
        """Fold the WAL into the file and empty it; what is deleted has been overwritten already.

        But rows that were moved from page to page may have left copies, and so has everything from before deleted rows
        were overwritten: if a trace is found, the file is written anew. Costs reading the file.
        """
        with engines.glancing.connect() as connection:
            with self.turn():
                folded = not connection.exec_driver_sql(_FOLD).one()[0]
            if traces and folded and not self._holds(traces):
                return True
            with self.turn():
                connection.exec_driver_sql("VACUUM")
                return not connection.exec_driver_sql(_FOLD).one()[0]

    def copy(self, engines: Engines, into: Path) -> None:
        """Write the rows of this moment into a new file, for its owner's eyes; pages that are free stay behind.

        Raises:
            OSError: if the file is there, or cannot be made.
        """
        os.close(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with engines.glancing.connect() as connection:
                connection.exec_driver_sql("VACUUM INTO ?", (str(into),))
            with into.open("rb") as written:
                os.fsync(written.fileno())
        except BaseException:
            into.unlink(missing_ok=True)
            raise

    def _holds(self, traces: Sequence[str]) -> bool:
        wanted = [trace.encode() for trace in traces]
        overlap = max(map(len, wanted)) - 1
        place, end = 0, b""
        while portion := read_at(self._path, place, _PORTION):
            if any(trace in end + portion for trace in wanted):
                return True
            place += len(portion)
            end = (end + portion)[-overlap:] if overlap else b""
        return False

    def undone(self, _: DatabaseError) -> bool:
        """Never: a writer has the file to itself from its first statement on."""
        return False
