"""Opening a database, and transactions on it. What differs between kinds of databases stands in a file for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from service.database_url import DatabaseTarget, DatabaseUrl
from service.storage.backend import Backend, Engines
from service.storage.companion import dismiss, in_force
from service.storage.errors import StorageError
from service.storage.postgresql import PostgresqlDatabase
from service.storage.prepared import Prepared
from service.storage.sqlite import SqliteFile
from service.storage.upgrade import bring_up_to_date

ATTEMPTS = 5
"""How often a transaction is made that the database undoes each time because of what others do."""
_Result = TypeVar("_Result")


def backend_of(target: DatabaseTarget) -> Backend:
    """The database of a path or URL, not connected to yet.

    Raises:
        StorageError: if the URL cannot be understood.
    """
    return PostgresqlDatabase(target) if isinstance(target, DatabaseUrl) else SqliteFile(target)


class Database:
    """An open database at the newest revision of its tables.

    Thread-safe: every transaction takes a connection of its own. Readers see one moment and never wait; writers wait
    for each other.
    """

    def __init__(self, backend: Backend, engines: Engines) -> None:
        self._backend = backend
        self._engines = engines

    @classmethod
    def open(cls, target: DatabaseTarget) -> Database:
        """Open the SQLite database at a path, made if it is not there, or the PostgreSQL database of a URL, which has
        to be there; and bring its tables up to date.

        Raises:
            StorageError: if it cannot be reached or written, is no database of ours, or is newer than this program.
        """
        backend = backend_of(target)
        engines = backend.engines()
        with ExitStack() as unless_opened:
            unless_opened.callback(engines.reading.dispose)
            try:
                with backend.opening(engines) as connection:
                    bring_up_to_date(connection, backend.name)
            except OSError as error:
                what = error.strerror or str(error)
                raise StorageError(backend.name, what, "a path that this user may write") from error
            except DatabaseError as error:
                raise backend.refusal(error) from None  # the error before it may hold what the refusal leaves out
            unless_opened.pop_all()
        return cls(backend, engines)

    @property
    def in_process(self) -> bool:
        """Whether a reader never waits for a network: then a short one may be run between two other requests."""
        return self._backend.in_process

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads: all its statements see the same moment."""
        with self._engines.reading.connect() as connection:
            yield connection

    @contextmanager
    def glancing(self) -> Iterator[Connection]:
        """For one reading statement, which sees one moment by itself: spares the transaction around it."""
        with self._engines.glancing.connect() as connection:
            yield connection

    def glance(self, statement: Prepared, **values: Any) -> list[tuple[Any, ...]]:
        """All rows of one reading statement, by the shortest way: for what every request asks.

        What was committed before it is called is seen, by whichever process.

        Raises:
            DBAPIError: if the database fails.
        """
        return self._backend.glance(self._engines, statement, values)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, undone whole if anything is raised."""
        with self._backend.turn(), self._engines.writing.begin() as connection:
            yield connection

    def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """What ``work`` returns from a writing transaction of its own.

        Should the database undo the transaction because of what others do (a deadlock, say), all of ``work`` is done
        again, five times at most; so it keeps nothing outside the database before it returns. The companion in force,
        if there is one, takes part in the same transaction.
        """
        companion = in_force()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.writing() as connection:
                    if companion is None:
                        return work(connection)
                    companion.before(connection)
                    result = work(connection)
                    companion.after(connection, result)
                dismiss()
                return result  # noqa: TRY300
            except DatabaseError as error:
                if attempt == ATTEMPTS or not self._backend.undone(error):
                    raise
        raise AssertionError

    def scrub(self, tables: Sequence[str], traces: Sequence[str]) -> bool:
        """Let nothing be left of rows that are no more: see :meth:`Backend.scrub`. Not within a transaction."""
        return self._backend.scrub(self._engines, tables, traces)

    def copy(self, into: Path) -> None:
        """Write a whole copy of this moment to a new file: see :meth:`Backend.copy`.

        Raises:
            StorageError: if it is no SQLite database, or SQLite could not write the file.
            OSError: if the file is there, or cannot be made.
        """
        try:
            self._backend.copy(self._engines, into)
        except DatabaseError as error:
            raise StorageError(str(into), str(error.orig), "a file on a disk with room for all members") from None

    def close(self) -> None:
        """Give the connections back. SQLite then folds its WAL into the file."""
        self._backend.close(self._engines)
