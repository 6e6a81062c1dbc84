"""Profile fields as single text cells, for CSV files and for tables whose columns are all text.

A list is written with ``;`` between its items; a backslash before a ``;`` or a backslash takes it literally. A
procedure is ``slug@YYYY-MM-DD`` or ``slug``; a weekly slot ``mon 18:00-20:00``. An empty cell is an unknown field;
the word ``none`` is an empty list where that differs from unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from matcher.errors import Problem
from matcher.members.profile import MemberProfile

_FREE_TEXT = ("alias", "region", "clinic", "gender")
_TEXT = ("member_id", "status", "role", "birth_year", "time_zone", "cadence", "buddy_capacity", "mentor_capacity")
_YES_NO = ("consent", "mentor_approved", "avoid_same_clinic")
_LISTS = (
    "open_to_roles", "only_genders", "languages", "channels", "needs", "offers", "topics", "avoid_topics", "interests",
    "seeks", "shares", "blocked",
)  # fmt: skip

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SLOT = re.compile(r"(\w+) +(\d\d:\d\d) *- *(\d\d:\d\d)")
_ITEM = re.compile(r"(?:[^;\\]|\\.)*", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)

NOTHING = "none"


class CellError(ValueError):
    """A cell whose form is wrong. Carries the place inside the cell, what is wrong and what is accepted."""

    def __init__(self, place: str, what: str, accepted: str) -> None:
        self.place = place
        self.what = what
        self.accepted = accepted
        super().__init__(what)


def split_list(cell: str) -> list[str]:
    """Items of a list cell, without the spaces around them."""
    if "\\" not in cell:
        return [item for item in map(str.strip, cell.split(";")) if item]
    items, position = [], 0
    while position <= len(cell):
        found = _ITEM.match(cell, position)
        text = found.group() if found else ""
        position += len(text)
        if position < len(cell) and cell[position] == "\\":
            raise CellError("", "ends in a lone backslash", r"\\ for a backslash")
        items.append(_ESCAPE.sub(r"\1", text.strip()))
        position += 1
    return [item for item in items if item]


def join_list(items: Sequence[str]) -> str:
    """The inverse of :func:`split_list`."""
    return ";".join(item.replace("\\", "\\\\").replace(";", "\\;") for item in items)


def _list(cell: str) -> list[str]:
    return [] if cell.strip() == NOTHING else split_list(cell)


def _truth(cell: str) -> bool:
    try:
        return _TRUTH[cell.strip().lower()]
    except KeyError:
        raise CellError("", "is neither true nor false", "true, false, yes, no, 1 or 0") from None


def procedure(item: str) -> dict[str, Any]:
    """One procedure from ``slug@YYYY-MM-DD`` or ``slug``."""
    slug, at, day = item.partition("@")
    return {"procedure": slug.strip(), "date": day.strip()} if at else {"procedure": slug.strip()}


def slot(item: str, place: str = "") -> dict[str, str]:
    """One weekly slot from ``mon 18:00-20:00``."""
    found = _SLOT.fullmatch(item.strip())
    if found is None:
        raise CellError(place, "is not a weekly slot", "mon 18:00-20:00")
    return {"day": found[1].lower(), "start": found[2], "end": found[3]}


def _procedures(cell: str) -> list[dict[str, Any]]:
    return [procedure(item) for item in split_list(cell)]


def _slots(cell: str) -> list[dict[str, str]]:
    return [slot(item, f"[{position}]") for position, item in enumerate(split_list(cell))]


Reader = Callable[[str], Any]

_BY_FORM: dict[str, Reader] = {
    **dict.fromkeys(_FREE_TEXT, str),
    **dict.fromkeys(_TEXT, str.strip),
    **dict.fromkeys(_YES_NO, _truth),
    **dict.fromkeys(_LISTS, _list),
    "procedures": _procedures,
    "availability": _slots,
}

READERS: dict[str, Reader] = {name: _BY_FORM[name] for name in MemberProfile.model_fields}
"""How the cell of each field is read, in the order of the profile."""


def fields_of(cells: dict[str, str]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Profile fields from cells; empty ones are left out, malformed ones become problems."""
    fields, problems = {}, []
    for name, cell in cells.items():
        if cell:
            try:
                fields[name] = READERS[name](cell)
            except CellError as error:
                problems.append(Problem(name + error.place, error.what, error.accepted))
    return fields, tuple(problems)


def cells_of(member: MemberProfile) -> dict[str, str]:
    """The inverse of :func:`fields_of`, for every field."""
    cells = {}
    for name in READERS:
        value = getattr(member, name)
        if name == "procedures":
            value = [e.procedure if e.date is None else f"{e.procedure}@{e.date.isoformat()}" for e in value]
        elif name == "availability":
            value = [f"{each.day} {each.start}-{each.end}" for each in value]
        if value is None:
            cells[name] = ""
        elif isinstance(value, bool):
            cells[name] = "true" if value else "false"
        elif isinstance(value, tuple | list):
            cells[name] = join_list(value) or (NOTHING if name in ("seeks", "shares") else "")
        else:
            cells[name] = str(value)
    return cells
