"""The audit trail: rows are added and read, and never changed but for a pseudonym in the place of an id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Connection, func, insert, select

from service.storage.tables import audit, audit_members


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One reading or change of a match or group.

    Attributes:
        number: without gaps, in the order of the transactions.
        at: the moment, ISO 8601 in UTC.
        key_id, role: whose key it was; no key and ``service`` for what the service does by itself.
        action: what was done.
        kind: to what: ``match``, ``matches``, ``group-plan``, ``member``.
        object_id: to which.
        request_id: as in the log and in ``x-request-id``; a job's id for what a job did.
        outcome: ``done``, or the name of the problem for which it was not.
        member_ids: whom it is about, sorted.
    """

    number: int
    at: str
    key_id: str | None
    role: str
    action: str
    kind: str
    object_id: str | None
    request_id: str | None
    outcome: str
    member_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are looked for; None lets all through. ``before`` is a number that all are below."""

    member_id: str | None = None
    object_id: str | None = None
    key_id: str | None = None
    since: str | None = None
    before: int | None = None


DONE = "done"
"""The outcome of what was not refused."""
_COLUMNS = [audit.c[field.name] for field in fields(AuditRow) if field.name != "member_ids"]
_NEXT = select(func.coalesce(func.max(audit.c.number), 0) + 1)
_IN_ONE_STATEMENT = 5_000


def add(
    connection: Connection,
    at: str,
    *,
    key_id: str | None,
    role: str,
    action: str,
    kind: str,
    object_id: str | None,
    request_id: str | None,
    outcome: str,
    member_ids: Iterable[str],
) -> int:
    """Add a row in a writing transaction; returns its number. Writers wait for each other, so there are no gaps."""
    number = int(connection.execute(_NEXT).scalar_one())
    row = {"number": number, "at": at, "key_id": key_id, "role": role, "action": action, "kind": kind}
    row |= {"object_id": object_id, "request_id": request_id, "outcome": outcome}
    connection.execute(insert(audit), [row])
    about = [{"number": number, "member_id": member_id} for member_id in sorted(set(member_ids))]
    if about:
        connection.execute(insert(audit_members), about)
    return number


def newest(connection: Connection) -> int:
    """The number of the newest row; 0 if there is none."""
    return int(connection.execute(select(func.coalesce(func.max(audit.c.number), 0))).scalar_one())


def last_of(connection: Connection, request_id: str | None, after: int) -> int | None:
    """The number of the last row that a request has brought about, among those behind ``after``."""
    own = audit.c.number > after, audit.c.request_id == request_id
    found: int | None = connection.execute(select(func.max(audit.c.number)).where(*own)).scalar_one()
    return found


def page(connection: Connection, wanted: Wanted, most: int) -> list[AuditRow]:
    """Rows, newest first."""
    statement = select(*_COLUMNS).where(*_conditions(wanted)).order_by(audit.c.number.desc()).limit(most)
    rows = connection.execute(statement).mappings().all()
    about = _about(connection, [row["number"] for row in rows])
    return [AuditRow(**row, member_ids=tuple(about.get(row["number"], ()))) for row in rows]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.member_id is not None:
        theirs = select(audit_members.c.number).where(audit_members.c.member_id == wanted.member_id)
        found.append(audit.c.number.in_(theirs))
    if wanted.object_id is not None:
        found.append(audit.c.object_id == wanted.object_id)
    if wanted.key_id is not None:
        found.append(audit.c.key_id == wanted.key_id)
    if wanted.since is not None:
        found.append(audit.c.at >= wanted.since)
    if wanted.before is not None:
        found.append(audit.c.number < wanted.before)
    return found


def _about(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for first in range(0, len(numbers), _IN_ONE_STATEMENT):
        these = audit_members.c.number.in_(numbers[first : first + _IN_ONE_STATEMENT])
        ordered = select(audit_members.c.number, audit_members.c.member_id).where(these).order_by(*audit_members.c)
        for number, member_id in connection.execute(ordered):
            found.setdefault(number, []).append(member_id)
    return found
