"""Ask for a group plan, look at it, and have it solved again around what is good in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from matcher.errors import InvalidRequest, Problem
from matcher.grouping.resolve import spec_around
from matcher.grouping.spec import GroupSpec
from service.caller import Caller
from service.community import Community
from service.group_run import Effort
from service.problems import ProblemDetails, RequestError
from service.storage import groups, jobs
from service.storage.groups import PlanRow
from service.use_cases.audit import Event, note, note_read
from service.use_cases.group_plan_store import (
    PLAN_FILE,
    SPEC_FILE,
    folder_of,
    own_plan,
    read_formed,
    stored_plan,
)
from service.use_cases.jobs import FORM_KIND, Job, new_id, queue, queue_long

FILES_KIND = "group-files"
LONGEST_SEARCH_S = 3_600.0
LAST_FILE = "manifest.json"
"""Where it is, all the others are."""
_NO_FILE = ProblemDetails(HTTPStatus.NOT_FOUND, "unknown-file", "The plan has no file of this name.")


@dataclass(frozen=True, slots=True)
class SeenPlan:
    """A plan as its owner may see it.

    Attributes:
        row: which it is.
        job: that forms it.
        spec, plan: as JSON; None until it is formed.
        files: names of the files that can be had.
    """

    row: PlanRow
    job: Job
    spec: msgspec.Raw | None
    plan: msgspec.Raw | None
    files: tuple[str, ...]


class _PlanDocument(msgspec.Struct):
    plan: msgspec.Raw


def ask_for_plan(community: Community, caller: Caller, spec: GroupSpec, effort: Effort) -> SeenPlan:
    """Queue a job that forms groups of the members as they will be when it begins.

    Raises:
        RequestError: 429 if the caller waits for as many jobs as a key may.
        InvalidRequest: if the effort is out of range.
    """
    return _asked(community, caller.key_id, spec, effort, None)


def solve_again(
    community: Community,
    caller: Caller,
    plan_id: str,
    effort: Effort,
    *,
    keep: Collection[str] = (),
    keep_members: Collection[str] = (),
    churn: int | None = None,
) -> SeenPlan:
    """Queue a job for a new plan around an old one, which stays as it is.

    Args:
        community: whose members.
        caller: who asks.
        plan_id: of the old plan.
        effort: how long to search.
        keep: names of groups to lock, beside those that are.
        keep_members: ids of members to lock into their groups, beside those who are.
        churn: at most so many members are moved; None for no limit.

    Raises:
        RequestError: 404; 409 if the old plan is not formed yet; 429 as :func:`ask_for_plan`.
        InvalidProblem: if the old plan has no place for somebody who is to be kept.
        InvalidRequest: if the effort is out of range.
    """
    stored = stored_plan(community, caller, plan_id)
    spec = spec_around(stored.plan, stored.spec, keep, churn, keep_members=keep_members)
    return _asked(community, caller.key_id, spec, effort, plan_id)


def _asked(community: Community, owner: str, spec: GroupSpec, effort: Effort, resolves: str | None) -> SeenPlan:
    _check(effort)
    at = community.settings.now()
    row = PlanRow(new_id(), new_id(), owner, at, resolves)
    asks = {
        "plan_id": row.plan_id,
        "spec": spec.model_dump(mode="json"),
        "seed": effort.seed,
        "time_limit_s": effort.time_limit_s,
        "iterations": effort.iterations,
    }

    def ask(connection: Connection) -> SeenPlan:
        job_row = queue_long(connection, community.settings, FORM_KIND, owner, asks, at, row.job_id)
        groups.add(connection, row)
        note(connection, at, Event("ask" if resolves is None else "resolve", "group-plan", row.plan_id))
        return SeenPlan(row, Job.of(job_row), None, None, ())

    return community.database.write(ask)


def _check(effort: Effort) -> None:
    if effort.time_limit_s is not None and not 0.1 <= effort.time_limit_s <= LONGEST_SEARCH_S:
        raise InvalidRequest(Problem("time_limit_s", "out of range", f"seconds, 0.1 to {LONGEST_SEARCH_S:,.0f}"))
    if effort.iterations is not None and effort.iterations < 1:
        raise InvalidRequest(Problem("iterations", "out of range", "a whole number from 1, or nothing"))
    if not 0 <= effort.seed < 2**63:
        raise InvalidRequest(Problem("seed", "out of range", "a whole number from 0 to 2^63 - 1"))


def see_plan(community: Community, caller: Caller, plan_id: str) -> SeenPlan:
    """A plan as it stands.

    Raises:
        RequestError: 404 if there is none, or it is another's.
    """
    with community.database.reading() as connection:
        row = own_plan(connection, caller, plan_id)
        job = _job_of(connection, row)
    if not row.revision:
        return SeenPlan(row, job, None, None, ())
    seen = read_formed(community, caller, plan_id, lambda row, folder: _seen(row, job, folder))
    note_read(community, Event("read", "group-plan", plan_id))
    return seen


def see_plan_within(connection: Connection, community: Community, caller: Caller, plan_id: str) -> SeenPlan:
    """A formed plan as it stands within a transaction of the caller's."""
    row = own_plan(connection, caller, plan_id)
    return _seen(row, _job_of(connection, row), folder_of(community, row))


def _job_of(connection: Connection, row: PlanRow) -> Job:
    found = jobs.one(connection, row.job_id)
    if found is None:
        raise AssertionError(row.job_id)
    return Job.of(found)


def _seen(row: PlanRow, job: Job, folder: Path) -> SeenPlan:
    plan = msgspec.json.decode((folder / PLAN_FILE).read_bytes(), type=_PlanDocument).plan
    spec = msgspec.Raw((folder / SPEC_FILE).read_bytes())
    return SeenPlan(row, job, spec, plan, tuple(sorted(path.name for path in folder.iterdir())))


def plan_file(community: Community, caller: Caller, plan_id: str, name: str) -> tuple[PlanRow, bytes]:
    """A file of a plan.

    Raises:
        RequestError: 404 if there is no such plan or file; 409 if the plan is not formed yet; 503 if its tables and its
            page are still being made.
    """

    def read(row: PlanRow, folder: Path) -> tuple[PlanRow, bytes]:
        names = {path.name for path in folder.iterdir()}
        if name in names:
            return row, (folder / name).read_bytes()
        if LAST_FILE in names:
            raise RequestError(_NO_FILE)
        what = "The tables and the page of this revision are being made; the job says when they are there."
        extra = {"job_id": row.files_job}
        wait = {"Retry-After": "1"}
        raise RequestError(ProblemDetails(HTTPStatus.CONFLICT, "files-not-ready", what, headers=wait, extra=extra))

    found = read_formed(community, caller, plan_id, read)
    note_read(community, Event("read-file", "group-plan", plan_id))
    return found


def queue_files(connection: Connection, row: PlanRow, at: str) -> str:
    """Queue a job that makes the tables and the page of the revision after that of ``row``; returns its id."""
    asks: Mapping[str, Any] = {"plan_id": row.plan_id, "revision": row.revision + 1}
    return queue(connection, FILES_KIND, row.owner, asks, at).job_id
