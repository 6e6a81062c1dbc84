"""Who was erased: under way with the id, then by a pseudonym alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from service.storage.prepared import Prepared
from service.storage.tables import blocks, erasures

_IN_ONE_STATEMENT = 5_000
_ANYBODY = Prepared(select(select(erasures.c.pseudonym).exists()))


class Erasure(NamedTuple):
    """An erasure that is under way: the rows are done, the files may not be."""

    pseudonym: str
    member_id: str
    alias: str | None


def begin(connection: Connection, erasure: Erasure, at: str) -> None:
    """Note that somebody is being erased; again, if they were erased before."""
    forget(connection, erasure.pseudonym)
    connection.execute(insert(erasures), [erasure._asdict() | {"begun_at": at, "finished_at": None}])


def forget_name(connection: Connection, pseudonym: str) -> None:
    """Keep of an erasure nothing but the pseudonym: no file names the member any more."""
    connection.execute(update(erasures).where(erasures.c.pseudonym == pseudonym).values(member_id=None, alias=None))


def to_scrub(connection: Connection) -> list[str]:
    """Pseudonyms of members whom no row and no file names, but for what the database has not overwritten yet."""
    left = erasures.c.member_id.is_(None), erasures.c.finished_at.is_(None)
    return list(connection.execute(select(erasures.c.pseudonym).where(*left)).scalars())


def finish(connection: Connection, pseudonyms: Collection[str], at: str) -> None:
    """Nothing is left of these members."""
    done = update(erasures).where(erasures.c.pseudonym.in_(sorted(pseudonyms)))
    connection.execute(done.values(finished_at=at))


def under_way(connection: Connection) -> list[Erasure]:
    """Erasures of members whom files may still name, oldest first."""
    columns = erasures.c.pseudonym, erasures.c.member_id, erasures.c.alias
    open_ = select(*columns).where(erasures.c.member_id.is_not(None)).order_by(erasures.c.begun_at)
    return [Erasure(*found) for found in connection.execute(open_)]


def anybody(connection: Connection) -> bool:
    """Whether anybody was ever erased who has not come back. What every writer of members asks first."""
    return bool(_ANYBODY.run(connection).scalar_one())


def among(connection: Connection, pseudonyms: Collection[str]) -> set[str]:
    """Those of ``pseudonyms`` that stand for somebody who was erased."""
    wanted, found = sorted(pseudonyms), set[str]()
    for first in range(0, len(wanted), _IN_ONE_STATEMENT):
        portion = wanted[first : first + _IN_ONE_STATEMENT]
        found.update(
            connection.execute(select(erasures.c.pseudonym).where(erasures.c.pseudonym.in_(portion))).scalars()
        )
    return found


def forget(connection: Connection, pseudonym: str) -> None:
    """The member is back, or is being erased anew."""
    connection.execute(delete(erasures).where(erasures.c.pseudonym == pseudonym))


def name_in_blocks(connection: Connection, name: str, instead: str) -> set[str]:
    """Put one name in the place of another in all blocks; returns those who have blocked that member."""
    for column in (blocks.c.blocker, blocks.c.blocked):
        connection.execute(update(blocks).where(column == name).values({column.name: instead}))
    return set(connection.execute(select(blocks.c.blocker).where(blocks.c.blocked == instead)).scalars())


def blocks_of(connection: Connection, pseudonym: str) -> set[str]:
    """Whoever has blocked a member who was erased, or was blocked by them."""
    pairs = connection.execute(select(blocks).where(or_(blocks.c.blocker == pseudonym, blocks.c.blocked == pseudonym)))
    return {name for pair in pairs for name in pair} - {pseudonym}
