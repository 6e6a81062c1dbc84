"""The examples on the pairing page do what the page says."""

from __future__ import annotations

import doctest
from pathlib import Path


def test_the_page_is_true() -> None:
    page = Path(__file__).parents[2] / "docs" / "pairing.md"
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted >= 7
    assert result.failed == 0
