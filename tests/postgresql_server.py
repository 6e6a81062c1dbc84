"""A PostgreSQL server for one session of tests, and a fresh database on it for whoever asks."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

from service.database_url import DatabaseUrl
from service.storage.database import Database

STOP_WITHIN_S = 30.0


class PostgresqlServer:
    """A running server. Use :func:`postgresql_server`."""

    def __init__(self, folder: Path, into: IO[str], answers: IO[str]) -> None:
        self._folder = folder
        self._into = into
        self._answers = answers
        self._numbers = itertools.count(1)
        self._template: str | None = None

    def url(self, name: str, user: str = "postgres", password: str = "", **more: str) -> DatabaseUrl:
        """The URL of a database, there or not."""
        asked = "".join(f"&{key}={quote(value)}" for key, value in more.items())
        who = f"{user}:{quote(password, safe='')}" if password else user
        return DatabaseUrl(f"postgresql://{who}@/{name}?host={self._folder}{asked}")

    def execute(self, statement: LiteralString, *names: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement beside the code under test; ``{}`` in it stand for the ``names``."""
        with psycopg.connect(self.url(database).secret_text, autocommit=True) as connection:
            cursor = connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def empty(self) -> Iterator[str]:
        """A database without tables; gone afterwards, whoever is still connected."""
        name = f"test_{next(self._numbers)}"
        self.execute("CREATE DATABASE {} TEMPLATE template0", name)
        try:
            yield name
        finally:
            self.execute("DROP DATABASE {} WITH (FORCE)", name)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """A database with our tables, as at the first start of the service."""
        if self._template is None:
            self.execute("CREATE DATABASE ours TEMPLATE template0")
            Database.open(self.url("ours")).close()
            self._template = "ours"
        name = f"test_{next(self._numbers)}"
        self.execute("CREATE DATABASE {} TEMPLATE {}", name, self._template)
        try:
            yield name
        finally:
            self.execute("DROP DATABASE {} WITH (FORCE)", name)

    def end_sessions(self, name: str) -> None:
        """Cut every connection to a database, as a restart of the server would."""
        with psycopg.connect(self.url("postgres").secret_text, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

    def crash(self) -> None:
        """End the server at once, as if it had crashed. For a server of one's own: others use this one, too."""
        self._do("down")

    def come_back(self) -> None:
        """Start it again after :meth:`crash`."""
        self._do("up")

    def _do(self, what: str) -> None:
        self._into.write(what + "\n")
        self._into.flush()
        assert self._answers.readline() == what + "\n"


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start a server of our own; it stops, and its folder goes, at the end or when this process dies."""
    program = Path(__file__).with_name("postgresql_process.py")
    process = subprocess.Popen(
        [sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests; the server is stopped after them
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        folder = process.stdout.readline().strip()
        assert process.stdout.readline() == "up\n", "PostgreSQL did not start; what it said stands above"
        yield PostgresqlServer(Path(folder), process.stdin, process.stdout)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(STOP_WITHIN_S)
