"""A plan as a JSON file, and back: what is solved today can be edited, checked and solved again later.

The file says what it is and in which version; it holds everything a :class:`~matcher.grouping.plan.GroupPlan` holds,
so that reading it back gives an equal plan. Floats are written in the shortest form that reads back the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from matcher.errors import ReadingError
from matcher.grouping.plan import GroupPlan

FORMAT = "peer-matcher group plan"
VERSION = 1
_ACCEPTED = f"a plan.json that `peer-matcher group` has written, version {VERSION}"


def plan_bytes(plan: GroupPlan) -> bytes:
    """The plan as a JSON document; the same bytes for equal plans. O(members)."""
    document = {"format": FORMAT, "version": VERSION, "plan": plan}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def parse_plan(text: bytes, source: str = "plan.json") -> GroupPlan:
    """The plan that :func:`plan_bytes` wrote.

    Args:
        text: the document.
        source: what to call it in errors.

    Raises:
        ReadingError: if it is no such document, is of another version, or something of it is missing or no such thing.
    """
    try:
        document: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReadingError(source, "is no JSON", _ACCEPTED) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ReadingError(source, "is no group plan", _ACCEPTED)
    if document.get("version") != VERSION:
        raise ReadingError(source, "is a group plan of another version", _ACCEPTED)
    try:
        return msgspec.convert(document.get("plan"), GroupPlan)
    except msgspec.ValidationError as error:
        raise ReadingError(source, f"is damaged: {error}", _ACCEPTED) from error


def read_plan(path: Path | str) -> GroupPlan:
    """Read a plan from a file.

    Raises:
        ReadingError: as :func:`parse_plan`, or if there is no such file.
    """
    path = Path(path)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ReadingError(str(path), (error.strerror or "cannot be read").lower(), _ACCEPTED) from error
    return parse_plan(text, str(path))
