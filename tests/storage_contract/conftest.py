"""Every test of this suite runs on both kinds of databases, by the same code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.storage.database import Database
from tests.database_places import KINDS, Place


@pytest.fixture(scope="session", params=KINDS)
def stored_in(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    """An open database with nobody in it."""
    opened = Database.open(place.target)
    yield opened
    opened.close()
