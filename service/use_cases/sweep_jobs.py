"""What time does to jobs, group plans and rematches: those that are kept no longer go with their files, and so do
folders that no row names: of attempts that broke off, of revisions that were replaced while nobody could tidy up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from service import job_folders
from service.community import Community
from service.job_folders import Kept
from service.settings import moved
from service.storage import groups, jobs, rematches
from service.storage.groups import PlanRow
from service.storage.jobs import QUEUED, RUNNING, JobRow
from service.storage.rematches import RematchRow
from service.use_cases.group_plans import FILES_KIND
from service.use_cases.jobs import FORM_KIND, REMATCH_KIND

_AT_A_TIME = 200
"""Rows that are deleted, or folders that are looked at, in one transaction: other writers wait no longer than that."""


@dataclass(frozen=True, slots=True)
class SweptJobs:
    """How many jobs, plans (of groups, and rematches) and folders are gone."""

    jobs: int = 0
    plans: int = 0
    folders: int = 0


def sweep_jobs(community: Community) -> SweptJobs:
    """Remove what is kept no longer, and what nobody uses. Published plans stay, with the jobs that made them.

    O(folders beneath the jobs folder). What is in use is never touched: whether it is, is asked in a writing
    transaction, beside which no revision can be put into force and no job claimed or ended.

    Raises:
        OSError: if the jobs folder cannot be read or written.
    """
    until = moved(community.settings.now(), -community.settings.keep_jobs_days)
    plans = _in_portions(community, lambda connection: _remove_plans(connection, community, until))
    plans += _in_portions(community, lambda connection: _remove_rematches(connection, community, until))
    ended = _in_portions(community, lambda connection: _remove_jobs(connection, community, until))
    return SweptJobs(ended, plans, _remove_folders(community))


def _in_portions(community: Community, remove: Callable[[Connection], int]) -> int:
    total = 0
    while (removed := community.database.write(remove)) > 0:
        total += removed
    return total


def _remove_plans(connection: Connection, community: Community, until: str) -> int:
    rows = groups.untouched_since(connection, until, _AT_A_TIME)
    named = [job for row in rows for job in (row.job_id, row.files_job) if job is not None]
    ids = [row.plan_id for row in rows]
    for owner in (*ids, *named):
        job_folders.mark_ended(community.settings.jobs, owner)
    groups.remove(connection, ids)
    jobs.remove(connection, named)
    return len(rows)


def _remove_rematches(connection: Connection, community: Community, until: str) -> int:
    """Applied ones, too: what came of them are matches."""
    rows = rematches.untouched_since(connection, until, _AT_A_TIME)
    ids, named = [row.rematch_id for row in rows], [row.job_id for row in rows]
    for owner in (*ids, *named):
        job_folders.mark_ended(community.settings.jobs, owner)
    rematches.remove(connection, ids)
    jobs.remove(connection, named)
    return len(rows)


def _remove_jobs(connection: Connection, community: Community, until: str) -> int:
    ids = jobs.ended_before(connection, until, _AT_A_TIME)
    for owner in ids:
        job_folders.mark_ended(community.settings.jobs, owner)
    jobs.remove(connection, ids)
    return len(ids)


def _remove_folders(community: Community) -> int:
    """Delete every folder that nobody uses. They are looked for beside all others first, and asked for once more where
    nobody else can write."""
    folder = community.settings.jobs
    kept = job_folders.kept(folder)
    for first in range(0, len(kept), _AT_A_TIME):
        portion = kept[first : first + _AT_A_TIME]
        with community.database.reading() as connection:
            found = _unused(connection, portion)
        suspects = [one for one in portion if found.get(one.owner)]
        if suspects:
            community.database.write(lambda connection, them=suspects: _put_aside(connection, community, them))  # type: ignore[misc]
    return job_folders.clear(folder)


def _put_aside(connection: Connection, community: Community, suspects: Sequence[Kept]) -> None:
    for names in _unused(connection, suspects).values():
        for name in names:
            job_folders.put_aside(community.settings.jobs, name)


def _unused(connection: Connection, kept: Sequence[Kept]) -> dict[str, list[str]]:
    """By job or plan, which of its folders nobody uses, or needs any more."""
    owners = [one.owner for one in kept]
    queued = jobs.some(connection, owners)
    plans: dict[str, PlanRow | RematchRow] = {**groups.some(connection, owners), **rematches.some(connection, owners)}
    names = [f"{one.owner}/{name}" for one in kept for name in one.folders]
    named = groups.named_folders(connection, names) | rematches.named_folders(connection, names)
    return {one.owner: _unused_of(one, queued.get(one.owner), plans.get(one.owner), named) for one in kept}


def _unused_of(kept: Kept, job: JobRow | None, plan: PlanRow | RematchRow | None, named: Collection[str]) -> list[str]:
    if job is None and plan is None:  # and without the mark it may be of another database
        return [kept.owner] if kept.ended else []
    found = [(name, f"{kept.owner}/{name}") for name in kept.folders]
    return [full for name, full in found if full not in named and not _in_use(name, job)]


def _in_use(name: str, job: JobRow | None) -> bool:
    """Whether a worker may be filling a folder that no plan names, or it is what came of a job."""
    what, number = job_folders.parts_of(name)
    if what == "revision" or job is None:  # it is filled in the transaction that names it
        return False
    if job.state == RUNNING:
        return number >= job.attempt
    if job.state == QUEUED:
        return number > job.attempt
    whole = not name.startswith(".") and number == job.attempt
    return whole and job.state == "done" and job.kind not in {FORM_KIND, FILES_KIND, REMATCH_KIND}
