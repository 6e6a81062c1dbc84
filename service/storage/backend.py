"""What a kind of database has to offer. All that is particular to one stands in its own file beside this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from service.storage.errors import StorageError
from service.storage.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Engines:
    """One pool of connections, and what a transaction is that begins on each engine."""

    reading: Engine
    """All statements see the same moment."""
    glancing: Engine
    """Every statement is by itself."""
    writing: Engine
    """Waits until no other writer is at work, and then sees all that they have committed."""


class Backend(Protocol):
    """A database of one kind."""

    @property
    def name(self) -> str:
        """How messages call this database; holds no secret."""

    @property
    def in_process(self) -> bool:
        """Whether a reader never waits for anything but this process and its disk."""

    def engines(self) -> Engines:
        """Engines with an empty pool; nothing is connected yet."""

    def glance(self, engines: Engines, statement: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of one reading statement, which sees what is committed when it begins.

        Raises:
            DBAPIError: if the database fails.
        """

    def close(self, engines: Engines) -> None:
        """Give the connections back."""

    def turn(self) -> AbstractContextManager[None]:
        """Around every writing transaction: where the database does not let writers in as they come, this process does.

        Raises:
            OperationalError: if others have not come to an end in time.
        """

    def opening(self, engines: Engines) -> AbstractContextManager[Connection]:
        """A writing transaction that no other process shares, in which tables are made and changed.

        Raises:
            StorageError: if the database is not one to keep members in.
            OSError: if its file cannot be made.
        """

    def refusal(self, error: DatabaseError) -> StorageError:
        """Why the database could not be opened, in one line and without a secret."""

    def scrub(self, engines: Engines, tables: Sequence[str], traces: Sequence[str]) -> bool:
        """Overwrite or give back all space in which rows of ``tables`` stood that are no more.

        Args:
            engines: of this backend.
            tables: in which rows were deleted or changed.
            traces: texts that may be found where space was not overwritten; without any, nothing is looked for and
                everything is written anew.

        Returns:
            False if a reader kept it from being done; it may be tried again.
        """

    def copy(self, engines: Engines, into: Path) -> None:
        """Write all that is committed at this moment into a new database file; nobody waits for it.

        Raises:
            StorageError: if this kind of database has tools of its own for that.
            OSError: if the file is there, or cannot be written.
        """

    def undone(self, error: DatabaseError) -> bool:
        """Whether the database has undone a transaction only because of what others did at the same time."""


def without(text: str, secrets: Sequence[str]) -> str:
    """``text`` in one line, with every secret taken out."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return " ".join(text.split())
