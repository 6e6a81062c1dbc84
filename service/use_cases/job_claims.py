"""Long work, as a worker sees it: claimed, kept, ended; and taken from a worker that has gone away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from matcher.errors import MatcherError
from service import job_folders
from service.community import Community
from service.problems import ProblemDetails
from service.settings import moment_text
from service.storage import jobs
from service.storage.jobs import RUNNING, JobRow

MOST_LOST = 3
"""A job whose worker went away so often in the middle is not tried again: it may be the job's fault."""
_GIVEN_UP = ProblemDetails(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "given-up",
    f"This job broke off {MOST_LOST} times before it was done, so it is not tried again; the log says more.",
)


class ClaimLostError(MatcherError):
    """Another worker has the job by now, or it has ended: nothing of this attempt counts."""


class CancelAskedError(MatcherError):
    """Its owner was told that the job is cancelled before its result was stored: nothing of it counts."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that a worker has claimed, and what it is to do.

    Attributes:
        row: the job as it was claimed.
        asks: its parameters.
    """

    row: JobRow
    asks: Mapping[str, Any]

    @property
    def folder_name(self) -> str:
        """Of the folder that this attempt fills, as the database names it."""
        return job_folders.attempt_name(self.row.job_id, self.row.attempt)


@dataclass(frozen=True, slots=True)
class Task:
    """What a job's own code is given.

    Attributes:
        job_id: its id.
        owner: id of the key that asked for it.
        asks: its parameters.
        folder: empty, and to be filled; it becomes the job's own if the job succeeds.
        folder_name: how the database will name it then.
        report: to be told how far it is, now and then.
        stopped: to be asked now and then whether to stop; then nothing that it returns counts.
    """

    job_id: str
    owner: str
    asks: Mapping[str, Any]
    folder: Path
    folder_name: str
    report: Callable[[Mapping[str, Any]], None]
    stopped: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job came to.

    Attributes:
        result: what its owner is told, as JSON can hold it.
        settle: what is to be written in the same transaction in which the job ends; if it raises, nothing is.
        tidy: what may be cleared away once that is done.
    """

    result: Mapping[str, Any] = field(default_factory=dict)
    settle: Callable[[Connection], None] | None = None
    tidy: Callable[[], None] | None = None


Work = Callable[[Community, Task], Outcome]
"""A kind of job. It may be begun again from scratch at any time, so it changes nothing but its folder before it
returns."""


def claim_next(community: Community, kinds: Sequence[str], worker: str) -> Claim | None:
    """Claim the job of ``kinds`` that has waited longest, if there is any.

    Jobs whose lease ran out are claimed anew; those that are wanted no more, or were lost too often, are ended instead.
    A look that finds nothing keeps no writer waiting.
    """
    now = community.settings.now()
    with community.database.glancing() as connection:
        if jobs.next_to_claim(connection, kinds, now) is None:
            return None
    claimed = community.database.write(lambda connection: _claimed(community, connection, kinds, worker))
    if claimed is None:
        return None
    job_folders.remove_earlier(community.settings.jobs, claimed.job_id, claimed.attempt)
    return Claim(claimed, msgspec.json.decode(claimed.asks))


def _claimed(community: Community, connection: Connection, kinds: Sequence[str], worker: str) -> JobRow | None:
    now = community.settings.now()
    while (row := jobs.next_to_claim(connection, kinds, now)) is not None:
        lost = row.lost + (row.state == RUNNING)
        if row.cancel_asked:
            jobs.end(connection, row, "cancelled", now)
        elif lost >= MOST_LOST:
            jobs.end(connection, row, "failed", now, problem=_GIVEN_UP.body().decode())
        else:
            return jobs.claim(connection, row, worker, now, _lease(community), lost=lost)
    return None


def keep_claim(community: Community, claim: Claim, progress: str | None = None) -> None:
    """Renew the lease of a claim, with news of the progress, as JSON, if there are any.

    Raises:
        ClaimLostError: if somebody else has the job by now.
    """
    row = claim.row
    if not community.database.write(
        lambda connection: jobs.renew(connection, row.job_id, row.attempt, _lease(community), progress)
    ):
        raise ClaimLostError(row.job_id)


def is_cancelled(community: Community, claim: Claim) -> bool:
    """Whether a claimed job is wanted no more. Costs one reading statement.

    Raises:
        ClaimLostError: if somebody else has the job by now.
    """
    with community.database.glancing() as connection:
        asked = jobs.cancel_is_asked(connection, claim.row.job_id, claim.row.attempt)
    if asked is None:
        raise ClaimLostError(claim.row.job_id)
    return asked


def end_done(community: Community, claim: Claim, outcome: Outcome) -> None:
    """End a job that has its result, and write what belongs to it, in one transaction.

    May be called again by somebody who was cut off and cannot know whether it was done. Of a job that was told to be
    cancelled nothing comes any more, however late that was.

    Raises:
        CancelAskedError: if its owner wants it no more; nothing is written then.
        ClaimLostError: if somebody else has the job by now; nothing is written then.
    """
    at, result = community.settings.now(), msgspec.json.encode(outcome.result).decode()

    def end(connection: Connection) -> None:
        if jobs.end(connection, claim.row, "done", at, result=result):
            if outcome.settle is not None:
                outcome.settle(connection)
            return
        row = jobs.one(connection, claim.row.job_id)
        if row is not None and (row.state, row.attempt, row.cancel_asked) == (RUNNING, claim.row.attempt, True):
            raise CancelAskedError(claim.row.job_id)
        if row is None or (row.state, row.attempt) != ("done", claim.row.attempt):
            raise ClaimLostError(claim.row.job_id)

    community.database.write(end)


def end_failed(community: Community, claim: Claim, problem: ProblemDetails) -> None:
    """End a job that cannot be done.

    Raises:
        ClaimLostError: if somebody else has the job by now.
    """
    _end(community, claim, "failed", problem.body().decode())


def end_cancelled(community: Community, claim: Claim) -> None:
    """End a job that is wanted no more.

    Raises:
        ClaimLostError: if somebody else has the job by now.
    """
    _end(community, claim, "cancelled", None)


def _end(community: Community, claim: Claim, state: jobs.State, problem: str | None) -> None:
    at = community.settings.now()
    if not community.database.write(lambda connection: jobs.end(connection, claim.row, state, at, problem=problem)):
        raise ClaimLostError(claim.row.job_id)


def give_back(community: Community, claim: Claim, *, lost: bool) -> None:
    """Let others have a job that is not done; ``lost`` if it was given up as by a worker that went away.

    Raises:
        ClaimLostError: if somebody else has the job by now.
    """
    row = claim.row
    if not community.database.write(
        lambda connection: jobs.give_back(connection, row.job_id, row.attempt, lost=int(lost))
    ):
        raise ClaimLostError(row.job_id)


def _lease(community: Community) -> str:
    return moment_text(community.settings.clock() + timedelta(seconds=community.settings.job_lease_s))
