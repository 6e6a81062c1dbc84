"""Rows of group plans. What a plan says is in files; the row says which, whose it is, and in which revision."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from service.storage.tables import group_plans


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


def add(connection: Connection, row: PlanRow) -> None:
    """Store a plan that is yet to be formed."""
    connection.execute(insert(group_plans), [{name: getattr(row, name) for name in PlanRow.__dataclass_fields__}])


def one(connection: Connection, plan_id: str) -> PlanRow | None:
    """The row of ``plan_id``, if there is one."""
    found = connection.execute(select(group_plans).where(group_plans.c.plan_id == plan_id)).mappings().one_or_none()
    return None if found is None else PlanRow(**found)


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
