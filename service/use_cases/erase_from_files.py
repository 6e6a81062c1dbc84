"""Taking a member out of group plans: each is put into a new revision without them, the earlier files go."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from service.community import Community
from service.storage import groups
from service.storage.groups import PlanRow
from service.use_cases.group_plan_store import PLAN_FILE, SPEC_FILE, read_stored, write_stored
from service.use_cases.group_plans import queue_files
from service.use_cases.replaced_folder import Folders, erase_from_folders
from service.use_cases.without_member import names, plan_without, spec_without


def erase_from_plans(community: Community, member_id: str) -> int:
    """Take a member out of all plans, published ones, too; a job makes their tables and pages anew. Returns how many.

    May be done again. O(files of plans): each ``plan.json`` and ``spec.json`` is looked through for the id.
    """
    with community.database.reading() as connection:
        rows = groups.formed(connection)
    return erase_from_folders(community, rows, _PLANS, member_id)


def _named_in(folder: Path, member_id: str) -> bool:
    """Whether any file of a plan names a member; the tables and the page say nothing that its plan does not."""
    return any(names((folder / name).read_bytes(), member_id) for name in (PLAN_FILE, SPEC_FILE))


def _write_without(row: PlanRow, before: Path, after: Path, member_id: str) -> None:
    stored = read_stored(row, before)
    write_stored(after, plan_without(stored.plan, member_id), spec_without(stored.spec, member_id), stored.means)


def _replace(connection: Connection, row: PlanRow, folder: str, at: str) -> None:
    groups.replace_revision(connection, row, folder, at, queue_files(connection, row, at))


_PLANS = Folders("group-plan", lambda row: row.plan_id, groups.one, _named_in, _write_without, _replace)
