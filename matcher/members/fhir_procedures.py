"""FHIR ``Procedure`` resources, R4 and R5: what each says of a member's procedures."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from matcher.catalog import default_catalog
from matcher.members.fhir_codes import CodeTable
from matcher.members.profile import MAX_PROCEDURES

NO_RECOVERY_DOMAINS = frozenset({"tests-and-hospital-care"})
"""Domains that an export is full of and nobody recovers from: a scan last week must not hide last month's operation."""
_SETS_NOTHING = frozenset({"entered-in-error", "not-done"})
_REFERENCE = re.compile(
    r"(?:^|/)Patient/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]+)?$|^urn:uuid:([0-9a-fA-F-]{36})$"
)
_WHOLE_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|T)")
_FIRST, _LAST = date(1900, 1, 1), date(2200, 1, 1)


@dataclass(slots=True)
class PatientProcedures:
    """What the export says of one patient's procedures so far.

    Attributes:
        line: where the first of them stands.
        read: how many there are.
        events: by place in the catalogue: the procedure as a profile names it, and its day.
        unplaced: codings that nothing places, how often.
        undated: procedures whose day is given in words, in part or against their status.
        set_aside: tests and the like, and procedures that did not happen.
    """

    line: int
    read: int = 0
    events: dict[int, tuple[str, date | None]] = field(default_factory=dict)
    unplaced: Counter[tuple[str, str]] = field(default_factory=Counter)
    undated: int = 0
    set_aside: int = 0

    def add(self, resource: dict[str, Any], codes: CodeTable, as_of: date) -> None:
        """Take in one ``Procedure``."""
        self.read += 1
        status = resource.get("status")
        if status in _SETS_NOTHING:
            self.set_aside += 1
            return
        procedure = self._placed(resource, codes)
        if procedure is None:
            return
        catalog = default_catalog()
        place = catalog.place(procedure)
        if catalog.procedures[place].domain in NO_RECOVERY_DOMAINS:
            self.set_aside += 1
            return
        operation = catalog.procedures[place].operation
        day = _day(resource, operation)
        # A plan for a day gone by, or something done on a day to come: one of the two is wrong, so the day is unknown.
        if day is not None and (day < as_of if status == "preparation" else day > as_of and status == "completed"):
            day = None
        self.undated += day is None
        known = self.events.get(place)
        if known is None or _better(day, known[1], latest=operation):
            self.events[place] = (procedure, day)

    def _placed(self, resource: dict[str, Any], codes: CodeTable) -> str | None:
        code = resource.get("code")
        codings = code.get("coding") if isinstance(code, dict) else None
        pairs = [
            (coding.get("system"), coding["code"])
            for coding in (codings if isinstance(codings, list) else ())
            if isinstance(coding, dict) and isinstance(coding.get("code"), str)
        ]
        named = [(system if isinstance(system, str) else "(no system)", text[:64]) for system, text in pairs]
        for system, text in named:
            procedure = codes.place(system, text)
            if procedure is not None:
                return procedure
        self.unplaced.update(named or [("(no system)", "(no code)")])
        return None

    def chosen(self) -> list[dict[str, Any]]:
        """The most recent procedures that a profile has room for, newest first, those without a day last."""
        newest = sorted(self.events.values(), key=lambda event: event[1] or _FIRST, reverse=True)
        return [
            {"procedure": procedure} if day is None else {"procedure": procedure, "date": day}
            for procedure, day in newest[:MAX_PROCEDURES]
        ]

    def notes(self) -> tuple[str, ...]:
        """What was left out or changed, for people."""
        told = [
            f"code {code} of {system} has no place in the catalogue" + (f" ({count} times)" if count > 1 else "")
            for (system, code), count in sorted(self.unplaced.items())
        ]
        if self.undated:
            told.append(f"{self.undated} procedures came without a usable day")
        if self.set_aside:
            told.append(f"{self.set_aside} procedures set aside: not done, in error, or tests and hospital care")
        if len(self.events) > MAX_PROCEDURES:
            told.append(f"{len(self.events) - MAX_PROCEDURES} older procedures left out, {MAX_PROCEDURES} kept")
        return tuple(told)


def subject_id(resource: dict[str, Any]) -> str | None:
    """Id of the patient that a ``Procedure`` is about, if it is about one."""
    subject = resource.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    found = _REFERENCE.search(reference) if isinstance(reference, str) else None
    return (found[1] or found[2]) if found else None


def _better(day: date | None, known: date | None, *, latest: bool) -> bool:
    """Of an operation done twice the later day counts; of a course of treatment the day it began."""
    if day is None or known is None:
        return known is None and day is not None
    return day > known if latest else day < known


def _day(resource: dict[str, Any], operation: bool) -> date | None:
    for choice in ("performed", "occurrence"):
        moment = resource.get(f"{choice}DateTime")
        if isinstance(moment, str):
            return whole_day(moment)
        period = resource.get(f"{choice}Period")
        if isinstance(period, dict):
            start = whole_day(period.get("start"))
            return start or (whole_day(period.get("end")) if operation else None)
    return None


def whole_day(text: object) -> date | None:
    """The day of a FHIR date or dateTime as written, in its own time zone; ``None`` for a mere year or month."""
    found = _WHOLE_DAY.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    try:
        day = date.fromisoformat(found.group())
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None
