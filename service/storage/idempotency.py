"""Answers that are kept for a while, so that a request that is sent twice is carried out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from service.storage.tables import kept_answers


class Answer(NamedTuple):
    """An answer as it was sent. Headers are JSON."""

    status: int
    headers: str
    body: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One request that was carried out, and its answer.

    Attributes:
        key_digest: of the access key's id and the request's own key.
        fingerprint: of the request: route, preconditions and body, keyed with the request's own key.
        answer: None once it had to be forgotten; that the work was done is still known then.
        expires_at: until when it is kept.
        noted: number of the row of the audit trail that tells what the answer is about, if there is one.
    """

    key_digest: str
    fingerprint: str
    answer: Answer | None
    expires_at: str
    noted: int | None = None


def one(connection: Connection, key_digest: str, now: str) -> KeptAnswer | None:
    """What is kept under a digest, unless its time is over."""
    here = kept_answers.c.key_digest == key_digest, kept_answers.c.expires_at > now
    found = connection.execute(select(kept_answers).where(*here)).mappings().one_or_none()
    if found is None:
        return None
    answer = None if found["body"] is None else Answer(found["status"], found["headers"], found["body"])
    return KeptAnswer(found["key_digest"], found["fingerprint"], answer, found["expires_at"], found["noted"])


def keep(connection: Connection, row: KeptAnswer, now: str) -> None:
    """Keep an answer; those whose time is over go, also one under the same digest."""
    forget_expired(connection, now)
    status, headers, body = row.answer or (None, None, None)
    values: dict[str, Any] = {
        "key_digest": row.key_digest,
        "fingerprint": row.fingerprint,
        "expires_at": row.expires_at,
    }
    values |= {"status": status, "headers": headers, "body": body, "noted": row.noted}
    connection.execute(insert(kept_answers), [values])


def forget_expired(connection: Connection, now: str) -> int:
    """Delete the rows whose time is over; returns how many."""
    return connection.execute(delete(kept_answers).where(kept_answers.c.expires_at <= now)).rowcount


def forget(connection: Connection, member_id: str) -> int:
    """Take out every kept answer that names a member; returns how many.

    What is left says that the work was done, and nothing about anybody. An answer names a member in JSON or in an
    address, so all rows are read once: no list of names has to be kept beside them.
    """
    columns = kept_answers.c.headers, kept_answers.c.body
    holding = or_(*(column.contains(member_id, autoescape=True) for column in columns))
    found = connection.execute(select(kept_answers.c.key_digest, *columns).where(holding)).all()
    named = [digest for digest, headers, body in found if _names(member_id, body) or _names(member_id, headers)]
    for digest in named:
        emptied = update(kept_answers).where(kept_answers.c.key_digest == digest)
        connection.execute(emptied.values(status=None, headers=None, body=None))
    return len(named)


_PART_OF_AN_ID = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def _names(member_id: str, text: str) -> bool:
    """Whether an id stands in a text by itself, not as a part of a longer one."""
    start = text.find(member_id)
    while start >= 0:
        end = start + len(member_id)
        if text[start - 1 : start] not in _PART_OF_AN_ID and text[end : end + 1] not in _PART_OF_AN_ID:
            return True
        start = text.find(member_id, start + 1)
    return False
