"""Taking a member out of group plans: each is put into a new revision without them, the earlier files go."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from service import job_folders
from service.community import Community
from service.storage import groups
from service.storage.groups import PlanRow
from service.use_cases.audit import Event, note
from service.use_cases.group_plan_store import (
    PLAN_FILE,
    SPEC_FILE,
    folder_of,
    new_folder_name,
    read_stored,
    write_stored,
)
from service.use_cases.group_plans import queue_files
from service.use_cases.without_member import names, plan_without, spec_without


def erase_from_plans(community: Community, member_id: str) -> int:
    """Take a member out of all plans, published ones, too; a job makes their tables and pages anew. Returns how many.

    May be done again. O(files of plans): each ``plan.json`` and ``spec.json`` is looked through for the id.
    """
    with community.database.reading() as connection:
        rows = groups.formed(connection)
    return sum(_erased(community, row, member_id) for row in rows)


def _erased(community: Community, seen: PlanRow, member_id: str) -> bool:
    if not _names(folder_of(community, seen), member_id):
        return False
    jobs, made, old = community.settings.jobs, list[str](), list[str]()

    def erase(connection: Connection) -> None:
        row = groups.one(connection, seen.plan_id)  # nobody else changes it until this is committed
        if row is None or not _names(folder_of(community, row), member_id):
            return
        stored = read_stored(row, folder_of(community, row))
        made.append(new_folder_name(row.plan_id, row.revision))
        with job_folders.filling(jobs, made[-1]) as folder:
            plan, spec = plan_without(stored.plan, member_id), spec_without(stored.spec, member_id)
            write_stored(folder, plan, spec, stored.means)
        at = community.settings.now()
        groups.replace_revision(connection, row, made[-1], at, queue_files(connection, row, at))
        note(connection, at, Event("erase", "group-plan", row.plan_id))
        old.append(row.folder or row.plan_id)

    community.database.write(erase)
    for name in (*old, *made[:-1]):
        job_folders.remove(jobs, name)
    return bool(old)


def _names(folder: Path, member_id: str) -> bool:
    """Whether any file of a plan names a member; the tables and the page say nothing that its plan does not."""
    return any(names((folder / name).read_bytes(), member_id) for name in (PLAN_FILE, SPEC_FILE))
