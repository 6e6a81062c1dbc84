"""How often each member was shown to others: rows that fade, numbered by the batch that wrote them last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from service.storage.tables import exposure_head, exposures, matches, members

_IN_ONE_STATEMENT = 5_000
"""Ids bound in one statement; SQLite takes 32,766, PostgreSQL 65,535."""
Fade = Callable[[float, str], float]
"""What is left by now of a count that stood at a moment."""


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """One member's count as it stood at a moment."""

    member_id: str
    shown: float
    at: str


def add(connection: Connection, shown: Mapping[str, float], at: str, fade: Fade) -> None:
    """Add to the counts of those of ``shown`` who are members still; ``connection`` is a writing transaction.

    Writers wait for each other, so nobody's count is lost, and the numbers of batches rise in the order of commits.
    """
    ids = sorted(shown)
    batch = _next_batch(connection)
    for first in range(0, len(ids), _IN_ONE_STATEMENT):
        portion = ids[first : first + _IN_ONE_STATEMENT]
        stored = select(members.c.member_id).where(members.c.member_id.in_(portion))
        known = set(connection.execute(stored).scalars())
        counted = select(exposures.c.member_id, exposures.c.shown, exposures.c.at)
        before = {
            member_id: fade(count, since)
            for member_id, count, since in connection.execute(counted.where(exposures.c.member_id.in_(portion)))
        }
        rows = [
            {"id": member_id, "shown": before.get(member_id, 0.0) + shown[member_id], "at": at, "batch": batch}
            for member_id in portion
            if member_id in known
        ]
        old = [row for row in rows if row["id"] in before]
        new = [{"member_id": row.pop("id"), **row} for row in rows if row["id"] not in before]
        if old:
            connection.execute(update(exposures).where(exposures.c.member_id == bindparam("id")), old)
        if new:
            connection.execute(insert(exposures), new)


def _next_batch(connection: Connection) -> int:
    """From a row of its own: the newest batch may be erased, and its number must not come back."""
    head = update(exposure_head).values(batch=exposure_head.c.batch + 1).returning(exposure_head.c.batch)
    batch = connection.execute(head).scalar_one_or_none()
    if batch is None:
        connection.execute(insert(exposure_head), [{"id": 1, "batch": 1}])
    return int(batch or 1)


def since(connection: Connection, batch: int) -> tuple[int, list[ExposureRow]]:
    """The newest batch, and the rows that batches after ``batch`` have written."""
    found = connection.execute(
        select(exposures.c.member_id, exposures.c.shown, exposures.c.at, exposures.c.batch).where(
            exposures.c.batch > batch
        )
    ).all()
    return max((row[3] for row in found), default=batch), [ExposureRow(*row[:3]) for row in found]


def count(connection: Connection) -> int:
    """How many members have a row."""
    return int(connection.execute(select(func.count()).select_from(exposures)).scalar_one())


def forget(connection: Connection, member_id: str) -> None:
    """Delete a member's row. Processes that know the count drop it with their next look at the table."""
    connection.execute(delete(exposures).where(exposures.c.member_id == member_id))


def open_proposals(connection: Connection, now: str) -> dict[str, int]:
    """How many proposals lie before each member that could still be accepted as far as anybody else can know.

    A no counts like silence until the proposal expires: else the order of answers would tell of it.
    """
    waiting = (
        select(matches.c.peer, func.count())
        .where(matches.c.expires_at > now, matches.c.accepted_at.is_(None))
        .group_by(matches.c.peer)
    )
    return {row[0]: row[1] for row in connection.execute(waiting)}


def of_member(connection: Connection, member_id: str) -> list[ExposureRow]:
    """A member's own count, if there is one."""
    columns = [exposures.c[name] for name in ExposureRow.__dataclass_fields__]
    return [ExposureRow(*row) for row in connection.execute(select(*columns).where(exposures.c.member_id == member_id))]
