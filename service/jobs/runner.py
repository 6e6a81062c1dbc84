"""One claimed job from its beginning to its end: its code runs in a thread while its lease is renewed from here."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError

from matcher.errors import MatcherError
from service import job_folders
from service.caller import Acting, act_as
from service.community import Community
from service.logs import places
from service.problems import ProblemDetails, details_of
from service.use_cases import job_claims
from service.use_cases.job_claims import CancelAskedError, Claim, ClaimLostError, Outcome, Task, Work

BEAT_S = 0.5
"""How often is looked whether the job is still wanted; news of its progress are told as often."""
RENEW_AT = 3
"""A lease is renewed when a third of it is over."""
AGAIN_AFTER_S = 1.0
"""How soon a result is brought again to a database that did not answer."""
GRACE_S = 10.0
"""How long a job may go on after the worker was told to stop."""
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_log = structlog.get_logger(__name__)


class Ending(Enum):
    """How a run ended, for the worker."""

    SETTLED = auto()
    """The job is in its last state, or waits for another worker."""
    ABANDONED = auto()
    """The job waits for another worker, and its code still runs: the process has to end."""


class JobRun:
    """One attempt at one job."""

    def __init__(self, community: Community, claim: Claim, work: Work, stop: threading.Event) -> None:
        self._community = community
        self._claim = claim
        self._work = work
        self._stop = stop
        self._halt = threading.Event()
        self._cancelled = False
        self._lost = False
        self._news: str | None = None
        self._renewed = self._now()
        self._log = _log.bind(job_id=claim.row.job_id, kind=claim.row.kind, attempt=claim.row.attempt)

    def run(self) -> Ending:
        """Do the job, or find that it cannot be done; the last word about it is in the database afterwards."""
        self._log.info("job_begun", lost=self._claim.row.lost)
        pool = ThreadPoolExecutor(1, thread_name_prefix="job")
        doing = pool.submit(self._do)
        pool.shutdown(wait=False)
        told_to_stop: float | None = None
        while not wait([doing], timeout=BEAT_S).done:
            self._beat()
            if self._stop.is_set():
                self._halt.set()
                told_to_stop = told_to_stop or self._now()
                if self._now() - told_to_stop > GRACE_S:
                    self._give_back(lost=False)
                    return Ending.ABANDONED
        self._end(doing)
        return Ending.SETTLED

    def _do(self) -> None:
        """In the job's thread: its files first, then the database, so that what the database names is there."""
        claim, community = self._claim, self._community
        act_as(Acting(claim.row.owner, "job", claim.row.job_id))
        with job_folders.filling(community.settings.jobs, claim.folder_name) as folder:
            task = Task(
                claim.row.job_id,
                claim.row.owner,
                claim.asks,
                folder,
                claim.folder_name,
                self._report,
                self._halt.is_set,
            )
            outcome = self._work(community, task)
            if self._halt.is_set():
                raise _HaltedError
        self._settle(outcome)

    def _settle(self, outcome: Outcome) -> None:
        until = self._now() + self._community.settings.job_lease_s
        while True:
            try:
                job_claims.end_done(self._community, self._claim, outcome)
            except MatcherError:  # the database has not taken it, and never will
                job_folders.remove(self._community.settings.jobs, self._claim.folder_name)
                raise
            except DBAPIError:  # nobody knows whether it has, so the folder stays
                if self._now() > until or self._lost:
                    raise
                self._stop.wait(AGAIN_AFTER_S)
            else:
                break
        if outcome.tidy is not None:
            outcome.tidy()

    def _report(self, progress: Mapping[str, Any]) -> None:
        self._news = msgspec.json.encode(progress).decode()

    def _beat(self) -> None:
        """Look whether the job is still ours and wanted, tell of its progress, and renew the lease in time."""
        try:
            if not self._cancelled and job_claims.is_cancelled(self._community, self._claim):
                self._cancelled = True
                self._halt.set()
            news, self._news = self._news, None
            due = self._now() - self._renewed > self._community.settings.job_lease_s / RENEW_AT
            if news is not None or due:
                job_claims.keep_claim(self._community, self._claim, news)
                self._renewed = self._now()
        except ClaimLostError:
            self._lose()
        except DBAPIError as error:
            self._log.warning("job_not_renewed", error=type(error.orig).__name__)
            if self._now() - self._renewed > self._community.settings.job_lease_s:
                self._lose()

    def _lose(self) -> None:
        self._lost = True
        self._halt.set()

    def _end(self, doing: Future[None]) -> None:
        error = doing.exception()
        if error is None:
            self._log.info("job_done")
            return
        try:
            self._end_without_result(error)
        except ClaimLostError:
            self._log.warning("job_lost")
        except DBAPIError as failure:  # the lease runs out, and the job is done again
            self._log.error("job_not_ended", error=type(failure.orig).__name__)

    def _end_without_result(self, error: BaseException) -> None:
        if self._lost or isinstance(error, ClaimLostError):
            self._log.warning("job_lost")
        elif self._cancelled or isinstance(error, CancelAskedError):
            job_claims.end_cancelled(self._community, self._claim)
            self._log.info("job_cancelled")
        elif isinstance(error, _HaltedError):
            self._give_back(lost=False)
        elif (problem := _problem(error)) is not None:
            job_claims.end_failed(self._community, self._claim, problem)
            self._log.warning("job_failed", problem=problem.name, error=type(error).__name__)
        else:
            self._log.error("job_broke", error=type(error).__name__, at=places(error))
            self._give_back(lost=True)

    def _give_back(self, *, lost: bool) -> None:
        try:
            job_claims.give_back(self._community, self._claim, lost=lost)
            self._log.info("job_given_back", lost=lost)
        except ClaimLostError:
            self._log.warning("job_lost")

    def _now(self) -> float:
        return self._community.settings.stopwatch()


class _HaltedError(MatcherError):
    """The job was told to stop before it had its result."""


def _problem(error: BaseException) -> ProblemDetails | None:
    """Why a job cannot be done, in words for its owner; None if nobody foresaw it, or trying again may help."""
    if isinstance(error, OSError) and error.errno is not None:
        if error.errno in _DISK_FULL:
            name, what = "disk-full", "The disk of the jobs folder is full; nothing of the result was kept."
            return ProblemDetails(HTTPStatus.INSUFFICIENT_STORAGE, name, what)
        what = f"The result could not be written: {os.strerror(error.errno)}."
        return ProblemDetails(HTTPStatus.INTERNAL_SERVER_ERROR, "result-not-written", what)
    if not isinstance(error, MatcherError):
        return None
    return details_of(error) or ProblemDetails(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong inside; the log names the job."
    )
