"""Rows of jobs: queued, claimed under a lease by one worker at a time, ended once.

Whoever claims a job gets its next ``attempt`` number, and everything that a worker writes about a job names that
number: one whose lease ran out, and whose job somebody else has claimed since, changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, RowMapping, Update, and_, delete, func, insert, or_, select, update

from service.storage.tables import group_plans, jobs, rematches

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
QUEUED: State = "queued"
RUNNING: State = "running"


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job. Moments are ISO 8601 in UTC with microseconds; ``asks``, ``progress``, ``result``, ``problem`` are JSON.

    Attributes:
        job_id: opaque.
        kind: what is to be done.
        owner: id of the key that asked for it.
        asks: with which parameters.
        created_at: when.
        state: ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
        event: rises with every change that its owner can see.
        attempt: rises with every claim.
        lost: how often a worker went away in the middle.
        worker: who has it.
        lease_until: until when that counts.
        cancel_asked: whether its owner wants it no more.
        progress, result, problem: how far it is, what came of it, why nothing did.
        started_at, ended_at: when it was first claimed, and when it ended.
    """

    job_id: str
    kind: str
    owner: str
    asks: str
    created_at: str
    state: State = QUEUED
    event: int = 1
    attempt: int = 0
    lost: int = 0
    worker: str | None = None
    lease_until: str | None = None
    cancel_asked: bool = False
    progress: str | None = None
    result: str | None = None
    problem: str | None = None
    started_at: str | None = None
    ended_at: str | None = None


_ALL = select(jobs)
_NEXT_EVENT = jobs.c.event + 1


def _row(found: RowMapping) -> JobRow:
    return JobRow(**found)


def add(connection: Connection, row: JobRow) -> None:
    """Queue a job."""
    connection.execute(insert(jobs), [{name: getattr(row, name) for name in JobRow.__dataclass_fields__}])


def one(connection: Connection, job_id: str) -> JobRow | None:
    """The row of ``job_id``, if there is one."""
    found = connection.execute(_ALL.where(jobs.c.job_id == job_id)).mappings().one_or_none()
    return None if found is None else _row(found)


def next_to_claim(connection: Connection, kinds: Sequence[str], now: str) -> JobRow | None:
    """The oldest job of ``kinds`` that waits, or whose worker's lease ran out before ``now``."""
    lapsed = and_(jobs.c.state == RUNNING, jobs.c.lease_until < now)
    wanted = _ALL.where(jobs.c.kind.in_(kinds), or_(jobs.c.state == QUEUED, lapsed))
    found = connection.execute(wanted.order_by(jobs.c.created_at, jobs.c.job_id).limit(1)).mappings().one_or_none()
    return None if found is None else _row(found)


def claim(
    connection: Connection,
    row: JobRow,
    worker: str,
    now: str,
    lease_until: str,
    *,
    lost: int,
    nothing: str | None = None,
) -> JobRow | None:
    """Claim the job of ``row`` under its next attempt; None if anybody has claimed or ended it since ``row`` was read.

    Args:
        connection: a writing transaction.
        row: as it was read.
        worker: who claims it.
        now: the moment.
        lease_until: until when the claim counts if it is not renewed.
        lost: how often a worker has gone away so far.
        nothing: the progress to begin with.
    """
    taken = _held(row.job_id, row.attempt, row.state).values(
        state=RUNNING,
        event=_NEXT_EVENT,
        attempt=row.attempt + 1,
        lost=lost,
        worker=worker,
        lease_until=lease_until,
        progress=nothing,
        started_at=func.coalesce(jobs.c.started_at, now),
    )
    return one(connection, row.job_id) if connection.execute(taken).rowcount else None


def renew(connection: Connection, job_id: str, attempt: int, lease_until: str, progress: str | None) -> bool:
    """Prolong a lease, with news of the progress if there are any; False if the claim counts no more."""
    values: dict[str, Any] = {"lease_until": lease_until}
    if progress is not None:
        values |= {"progress": progress, "event": _NEXT_EVENT}
    return connection.execute(_held(job_id, attempt).values(values)).rowcount == 1


def cancel_is_asked(connection: Connection, job_id: str, attempt: int) -> bool | None:
    """Whether its owner wants a claimed job no more; None if the claim counts no more."""
    found = connection.execute(select(jobs.c.cancel_asked).where(*_claim(job_id, attempt, RUNNING))).first()
    return None if found is None else bool(found[0])


def end(
    connection: Connection,
    row: JobRow,
    state: State,
    at: str,
    *,
    result: str | None = None,
    problem: str | None = None,
) -> bool:
    """End a job in the state and attempt of ``row``; False, and nothing is changed, if it is in another by now.

    Nor is a job done that its owner wants no more.
    """
    values = {"state": state, "event": _NEXT_EVENT, "worker": None, "lease_until": None, "ended_at": at}
    held = _held(row.job_id, row.attempt, row.state)
    wanted = held.where(jobs.c.cancel_asked.is_(False)) if state == "done" else held
    return connection.execute(wanted.values(values | {"result": result, "problem": problem})).rowcount == 1


def give_back(connection: Connection, job_id: str, attempt: int, *, lost: int) -> bool:
    """Queue a claimed job again; False if the claim counts no more."""
    values = {"state": QUEUED, "event": _NEXT_EVENT, "worker": None, "lease_until": None, "lost": jobs.c.lost + lost}
    return connection.execute(_held(job_id, attempt).values(values)).rowcount == 1


def ask_to_cancel(connection: Connection, job_id: str) -> bool:
    """Let the worker of a running job know that it is wanted no more; False if it does not run, or knows already."""
    asked = _changed(jobs.c.job_id == job_id, jobs.c.state == RUNNING, jobs.c.cancel_asked.is_(False))
    return connection.execute(asked.values(cancel_asked=True, event=_NEXT_EVENT)).rowcount == 1


def ended_before(connection: Connection, until: str, most: int) -> list[str]:
    """Ids of jobs that ended up to ``until``, longest ago first, but for those that a plan still names."""
    named = select(group_plans.c.job_id).union_all(
        select(group_plans.c.files_job).where(group_plans.c.files_job.is_not(None)), select(rematches.c.job_id)
    )
    over = select(jobs.c.job_id).where(jobs.c.state.not_in((QUEUED, RUNNING)), jobs.c.ended_at <= until)
    ordered = over.where(jobs.c.job_id.not_in(named)).order_by(jobs.c.ended_at, jobs.c.job_id).limit(most)
    return list(connection.execute(ordered).scalars())


def some(connection: Connection, ids: Sequence[str]) -> dict[str, JobRow]:
    """The rows of those of ``ids`` that there are."""
    found = connection.execute(_ALL.where(jobs.c.job_id.in_(ids))).mappings()
    return {row["job_id"]: _row(row) for row in found}


def count_open(connection: Connection, owner: str, kinds: Sequence[str]) -> int:
    """How many jobs of ``kinds`` that a key has asked for have not ended."""
    theirs = select(func.count()).select_from(jobs).where(jobs.c.owner == owner, jobs.c.kind.in_(kinds))
    return int(connection.execute(theirs.where(jobs.c.state.in_((QUEUED, RUNNING)))).scalar_one())


def remove(connection: Connection, ids: Sequence[str]) -> None:
    """Delete jobs."""
    connection.execute(delete(jobs).where(jobs.c.job_id.in_(ids)))


def count_by_state(connection: Connection) -> dict[State, int]:
    """How many jobs are in each state."""
    counted = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
    return dict.fromkeys(STATES, 0) | {state: int(count) for state, count in counted}


def _claim(job_id: str, attempt: int, state: State) -> tuple[ColumnElement[bool], ...]:
    return jobs.c.job_id == job_id, jobs.c.attempt == attempt, jobs.c.state == state


def _held(job_id: str, attempt: int, state: State = RUNNING) -> Update:
    return _changed(*_claim(job_id, attempt, state))


def _changed(*where: ColumnElement[bool]) -> Update:
    return update(jobs).where(*where)
