"""What tests of several packages share: databases of both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database_places import SQLITE, Place, place_of
from tests.postgresql_server import PostgresqlServer, postgresql_server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server, started when the first test asks for it: about a second for each process of tests."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def stored_in() -> str:
    """The kind of database. Suites that hold for both parametrise it."""
    return SQLITE


@pytest.fixture
def place(stored_in: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A database of the kind in question, for this test alone."""
    with place_of(stored_in, tmp_path, lambda: request.getfixturevalue("postgresql")) as made:
        yield made


@pytest.fixture
def empty_place(stored_in: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """As :func:`place`, and nothing is in it, no tables either."""
    with place_of(stored_in, tmp_path, lambda: request.getfixturevalue("postgresql"), tables=False) as made:
        yield made
