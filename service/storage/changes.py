"""The change log: numbers are taken, lines added, and followers ask what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from service.storage.prepared import Prepared
from service.storage.pseudonyms import is_pseudonym
from service.storage.tables import MATCH, POPULATION, change_head, changes

_NEWEST = Prepared(select(change_head.c.seq))
_TAKE = Prepared(update(change_head).values(seq=change_head.c.seq + bindparam("taken")).returning(change_head.c.seq))
_ADD = Prepared(insert(changes).values({column: bindparam(f"new_{column.name}") for column in changes.c}))
_SINCE = Prepared(
    select(changes.c.kind, changes.c.member_id).where(changes.c.seq > bindparam("seen")).order_by(changes.c.seq)
)
_LINE = Prepared(select(changes.c.kind, changes.c.member_id, changes.c.at).where(changes.c.seq == bindparam("line")))


def now_text() -> str:
    """The running moment as the tables keep it: ISO 8601, UTC, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class News:
    """What happened in a stretch of the log."""

    newest: int
    member_ids: tuple[str, ...]
    """Members that changed or went, each once."""
    population: bool
    """Whether new facet means came into force."""
    matched_ids: tuple[str, ...] = ()
    """Members whose places or ties changed, each once."""
    erased: frozenset[str] = frozenset()
    """Pseudonyms of members who were erased: whoever has gone by one of these ids may be gone, or be back."""


def newest_seq(connection: Connection) -> int:
    """The number of the newest change; 0 for an empty log."""
    return int(_NEWEST.run(connection).scalar_one())


def append(connection: Connection, kind: str, member_ids: Sequence[str | None], at: str) -> range:
    """Add one line for each of ``member_ids``, in order; returns their numbers."""
    if not member_ids:
        return range(0)
    last = int(_TAKE.run(connection, taken=len(member_ids)).scalar_one())
    numbers = range(last - len(member_ids) + 1, last + 1)
    rows = [
        {"new_seq": seq, "new_kind": kind, "new_member_id": member_id, "new_at": at}
        for seq, member_id in zip(numbers, member_ids, strict=True)
    ]
    _ADD.run_for_each(connection, rows)
    return numbers


def count_since(connection: Connection, seq: int) -> int:
    """How many lines follow ``seq``."""
    return int(connection.execute(select(func.count()).select_from(changes).where(changes.c.seq > seq)).scalar_one())


def news_since(connection: Connection, seq: int) -> News:
    """What the lines after ``seq`` tell."""
    rows: Any = _SINCE.run(connection, seen=seq)
    seen: dict[str, None] = {}
    matched: dict[str, None] = {}
    population = False
    erased: set[str] = set()
    for kind, member_id in rows:
        if member_id is not None and is_pseudonym(member_id):
            erased.add(member_id)
        elif kind == POPULATION:
            population = True
        elif kind == MATCH:
            matched[member_id] = None
        else:
            seen[member_id] = None
    return News(newest_seq(connection), tuple(seen), population, tuple(matched), frozenset(erased))


def fingerprint(connection: Connection, seq: int) -> str:
    """16 hex digits that name the history up to ``seq``: another database, or a restored one, has others.

    Only the line at ``seq`` is read; it holds the moment of the change to the microsecond.
    """
    line = _LINE.run(connection, line=seq).one_or_none()
    text = "\0".join(str(part) for part in (seq, *(line or ())))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
