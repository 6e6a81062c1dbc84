"""Writing tables anew beside another program that holds one."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.database_url import DatabaseUrl
from service.storage.database import Database
from service.storage.postgresql import STATEMENT_TIMEOUT_MS
from tests.database_places import POSTGRESQL, Place


@pytest.fixture(scope="session")
def stored_in() -> str:
    return POSTGRESQL


def test_a_scrub_that_fails_leaves_no_connection_without_a_timeout(place: Place) -> None:
    first = Database.open(place.target)
    second = Database.open(DatabaseUrl(f"{place.text}&options=-clock_timeout%3D100ms"))
    with first.reading() as connection:
        connection.execute(text("SELECT * FROM members"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            second.scrub(["members"], [])
    for _ in range(2):
        with second.glancing() as connection:
            shown = connection.execute(text("SHOW statement_timeout")).scalar_one()
        assert shown == f"{STATEMENT_TIMEOUT_MS // 60_000}min"
    assert second.scrub(["members"], [])
    first.close()
    second.close()
