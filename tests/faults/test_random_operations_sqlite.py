"""Whatever was acknowledged holds on SQLite. A file for each kind: processes of tests take whole files."""

from __future__ import annotations

import pytest

from tests.database_places import SQLITE
from tests.faults.acknowledged import holds_what_was_acknowledged
from tests.faults.running import Site


@pytest.fixture(scope="session")
def stored_in() -> str:
    return SQLITE


def test_what_was_acknowledged_holds(site: Site) -> None:
    holds_what_was_acknowledged(site, 6_000, 1_500)


@pytest.mark.long
def test_what_was_acknowledged_holds_for_long(site: Site) -> None:
    holds_what_was_acknowledged(site, 100_000, 2_000)
