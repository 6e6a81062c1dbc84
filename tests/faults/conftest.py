"""Services that are made to die, on both kinds of databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.faults.arena", "tests.faults.island", "tests.faults.lives")

from tests.database_places import KINDS, Place  # noqa: E402
from tests.faults.launcher import Launcher, launcher  # noqa: E402
from tests.faults.running import Site  # noqa: E402


@pytest.fixture(scope="session", params=KINDS)
def stored_in(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def launching() -> Iterator[Launcher]:
    """What starts every process of the suite."""
    with launcher() as started:
        yield started


@pytest.fixture
def site(launching: Launcher, place: Place, tmp_path: Path) -> Site:
    """A database of the kind in question, and services on it."""
    return Site(launching, place, tmp_path)
