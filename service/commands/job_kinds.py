"""The kinds of jobs, put together."""

from __future__ import annotations

from service.use_cases.group_plan_jobs import form_plan, make_files
from service.use_cases.group_plans import FILES_KIND
from service.use_cases.job_claims import Work
from service.use_cases.jobs import FORM_KIND, REMATCH_KIND
from service.use_cases.rematch_jobs import work_out


def job_kinds() -> dict[str, Work]:
    """What workers can do, by the kind of the job."""
    return {FORM_KIND: form_plan, FILES_KIND: make_files, REMATCH_KIND: work_out}
