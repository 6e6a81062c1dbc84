"""The two kinds of jobs of group plans: forming one, and making the tables and the page of one that was changed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from matcher.errors import InvalidProblem, Problem
from matcher.grouping.plan import GroupPlan
from matcher.grouping.progress import GroupingProgress
from matcher.grouping.resolve import spec_around
from matcher.grouping.spec import GroupSpec
from service import job_folders
from service.community import Community
from service.group_run import Effort, GroupRun
from service.problems import ProblemDetails, RequestError
from service.reports.group_files import Inputs, write_run
from service.reports.whole_folder import Origin
from service.storage import groups
from service.use_cases.audit import Event, note
from service.use_cases.form_groups import form_and_check
from service.use_cases.group_plan_store import concerned, folder_of, read_stored, write_stored
from service.use_cases.group_profiles import everybody_for_groups
from service.use_cases.job_claims import Outcome, Task
from service.use_cases.stored_profiles import StoredProfiles

_SUPERSEDED = ProblemDetails(HTTPStatus.CONFLICT, "superseded", "The plan was changed while its files were made.")


def form_plan(community: Community, task: Task) -> Outcome:
    """The work that forms a plan."""
    with community.database.reading() as connection:
        now = everybody_for_groups(connection)
    spec = GroupSpec.parse(task.asks["spec"])
    effort = _effort(task.asks)
    if not now.members:
        raise InvalidProblem([Problem("members", "there are none", "stored members")])
    today = community.settings.today()
    run = form_and_check(
        now.members, spec, today, effort, lambda far: task.report(_told(far)), task.stopped, means=now.means
    )
    write_files(task.folder, run, now, effort)
    write_stored(task.folder, run.plan, run.spec, now.means)
    plan_id, at = task.asks["plan_id"], community.settings.now()

    def settle(connection: Connection) -> None:
        groups.next_revision(connection, plan_id, 0, task.folder_name, at)
        note(connection, at, Event("form", "group-plan", plan_id))

    return Outcome({"plan_id": plan_id} | _sum(run.plan), settle)


def make_files(community: Community, task: Task) -> Outcome:
    """The work that makes the files of a plan's revision."""
    plan_id, revision = task.asks["plan_id"], task.asks["revision"]
    with community.database.reading() as connection:
        row = groups.one(connection, plan_id)
    superseded = Outcome({"plan_id": plan_id, "revision": revision, "superseded": True})
    if row is None or row.revision != revision:
        return superseded
    try:
        stored = read_stored(row, folder_of(community, row))
    except FileNotFoundError:  # replaced by the next revision in this very moment
        return superseded
    with community.database.reading() as connection:
        now = concerned(connection, stored)
    run = GroupRun(stored.plan, stored.spec, spec_around(stored.plan, stored.spec), 0.0, 0.0)
    write_files(task.folder, run, now, Effort(seed=stored.plan.seed))
    write_stored(task.folder, stored.plan, stored.spec, stored.means)

    def settle(connection: Connection) -> None:
        if not groups.put_files(connection, plan_id, revision, task.folder_name):
            raise RequestError(_SUPERSEDED)

    def tidy() -> None:
        if row.folder is not None:
            job_folders.remove(community.settings.jobs, row.folder)

    return Outcome({"plan_id": plan_id, "revision": revision}, settle, tidy)


def write_files(folder: Path, run: GroupRun, stored: StoredProfiles, effort: Effort) -> None:
    """Write the same files as those of ``peer-matcher group``."""
    members = Origin(f"stored members after change {stored.seq}", stored.sha256)
    spec = Origin("the request", hashlib.sha256(run.spec.model_dump_json().encode()).hexdigest())
    inputs = Inputs(members, spec, run.plan.as_of, effort, 0.0)
    write_run(folder, run, inputs, {member.member_id: member for member in stored.members})


def _effort(asks: Mapping[str, Any]) -> Effort:
    return Effort(asks["seed"], asks["time_limit_s"], asks["iterations"])


def _told(far: GroupingProgress) -> dict[str, Any]:
    """Progress as JSON can hold it."""
    bound = float(far.upper_bound) if math.isfinite(far.upper_bound) else None
    told = {"phase": far.phase, "placed": int(far.placed), "objective": float(far.objective), "upper_bound": bound}
    return told | {"share_done": float(far.share_done)}


def _sum(plan: GroupPlan) -> dict[str, Any]:
    return {
        "status": plan.status,
        "groups": len(plan.groups),
        "placed": plan.terms.placed,
        "unplaced": len(plan.unplaced),
        "total": float(plan.terms.total),
        "upper_bound": float(plan.upper_bound),
        "gap": float(plan.gap),
    }
