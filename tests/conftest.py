"""What tests of several packages share: databases of both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database_places import POSTGRESQL, SQLITE, Place, postgresql_place, sqlite_place
from tests.postgresql_server import PostgresqlServer, postgresql_server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server, started when the first test asks for it: about a second for each process of tests."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def kind() -> str:
    """The kind of database. Suites that hold for both parametrise it."""
    return SQLITE


@pytest.fixture
def place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A database of the kind in question, for this test alone."""
    if kind == POSTGRESQL:
        with postgresql_place(request.getfixturevalue("postgresql"), tmp_path) as made:
            yield made
    else:
        yield sqlite_place(tmp_path)


@pytest.fixture
def empty_place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """As :func:`place`, and nothing is in it, no tables either."""
    if kind == POSTGRESQL:
        with postgresql_place(request.getfixturevalue("postgresql"), tmp_path, tables=False) as made:
            yield made
    else:
        yield sqlite_place(tmp_path)
