"""What tests of privacy share: both kinds of databases."""

from __future__ import annotations

import pytest

from tests.database_places import KINDS, Place


@pytest.fixture(scope="session", params=KINDS)
def stored_in(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture
def place_text(place: Place) -> str:
    """The database as an operator names it."""
    return place.text
