"""Rematch configs from files."""

from __future__ import annotations

from pathlib import Path

from matcher.errors import ReadingError
from matcher.grouping.spec_reading import SUFFIXES, document
from matcher.rematch.config import RematchConfig

LARGEST_FILE = 32 * 2**20
_ACCEPTED = "a rematch config in UTF-8, named .toml or .json"


def read_config(path: Path | str) -> RematchConfig:
    """Read a config from a TOML or JSON file, as its name says.

    Raises:
        ReadingError: if there is no such file, it is too large, or no such document.
        InvalidProblem: with everything that is wrong with what it says.
    """
    path = Path(path)
    source, suffix = str(path), path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ReadingError(source, "is of no known kind", _ACCEPTED)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ReadingError(source, (error.strerror or "cannot be read").lower(), _ACCEPTED) from error
    return RematchConfig.parse(document(data, source, suffix, "rematch config"))
