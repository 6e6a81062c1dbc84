"""Members' rows and standing blocks. Profiles are text here; what is in them is the engine's business."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    RowMapping,
    String,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from service.storage.changes import append
from service.storage.database import Database
from service.storage.prepared import Prepared
from service.storage.tables import REMOVE, UPSERT, blocks, change_head, members

_IN_ONE_STATEMENT = 5_000
"""Ids bound in one statement; SQLite takes 32,766, PostgreSQL 65,535."""
_FEW = 64
"""Ids for which statements are prepared, for each number of them."""
_PLACES = [f"id_{place:04}" for place in range(1_001)]
_AT_A_TIME = 2_000
"""Profiles that the database hands over at a time when everybody is read."""


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One stored member."""

    member_id: str
    profile: str
    seq: int
    created_at: str
    updated_at: str


_COLUMNS = tuple(column.name for column in members.c)
_ALL = select(members)
_ONE = _ALL.where(members.c.member_id == bindparam("id"))
_ADD = Prepared(insert(members).values({column: bindparam(f"new_{column.name}") for column in members.c}))
_CHANGE = Prepared(
    update(members)
    .where(members.c.member_id == bindparam("id", type_=String))
    .values({members.c[name]: bindparam(f"new_{name}") for name in ("profile", "seq", "updated_at")})
)
_ALL_BLOCKS = select(blocks).order_by(blocks.c.blocker, blocks.c.blocked)
_BLOCKS = _ALL_BLOCKS.where(blocks.c.blocker.in_(bindparam("blockers", expanding=True)))
_SOME = _ALL.where(members.c.member_id.in_(bindparam("ids", expanding=True)))


def _row(found: RowMapping) -> MemberRow:
    return MemberRow(**found)


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(ids), _IN_ONE_STATEMENT):
        yield ids[first : first + _IN_ONE_STATEMENT]


def one(connection: Connection, member_id: str) -> MemberRow | None:
    """The row of ``member_id``, if there is one."""
    found = connection.execute(_ONE, {"id": member_id}).mappings().one_or_none()
    return None if found is None else _row(found)


def some(connection: Connection, ids: Sequence[str]) -> dict[str, MemberRow]:
    """The rows of those of ``ids`` that are stored."""
    if 0 < len(ids) <= _FEW:
        rows = _few_rows(len(ids)).run(connection, **_by_place(ids)).mappings()
        return {found["member_id"]: _row(found) for found in rows}
    return {
        found["member_id"]: _row(found)
        for portion in _portions(ids)
        for found in connection.execute(_SOME, {"ids": portion}).mappings()
    }


def profiles_now(database: Database, ids: Sequence[str]) -> tuple[int, str]:
    """The newest change, and the profiles of those of ``ids`` (1 to 1,000) that are stored, as one JSON list.

    One statement, prepared once for each number of ids, because every answer waits for it; and one row, because a
    driver lets other threads have their turn before each.
    """
    ((seq, profiles),) = database.glance(_together(len(ids)), **_by_place(ids))
    return int(seq), f"[{profiles or ''}]"


@functools.lru_cache(maxsize=64)
def _together(count: int) -> Prepared:
    comma: Any = literal_column("','", String)
    together = select(func.aggregate_strings(members.c.profile, comma))
    wanted = together.where(members.c.member_id.in_(_places(count)))
    return Prepared(select(change_head.c.seq, wanted.scalar_subquery()))


@functools.lru_cache(maxsize=64)
def _few_rows(count: int) -> Prepared:
    return Prepared(_ALL.where(members.c.member_id.in_(_places(count))))


@functools.lru_cache(maxsize=64)
def _few_blocks(count: int) -> Prepared:
    return Prepared(_ALL_BLOCKS.where(blocks.c.blocker.in_(_places(count))))


def _places(count: int) -> list[BindParameter[str]]:
    return [bindparam(_PLACES[place], type_=String) for place in range(count)]


def _by_place(ids: Sequence[str]) -> dict[str, str]:
    return dict(zip(_PLACES, ids, strict=False))


def everyone(connection: Connection) -> Iterator[str]:
    """Every profile, by member id, without holding them all."""
    everybody = select(members.c.profile).order_by(members.c.member_id)
    rows = connection.execute(everybody, execution_options={"yield_per": _AT_A_TIME})
    for row in rows:
        yield row[0]


def any_profile_holds(connection: Connection, text: str) -> bool:
    """Whether a text stands in anybody's profile, to the letter. Reads all profiles if it does not."""
    alike = select(members.c.profile).where(members.c.profile.contains(text, autoescape=True))  # capitals are one to it
    return any(text in profile for profile in connection.execute(alike).scalars())


def count(connection: Connection) -> int:
    """How many members are stored."""
    return int(connection.execute(select(func.count()).select_from(members)).scalar_one())


def all_ids(connection: Connection) -> list[str]:
    """Every member id, sorted."""
    return list(connection.execute(select(members.c.member_id).order_by(members.c.member_id)).scalars())


def standing_blocks(connection: Connection, blockers: Sequence[str]) -> dict[str, list[str]]:
    """Whom each of ``blockers`` has ever blocked, sorted."""
    found: dict[str, list[str]] = {}
    if 0 < len(blockers) <= _FEW:
        for row in _few_blocks(len(blockers)).run(connection, **_by_place(blockers)):
            found.setdefault(row.blocker, []).append(row.blocked)
        return found
    for portion in _portions(blockers):
        for blocker, blocked in connection.execute(_BLOCKS, {"blockers": portion}):
            found.setdefault(blocker, []).append(blocked)
    return found


def all_blocks(connection: Connection) -> list[tuple[str, str]]:
    """Every block ever set: who, and whom; members who were erased by their pseudonyms."""
    return [(row.blocker, row.blocked) for row in connection.execute(select(blocks))]


def add_blocks(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Set blocks that are not standing yet."""
    rows = [{"blocker": blocker, "blocked": blocked} for blocker, blocked in pairs]
    if rows:
        connection.execute(insert(blocks), rows)


def write(
    connection: Connection, profiles: Mapping[str, str], present: Mapping[str, MemberRow], at: str
) -> dict[str, MemberRow]:
    """Store ``profiles`` by member id and log each as a change.

    Args:
        connection: a writing transaction.
        profiles: the JSON of each member to write.
        present: the rows that are stored now, of the same transaction.
        at: the moment.
    """
    written = {
        member_id: MemberRow(
            member_id, profiles[member_id], seq, present[member_id].created_at if member_id in present else at, at
        )
        for member_id, seq in zip(profiles, append(connection, UPSERT, list(profiles), at), strict=True)
    }
    new = [{f"new_{name}": getattr(row, name) for name in _COLUMNS} for i, row in written.items() if i not in present]
    old = [
        {"id": i, "new_profile": row.profile, "new_seq": row.seq, "new_updated_at": at}
        for i, row in written.items()
        if i in present
    ]
    _ADD.run_for_each(connection, new)
    _CHANGE.run_for_each(connection, old)
    return written


def remove(connection: Connection, member_id: str, at: str) -> int | None:
    """Delete the row of ``member_id`` and log it; returns the change's number, or None without a row. Blocks stay."""
    gone = connection.execute(delete(members).where(members.c.member_id == member_id)).rowcount
    return append(connection, REMOVE, [member_id], at)[0] if gone else None
