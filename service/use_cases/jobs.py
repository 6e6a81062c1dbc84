"""Long work, as whoever asked for it sees it: queued, followed, cancelled."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from sqlalchemy import Connection

from service.caller import Caller
from service.community import Community
from service.problems import ProblemDetails, RequestError
from service.settings import Settings
from service.storage import jobs
from service.storage.jobs import QUEUED, RUNNING, JobRow, State
from service.use_cases.pseudonyms import erased_in
from service.use_cases.without_member import job_without

FORM_KIND, REMATCH_KIND = "group-plan", "rematch"
LONG_KINDS = (FORM_KIND, REMATCH_KIND)
_AGAIN_AFTER_S = 30
ENDED = frozenset(jobs.STATES) - {QUEUED, RUNNING}
_UNKNOWN = ProblemDetails(HTTPStatus.NOT_FOUND, "unknown-job", "This key has asked for no job with this id.")


@dataclass(frozen=True, slots=True)
class Job:
    """A job, as its owner may see it.

    Attributes:
        job_id: opaque.
        kind: what is done.
        state: ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
        event: rises with every change of what stands here.
        attempt: how often it was begun.
        cancel_asked: whether it is about to be cancelled.
        created_at, started_at, ended_at: moments, as ISO 8601 in UTC.
        progress: how far it is, in the words of its kind.
        result: what came of it.
        problem: why nothing did, as the members of a problem object.
    """

    job_id: str
    kind: str
    state: State
    event: int
    attempt: int
    cancel_asked: bool
    created_at: str
    started_at: str | None
    ended_at: str | None
    progress: Mapping[str, Any] | None
    result: Mapping[str, Any] | None
    problem: Mapping[str, Any] | None

    @classmethod
    def of(cls, row: JobRow) -> Job:
        """What its owner may see of a row."""
        fields = {name: getattr(row, name) for name in cls.__dataclass_fields__}
        return cls(**fields | {name: _read(fields[name]) for name in ("progress", "result", "problem")})

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ENDED


def _read(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)


def new_id() -> str:
    """An id that nobody can guess, of 24 hex digits."""
    return secrets.token_hex(12)


def queue(
    connection: Connection, kind: str, owner: str, asks: Mapping[str, Any], at: str, job_id: str | None = None
) -> JobRow:
    """Queue a job within a transaction of the caller's. Parameters that name somebody who was erased are put as an
    erasure would: without them.

    Args:
        connection: a writing transaction.
        kind: one that workers know.
        owner: id of the key that asks for it.
        asks: its parameters, as JSON can hold them.
        at: the moment.
        job_id: if it was chosen beforehand.
    """
    row = JobRow(job_id or new_id(), kind, owner, msgspec.json.encode(asks).decode(), at)
    for member_id in sorted(erased_in(connection, row.asks)):
        row = job_without(row, member_id)
    jobs.add(connection, row)
    return row


def queue_long(
    connection: Connection,
    settings: Settings,
    kind: str,
    owner: str,
    asks: Mapping[str, Any],
    at: str,
    job_id: str | None = None,
) -> JobRow:
    """The same for work that may take a worker very long, of which a key may have so much before others.

    Raises:
        RequestError: 429 if it has.
    """
    if jobs.count_open(connection, owner, LONG_KINDS) >= settings.jobs_per_key:
        what = f"This key waits for {settings.jobs_per_key} jobs; once one has ended, or is cancelled, ask again."
        headers = {"Retry-After": f"{_AGAIN_AFTER_S}"}
        raise RequestError(ProblemDetails(HTTPStatus.TOO_MANY_REQUESTS, "too-many-jobs", what, headers=headers))
    return queue(connection, kind, owner, asks, at, job_id)


def may_see(caller: Caller, owner: str) -> bool:
    """Whether a caller may see what belongs to the key ``owner``."""
    return caller.role == "admin" or caller.key_id == owner


def see_job(community: Community, caller: Caller, job_id: str) -> Job:
    """A job as it stands.

    Raises:
        RequestError: 404 if there is none, or it is another's: the answer is the same.
    """
    with community.database.glancing() as connection:
        return Job.of(_own(connection, caller, job_id))


def cancel_job(community: Community, caller: Caller, job_id: str) -> Job:
    """Cancel a job: at once if it waits; if it runs, its worker is told and stops within moments. Asking again, or for
    a job that has ended, changes nothing.

    Returns:
        The job as it stands then.

    Raises:
        RequestError: as :func:`see_job`.
    """
    at = community.settings.now()

    def cancel(connection: Connection) -> Job:
        row = _own(connection, caller, job_id)
        if row.state == QUEUED:
            jobs.end(connection, row, "cancelled", at)
        elif row.state == RUNNING:
            jobs.ask_to_cancel(connection, job_id)
        return Job.of(_own(connection, caller, job_id))

    return community.database.write(cancel)


def _own(connection: Connection, caller: Caller, job_id: str) -> JobRow:
    row = jobs.one(connection, job_id)
    if row is None or not may_see(caller, row.owner):
        raise RequestError(_UNKNOWN)
    return row
