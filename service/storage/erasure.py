"""Taking a member's id out of every row, where a pseudonym comes in its place or the row goes."""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, or_, select, update

from service.storage import exposures, group_members, idempotency, jobs, rematches
from service.storage.tables import (
    audit_members,
    changes,
    feedback,
    matches,
)
from service.storage.tables import jobs as job_table

TOUCHED = (
    "members",
    "changes",
    "blocks",
    "matches",
    "feedback",
    "jobs",
    "kept_answers",
    "audit_members",
    "exposures",
    "group_members",
    "rematch_steps",
    "erasures",
)
"""Tables that may have held a member's id or words."""
_READING_ALL = ("group-plan", "rematch")


def erase_rows(connection: Connection, member_id: str, pseudonym: str) -> None:
    """Erase a member from all tables but ``members``, ``blocks`` and the texts of jobs."""
    connection.execute(update(changes).where(changes.c.member_id == member_id).values(member_id=pseudonym))
    _erase_from_audit(connection, member_id, pseudonym)
    connection.execute(delete(feedback).where(feedback.c.member_id == member_id))
    _erase_from_matches(connection, member_id, pseudonym)
    idempotency.forget(connection, member_id)
    exposures.forget(connection, member_id)
    group_members.forget(connection, member_id)
    rematches.forget(connection, member_id)
    _do_again(connection)


def _erase_from_audit(connection: Connection, member_id: str, pseudonym: str) -> None:
    # Who came back and is erased again may be named by both in one row: what is read of a peer tells of ties with them
    # from before, under the pseudonym, and of new ones. The trail takes no row back, so the second one gets a number.
    other = audit_members.alias()
    named = audit_members.c.member_id == member_id
    by_both = audit_members.c.number.in_(select(other.c.number).where(other.c.member_id == pseudonym))
    connection.execute(update(audit_members).where(named, by_both).values(member_id=f"{pseudonym}-2"))
    connection.execute(update(audit_members).where(named).values(member_id=pseudonym))


def _erase_from_matches(connection: Connection, member_id: str, pseudonym: str) -> None:
    for side in ("asker", "peer"):
        theirs = update(matches).where(matches.c[side] == member_id)
        connection.execute(theirs.values({side: pseudonym, f"{side}_reason": None}))
    both = and_(matches.c.asker.startswith("erased:"), matches.c.peer.startswith("erased:"))
    mine = or_(matches.c.asker == pseudonym, matches.c.peer == pseudonym)
    empty = list(connection.execute(select(matches.c.match_id).where(mine, both)).scalars())
    connection.execute(delete(feedback).where(feedback.c.match_id.in_(empty)))
    connection.execute(delete(matches).where(matches.c.match_id.in_(empty)))


def _do_again(connection: Connection) -> None:
    """Let jobs begin anew that have read all members already: their worker finds that its claim counts no more."""
    reading = select(job_table.c.job_id, job_table.c.attempt).where(
        job_table.c.state == jobs.RUNNING, job_table.c.kind.in_(_READING_ALL)
    )
    for job_id, attempt in connection.execute(reading).all():
        jobs.give_back(connection, job_id, attempt, lost=0)


def texts_of_jobs(connection: Connection, member_id: str) -> list[jobs.JobRow]:
    """Jobs whose parameters, progress, result or problem may name a member."""
    columns = job_table.c.asks, job_table.c.progress, job_table.c.result, job_table.c.problem
    naming = or_(*(column.contains(member_id, autoescape=True) for column in columns))
    return [jobs.JobRow(**found) for found in connection.execute(select(job_table).where(naming)).mappings()]


def put_texts(connection: Connection, row: jobs.JobRow) -> None:
    """Store the texts of a job as they are in ``row``."""
    texts = {"asks": row.asks, "progress": row.progress, "result": row.result, "problem": row.problem}
    connection.execute(update(job_table).where(job_table.c.job_id == row.job_id).values(texts))
