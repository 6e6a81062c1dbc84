"""The calls answer alike on both kinds of databases: some are always asked on both, all of them in the long suites."""

from __future__ import annotations

import pytest

from tests.database_places import POSTGRESQL, SQLITE

ALWAYS_ON_BOTH = {"test_members", "test_concurrency", "test_put_together"}
"""Files whose tests say most about what is stored, and by whom it is seen."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that serves from a database once on each kind."""
    if "stored_in" in metafunc.fixturenames:
        always = metafunc.module.__name__.rpartition(".")[2] in ALWAYS_ON_BOTH
        marks = () if always else (pytest.mark.long,)
        metafunc.parametrize("stored_in", [SQLITE, pytest.param(POSTGRESQL, marks=marks)], scope="session")
