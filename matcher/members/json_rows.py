"""Rows of NDJSON files: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matcher.errors import Problem
from matcher.members.lines import Line, lines, text_of
from matcher.members.rows import RawRow

_ONE_OBJECT = "one JSON object a line, every key once"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


STRICT_JSON = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant)
"""Raises ``ValueError`` for what Python lets pass as JSON and nobody means: a key twice, NaN, infinity."""


def json_object(line: Line) -> dict[str, Any] | Problem | None:
    """The object on a line, why there is none, or ``None`` for a blank line."""
    text = text_of(line.data)
    if isinstance(text, Problem):
        return text
    text = text.strip(" \t\r")
    if not text:
        return None
    try:
        value = STRICT_JSON.decode(text)
    except json.JSONDecodeError as error:
        return Problem("(row)", f"is not JSON: {error.msg} at character {error.pos + 1}", _ONE_OBJECT)
    except RecursionError:
        return Problem("(row)", "is nested too deeply", _ONE_OBJECT)
    except ValueError as error:
        what = str(error) if len(str(error)) < 40 else "holds a number of too many digits"
        return Problem("(row)", what, _ONE_OBJECT)
    if not isinstance(value, dict):
        return Problem("(row)", "is not an object", _ONE_OBJECT)
    return value


def json_rows(path: Path) -> Iterator[RawRow]:
    """Stream the rows of an NDJSON file; blank lines are passed over, ``null`` is an unknown field."""
    for line in lines(path):
        value = json_object(line)
        if isinstance(value, Problem):
            yield RawRow(line.number, {}, (value,))
        elif value is not None:
            yield RawRow(line.number, {name: field for name, field in value.items() if field is not None})
