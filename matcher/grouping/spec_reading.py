"""Group specs from files."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from matcher.errors import ReadingError
from matcher.grouping.spec import GroupSpec
from matcher.members.json_rows import STRICT_JSON

SUFFIXES = (".toml", ".json")
LARGEST_FILE = 32 * 2**20
"""Bytes. A spec that names a million members needs about half of that."""


def read_spec(path: Path | str) -> GroupSpec:
    """Read a spec from a TOML or JSON file, as its name says.

    Raises:
        ReadingError: if there is no such file, it is too large, or no such document.
        InvalidProblem: with everything that is wrong with what it says.
    """
    return GroupSpec.parse(read_document(path, "group spec"))


def read_document(path: Path | str, name: str) -> dict[str, Any]:
    """The keys and values of a TOML or JSON file, not validated.

    Args:
        path: ends in one of :data:`SUFFIXES`.
        name: what it should be: ``group spec``.

    Raises:
        ReadingError: if there is no such file, it is too large, or no such document.
    """
    path = Path(path)
    source, suffix = str(path), path.suffix.lower()
    accepted = f"a {name} in UTF-8, named .toml or .json"
    if suffix not in SUFFIXES:
        raise ReadingError(source, "is of no known kind", accepted)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ReadingError(source, (error.strerror or "cannot be read").lower(), accepted) from error
    return document(data, source, suffix, name)


def parse_spec(data: bytes, source: str, suffix: str) -> GroupSpec:
    """The spec in a document.

    Args:
        data: the whole document; a byte order mark is passed over.
        source: what to call it in errors.
        suffix: ``.toml`` or ``.json``.

    Raises:
        ReadingError: if it is too large, or no such document.
        InvalidProblem: with everything that is wrong with what it says.
    """
    return GroupSpec.parse(document(data, source, suffix, "group spec"))


def document(data: bytes, source: str, suffix: str, name: str) -> dict[str, Any]:
    """The keys and values of a document, not validated.

    Args:
        data: the whole document; a byte order mark is passed over.
        source: what to call it in errors.
        suffix: ``.toml`` or ``.json``.
        name: what it should be: ``group spec``.

    Raises:
        ReadingError: if it is too large, or no such document.
    """
    accepted = f"a {name} in UTF-8, named .toml or .json"
    if len(data) > LARGEST_FILE:
        raise ReadingError(source, f"is too large for a {name}", f"at most {LARGEST_FILE // 2**20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadingError(source, f"is not UTF-8 at byte {error.start + 1}", accepted) from error
    return _json(text, source, name, accepted) if suffix == ".json" else _toml(text, source, accepted)


def _toml(text: str, source: str, accepted: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ReadingError(source, f"is not TOML: {error}", "see https://toml.io") from error
    except RecursionError as error:
        raise ReadingError(source, "is nested too deeply", accepted) from error
    except ValueError as error:
        raise ReadingError(source, "holds a number or date that is out of range", accepted) from error


def _json(text: str, source: str, name: str, accepted: str) -> dict[str, Any]:
    try:
        value = STRICT_JSON.decode(text)
    except json.JSONDecodeError as error:
        what = f"is not JSON: {error.msg} (at line {error.lineno}, column {error.colno})"
        raise ReadingError(source, what, "one JSON object") from error
    except RecursionError as error:
        raise ReadingError(source, "is nested too deeply", accepted) from error
    except ValueError as error:
        what = str(error) if len(str(error)) < 40 else "holds a number of too many digits"
        raise ReadingError(source, what, "one JSON object") from error
    if not isinstance(value, dict):
        raise ReadingError(source, "is no object", f"one JSON object with the keys of a {name}")
    return value
