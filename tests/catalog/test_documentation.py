"""The page on the catalogue: its examples run and its numbers are the catalogue's."""

from __future__ import annotations

import doctest
from pathlib import Path

from matcher.catalog import default_catalog

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"


def test_examples_run() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert result.attempted >= 7
    assert result.failed == 0


def test_numbers_are_current() -> None:
    catalog = default_catalog()
    community = sum(not procedure.slug.startswith("ccsr-") for procedure in catalog.procedures)
    numbers = (
        f"{community} procedures and other recoveries in {len(catalog.families)} families and "
        f"{len(catalog.domains)} domains, "
        f"{len(catalog.topics)} topics, {len(catalog.interests)} interests"
    )
    assert numbers in " ".join(PAGE.read_text().split())
