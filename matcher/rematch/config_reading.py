"""Rematch configs from files."""

from __future__ import annotations

from pathlib import Path

from matcher.grouping.spec_reading import read_document
from matcher.rematch.config import RematchConfig


def read_config(path: Path | str) -> RematchConfig:
    """Read a config from a TOML or JSON file, as its name says.

    Raises:
        ReadingError: if there is no such file, it is too large, or no such document.
        InvalidProblem: with everything that is wrong with what it says.
    """
    return RematchConfig.parse(read_document(path, "rematch config"))
