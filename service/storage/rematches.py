"""Rows of rematches, and of what became of their changes when they were applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from service.storage.tables import jobs, rematch_steps, rematches

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class RematchRow:
    """One rematch. Moments are ISO 8601 in UTC with microseconds.

    Attributes:
        rematch_id: opaque.
        job_id: the job that works it out.
        owner: id of the key that asked for it.
        created_at: when.
        revision: rises with every change; 0 until there is a plan.
        changed_at: when it came to this revision.
        folder: where its files are, beneath the jobs folder.
        applied_at: when it was applied.
        applied: how many of its changes were made, as JSON.
    """

    rematch_id: str
    job_id: str
    owner: str
    created_at: str
    revision: int = 0
    changed_at: str | None = None
    folder: str | None = None
    applied_at: str | None = None
    applied: str | None = None


@dataclass(frozen=True, slots=True)
class StepRow:
    """What became of one change of a plan.

    Attributes:
        rematch_id, number: of the plan, and the place among its changes.
        change: a ``new`` tie, a ``broken`` one, or a ``triad``.
        kind, member_id, peer_id: the tie; for mentoring the seeker first.
        outcome: ``proposed`` or ``skipped``; of a tie to break ``to_end``, if the swap comes about, or ``kept``.
        why: it was skipped or kept.
        swap: number of the swap that it is a part of.
        match_id: of the proposal, or of the tie that is to end.
    """

    rematch_id: str
    number: int
    change: Literal["new", "broken", "triad"]
    kind: str
    member_id: str
    peer_id: str
    outcome: Literal["proposed", "skipped", "to_end", "kept"]
    why: str | None = None
    swap: int | None = None
    match_id: str | None = None


def add(connection: Connection, row: RematchRow) -> None:
    """Store a rematch that is yet to be worked out."""
    connection.execute(insert(rematches), [{name: getattr(row, name) for name in RematchRow.__dataclass_fields__}])


def one(connection: Connection, rematch_id: str) -> RematchRow | None:
    """The row of ``rematch_id``, if there is one."""
    found = connection.execute(select(rematches).where(rematches.c.rematch_id == rematch_id)).mappings().one_or_none()
    return None if found is None else RematchRow(**found)


def some(connection: Connection, ids: Sequence[str]) -> dict[str, RematchRow]:
    """The rows of those of ``ids`` that there are."""
    found = connection.execute(select(rematches).where(rematches.c.rematch_id.in_(ids))).mappings()
    return {row["rematch_id"]: RematchRow(**row) for row in found}


def named_folders(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those of ``names`` that are the folder of some rematch."""
    found: set[str] = set()
    for first in range(0, len(names), _AT_ONCE):
        wanted = rematches.c.folder.in_(names[first : first + _AT_ONCE])
        found.update(connection.execute(select(rematches.c.folder).where(wanted)).scalars())
    return found


def planned(connection: Connection) -> list[RematchRow]:
    """All rematches that have a plan."""
    found = connection.execute(select(rematches).where(rematches.c.revision > 0)).mappings()
    return [RematchRow(**row) for row in found]


def untouched_since(connection: Connection, until: str, most: int) -> list[RematchRow]:
    """Rematches that nothing has changed after ``until``, longest ago first; none whose job is yet to end, or ended
    after that."""
    busy = select(jobs.c.job_id).where(or_(jobs.c.state.in_(("queued", "running")), jobs.c.ended_at > until))
    last = func.coalesce(rematches.c.changed_at, rematches.c.created_at)
    wanted = select(rematches).where(last <= until, rematches.c.job_id.not_in(busy))
    ordered = wanted.order_by(last, rematches.c.rematch_id).limit(most)
    return [RematchRow(**found) for found in connection.execute(ordered).mappings()]


def remove(connection: Connection, ids: Sequence[str]) -> None:
    """Delete rematches, and what became of their changes."""
    connection.execute(delete(rematch_steps).where(rematch_steps.c.rematch_id.in_(ids)))
    connection.execute(delete(rematches).where(rematches.c.rematch_id.in_(ids)))


def put_plan(connection: Connection, rematch_id: str, folder: str, at: str) -> bool:
    """Say where the plan of a rematch is that had none; False, and nothing is changed, if it has one."""
    here = rematches.c.rematch_id == rematch_id, rematches.c.revision == 0
    values = {"revision": 1, "folder": folder, "changed_at": at}
    return connection.execute(update(rematches).where(*here).values(values)).rowcount == 1


def put_applied(connection: Connection, row: RematchRow, applied: str, at: str, steps: Sequence[StepRow]) -> None:
    """Note that the plan of ``row`` is applied, and what became of its changes."""
    values = {"revision": row.revision + 1, "changed_at": at, "applied_at": at, "applied": applied}
    connection.execute(update(rematches).where(rematches.c.rematch_id == row.rematch_id).values(values))
    names = StepRow.__dataclass_fields__
    for first in range(0, len(steps), _AT_ONCE):
        portion = steps[first : first + _AT_ONCE]
        connection.execute(insert(rematch_steps), [{name: getattr(step, name) for name in names} for step in portion])


def replace_folder(connection: Connection, row: RematchRow, folder: str, at: str) -> None:
    """Take a rematch, applied or not, to its next revision, whose files are in ``folder``: for an erasure alone."""
    values = {"revision": row.revision + 1, "folder": folder, "changed_at": at}
    connection.execute(update(rematches).where(rematches.c.rematch_id == row.rematch_id).values(values))


def steps_of(connection: Connection, rematch_id: str) -> list[StepRow]:
    """What became of the changes of an applied rematch, in their order."""
    wanted = select(rematch_steps).where(rematch_steps.c.rematch_id == rematch_id).order_by(rematch_steps.c.number)
    return [StepRow(**found) for found in connection.execute(wanted).mappings()]


def forget(connection: Connection, member_id: str) -> int:
    """Delete the steps that name a member; returns how many there were."""
    either = or_(rematch_steps.c.member_id == member_id, rematch_steps.c.peer_id == member_id)
    return connection.execute(delete(rematch_steps).where(either)).rowcount
