"""The job that works out a rematch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from matcher.errors import InvalidProblem, MatcherError, Problem
from matcher.rematch.config import RematchConfig
from matcher.rematch.rematch import rematch
from service.community import Community
from service.problems import ProblemDetails, RequestError
from service.reports.rematch_files import RematchInputs, write_rematch
from service.reports.whole_folder import Origin
from service.storage import rematches
from service.use_cases.audit import Event, note
from service.use_cases.job_claims import Outcome, Task
from service.use_cases.rematch_history import told_of
from service.use_cases.rematch_store import changes_of, write_changes
from service.use_cases.stored_profiles import everybody

TELLS_FROM = 0.02
"""So much of a phase has to be done before is said how long the rest will take."""
_PLANNED = ProblemDetails(409, "planned", "There is a plan already.")


class _StoppedError(MatcherError):
    """The job is to stop; nothing that it returns counts."""


def work_out(community: Community, task: Task) -> Outcome:
    """Work out a plan of the members and ties as they are now, and write its files. Nothing else changes."""
    config = RematchConfig.parse(task.asks["config"])
    task.report({"phase": "reading", "share_done": 0.0, "seconds_left": None})
    with community.database.reading() as connection:
        now = everybody(connection)
        groups = config.groups is not None and config.groups.incumbents
        told = told_of(connection, community.settings, now.members, with_groups=groups)
    if not now.members:
        raise InvalidProblem([Problem("members", "there are none", "stored members")])
    progress = Progress(task.report, task.stopped, community.settings.stopwatch)
    try:
        plan = rematch(
            told.members, told.history, config, community.settings.today(), task.asks["seed"], None, progress
        )
        progress("writing", 0.0)
    except _StoppedError:
        return Outcome()
    inputs = RematchInputs(
        Origin("stored members", now.sha256),  # the number of the last change would tell that there was an answer
        Origin("stored matches", plan.history_hash),
        Origin("the request", hashlib.sha256(msgspec.json.encode(task.asks["config"])).hexdigest()),
    )
    write_rematch(task.folder, plan, config, inputs, {member.member_id: member for member in now.members})
    changes = changes_of(plan, config)
    write_changes(task.folder, changes)
    rematch_id, at = task.asks["rematch_id"], community.settings.now()

    def settle(connection: Connection) -> None:
        if not rematches.put_plan(connection, rematch_id, task.folder_name, at):
            raise RequestError(_PLANNED)
        note(connection, at, Event("plan", "rematch", rematch_id))

    return Outcome({"rematch_id": rematch_id} | changes.sum, settle)


class Progress:
    """Tells how far a phase is, and how many seconds the rest of it takes at this pace; stops the work if it is to."""

    def __init__(
        self, report: Callable[[Mapping[str, Any]], None], stopped: Callable[[], bool], stopwatch: Callable[[], float]
    ) -> None:
        self._report = report
        self._stopped = stopped
        self._stopwatch = stopwatch
        self._phase, self._began = "", 0.0

    def __call__(self, phase: str, done: float) -> None:
        """A phase is done to a share of 0 to 1.

        Raises:
            MatcherError: if the work is to stop.
        """
        if self._stopped():
            raise _StoppedError
        now = self._stopwatch()
        if phase != self._phase:
            self._phase, self._began = phase, now
        left = (now - self._began) * (1 - done) / done if done >= TELLS_FROM else None
        self._report({"phase": phase, "share_done": float(done), "seconds_left": left and round(left, 1)})
