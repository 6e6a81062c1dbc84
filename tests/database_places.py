"""Databases of both kinds for tests: where they are, and how to reach them beside the code under test."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

from service.database_url import DatabaseTarget
from tests.postgresql_server import PostgresqlServer

SQLITE, POSTGRESQL = KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Place:
    """A database that nobody else uses."""

    target: DatabaseTarget
    index_folder: Path
    execute: Callable[[LiteralString], None]
    """Runs one statement in a connection of its own."""
    end_sessions: Callable[[], None]
    """Cuts every connection, where there are any to be cut."""

    @property
    def text(self) -> str:
        """How an operator would name it."""
        return str(self.target) if isinstance(self.target, Path) else self.target.secret_text


def sqlite_place(folder: Path) -> Place:
    """A file that is not there yet."""
    path = folder / "members.db"

    def execute(statement: LiteralString) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)

    return Place(path, folder / "members.db.index", execute, lambda: None)


@contextmanager
def place_of(
    kind: str, folder: Path, server: Callable[[], PostgresqlServer], *, tables: bool = True
) -> Iterator[Place]:
    """A database of a kind that nobody else uses; ``server`` is asked for only if it is needed."""
    if kind == POSTGRESQL:
        with postgresql_place(server(), folder, tables=tables) as place:
            yield place
    else:
        yield sqlite_place(folder)


@contextmanager
def postgresql_place(server: PostgresqlServer, folder: Path, *, tables: bool = True) -> Iterator[Place]:
    """A database of its own; with our tables, or empty."""
    with server.fresh() if tables else server.empty() as name:

        def execute(statement: LiteralString) -> None:
            server.execute(statement, database=name)

        yield Place(
            server.url(name),
            folder / "index",
            execute,
            lambda: server.end_sessions(name),
        )
