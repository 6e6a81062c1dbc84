"""Rows of group plans. What a plan says is in files; the row says which, whose it is, and in which revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from service.storage.tables import group_plans, jobs

_IN_ONE_STATEMENT = 5_000
"""Names bound in one statement; SQLite takes 32,766, PostgreSQL 65,535."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One group plan. Moments are ISO 8601 in UTC with microseconds.

    Attributes:
        plan_id: opaque.
        job_id: the job that forms it.
        owner: id of the key that asked for it.
        created_at: when.
        resolves: id of the plan around which it is solved again.
        revision: rises with every change; 0 until the plan is formed.
        changed_at: when it came to this revision.
        folder: where this revision's files are, beneath the jobs folder.
        files_job: the job that makes the tables and the page of this revision, if it is another one.
        published_revision, published_at: as which and when it was published; it does not change after that.
        lineage: id of the first of the plans that were solved one around the other; None if it is the first.
    """

    plan_id: str
    job_id: str
    owner: str
    created_at: str
    resolves: str | None = None
    revision: int = 0
    changed_at: str | None = None
    folder: str | None = None
    files_job: str | None = None
    published_revision: int | None = None
    published_at: str | None = None
    lineage: str | None = None


def add(connection: Connection, row: PlanRow) -> None:
    """Store a plan that is yet to be formed, in the line of the one around which it is solved."""
    before = None if row.resolves is None else one(connection, row.resolves)
    line = row.lineage if before is None else before.lineage or before.plan_id
    values = {name: getattr(row, name) for name in PlanRow.__dataclass_fields__}
    connection.execute(insert(group_plans), [values | {"lineage": line}])


def one(connection: Connection, plan_id: str) -> PlanRow | None:
    """The row of ``plan_id``, if there is one."""
    found = connection.execute(select(group_plans).where(group_plans.c.plan_id == plan_id)).mappings().one_or_none()
    return None if found is None else PlanRow(**found)


def some(connection: Connection, ids: Sequence[str]) -> dict[str, PlanRow]:
    """The rows of those of ``ids`` that there are."""
    found = connection.execute(select(group_plans).where(group_plans.c.plan_id.in_(ids))).mappings()
    return {row["plan_id"]: PlanRow(**row) for row in found}


def named_folders(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those of ``names`` that are the folder of some plan's revision in force."""
    found: set[str] = set()
    for first in range(0, len(names), _IN_ONE_STATEMENT):
        wanted = group_plans.c.folder.in_(names[first : first + _IN_ONE_STATEMENT])
        found.update(connection.execute(select(group_plans.c.folder).where(wanted)).scalars())
    return found


def untouched_since(connection: Connection, until: str, most: int) -> list[PlanRow]:
    """Plans that nobody has published and nothing has changed after ``until``, longest ago first; none whose jobs are
    yet to end."""
    under_way = select(jobs.c.job_id).where(jobs.c.state.in_(("queued", "running")))
    recent = select(jobs.c.job_id).where(jobs.c.ended_at > until)
    last = func.coalesce(group_plans.c.changed_at, group_plans.c.created_at)
    wanted = select(group_plans).where(
        group_plans.c.published_revision.is_(None),
        last <= until,
        group_plans.c.job_id.not_in(under_way),
        group_plans.c.job_id.not_in(recent),
        func.coalesce(group_plans.c.files_job, "").not_in(under_way),
    )
    ordered = wanted.order_by(last, group_plans.c.plan_id).limit(most)
    return [PlanRow(**found) for found in connection.execute(ordered).mappings()]


def remove(connection: Connection, ids: Sequence[str]) -> None:
    """Delete the rows of plans."""
    connection.execute(delete(group_plans).where(group_plans.c.plan_id.in_(ids)))


def next_revision(
    connection: Connection,
    plan_id: str,
    revision: int,
    folder: str,
    at: str,
    *,
    files_job: str | None = None,
    published: bool = False,
) -> bool:
    """Take a plan from ``revision`` to the next, whose files are in ``folder``.

    Args:
        connection: a writing transaction.
        plan_id: of the plan.
        revision: that the change was made to.
        folder: of the new revision.
        at: the moment.
        files_job: the job that will make the rest of its files.
        published: whether the new revision is the last one.

    Returns:
        False, and nothing is changed, if the plan is in another revision by now, or is published.
    """
    values = {"revision": revision + 1, "folder": folder, "changed_at": at, "files_job": files_job}
    if published:
        values |= {"published_revision": revision + 1, "published_at": at}
    here = group_plans.c.plan_id == plan_id, group_plans.c.revision == revision
    changed = update(group_plans).where(*here, group_plans.c.published_revision.is_(None)).values(values)
    return connection.execute(changed).rowcount == 1


def put_files(connection: Connection, plan_id: str, revision: int, folder: str) -> bool:
    """Let ``folder``, where all files of ``revision`` are, take the place of the one without tables; False if the plan
    is in another revision by now."""
    here = group_plans.c.plan_id == plan_id, group_plans.c.revision == revision
    return connection.execute(update(group_plans).where(*here).values(folder=folder)).rowcount == 1


def formed(connection: Connection) -> list[PlanRow]:
    """All plans that have groups."""
    found = connection.execute(select(group_plans).where(group_plans.c.revision > 0)).mappings()
    return [PlanRow(**row) for row in found]


def replace_revision(connection: Connection, row: PlanRow, folder: str, at: str, files_job: str) -> None:
    """Take a plan, published or not, to its next revision, whose files are in ``folder``: for an erasure alone."""
    values = {"revision": row.revision + 1, "folder": folder, "changed_at": at, "files_job": files_job}
    if row.published_revision is not None:
        values |= {"published_revision": row.revision + 1}
    connection.execute(update(group_plans).where(group_plans.c.plan_id == row.plan_id).values(values))
