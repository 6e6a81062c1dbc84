"""Whatever was acknowledged holds on PostgreSQL. A file for each kind: processes of tests take whole files."""

from __future__ import annotations

import pytest

from tests.database_places import POSTGRESQL
from tests.faults.acknowledged import holds_what_was_acknowledged
from tests.faults.running import Site


@pytest.fixture(scope="session")
def stored_in() -> str:
    return POSTGRESQL


def test_what_was_acknowledged_holds(site: Site) -> None:
    holds_what_was_acknowledged(site, 4_000, 1_500)


@pytest.mark.long
def test_what_was_acknowledged_holds_for_long(site: Site) -> None:
    holds_what_was_acknowledged(site, 100_000, 2_000)
