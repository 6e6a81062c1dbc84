"""Raw rows: what the readers of the file forms hand on to be validated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matcher.errors import Problem


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a file, not validated yet.

    Attributes:
        line: of the file, counted from 1; for Parquet the row, counted from 1.
        fields: profile fields that the row gives; unknown ones are left out.
        problems: what could not even be read; the fields concerned are missing from ``fields``.
        notes: what was left out or changed on the way, for people.
    """

    line: int
    fields: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
