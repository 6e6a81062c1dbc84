"""A worker: claims one job after the other until it is told to stop."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping

import structlog
from sqlalchemy.exc import DBAPIError

from service.community import Community
from service.jobs.runner import Ending, JobRun
from service.use_cases.job_claims import Work, claim_next

LOOK_EVERY_S = 0.5
"""How soon a job that was queued is begun by a worker that has nothing to do."""
AFTER_FAILURE_S = 2.0
_log = structlog.get_logger(__name__)


class Worker:
    """Does jobs of certain kinds."""

    def __init__(self, community: Community, kinds: Mapping[str, Work]) -> None:
        self._community = community
        self._kinds = kinds
        self._name = f"{socket.gethostname()[:100]}:{os.getpid()}"

    def run(self, stop: threading.Event) -> Ending:
        """Work until ``stop`` is set. A job that is under way then is given back, and done by another worker.

        Returns:
            ``ABANDONED`` if a job's code still runs although it was told to stop; only the end of the process ends it.
        """
        _log.info("worker_begun", worker=self._name)
        while not stop.is_set():
            try:
                ending = self.work_once(stop)
            except DBAPIError as error:
                _log.warning("worker_waits", error=type(error.orig).__name__)
                stop.wait(AFTER_FAILURE_S)
                continue
            if ending is Ending.ABANDONED:
                return ending
            if ending is None:
                stop.wait(LOOK_EVERY_S)
        _log.info("worker_stopped", worker=self._name)
        return Ending.SETTLED

    def work_once(self, stop: threading.Event) -> Ending | None:
        """Do the job that has waited longest; None if there is nothing to do."""
        claim = claim_next(self._community, tuple(self._kinds), self._name)
        if claim is None:
            return None
        return JobRun(self._community, claim, self._kinds[claim.row.kind], stop).run()
