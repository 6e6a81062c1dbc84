"""The kinds of jobs, put together: what each does, and how its files are written."""

from __future__ import annotations

import hashlib
from pathlib import Path

from service.commands.group_files import Inputs, Origin, write_run
from service.use_cases.form_groups import Effort, GroupRun
from service.use_cases.group_plan_jobs import forming, making_files
from service.use_cases.group_plans import FILES_KIND, FORM_KIND
from service.use_cases.job_claims import Work
from service.use_cases.stored_profiles import StoredProfiles


def job_kinds() -> dict[str, Work]:
    """What workers can do, by the kind of the job."""
    return {FORM_KIND: forming(_write), FILES_KIND: making_files(_write)}


def _write(folder: Path, run: GroupRun, stored: StoredProfiles, effort: Effort) -> None:
    """The same files as those of ``peer-matcher group``."""
    members = Origin(f"stored members after change {stored.seq}", stored.sha256)
    spec = Origin("the request", hashlib.sha256(run.spec.model_dump_json().encode()).hexdigest())
    inputs = Inputs(members, spec, run.plan.as_of, effort, 0.0)
    write_run(folder, run, inputs, {member.member_id: member for member in stored.members})
