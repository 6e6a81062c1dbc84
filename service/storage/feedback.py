"""What each side of a match has said of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from service.storage.tables import feedback


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """How well a match fits, 1 to 5, and whether its member wants to keep it."""

    match_id: str
    member_id: str
    fit: int
    keep: bool
    at: str


def put(connection: Connection, row: FeedbackRow) -> None:
    """Store a member's word on a match, in place of an earlier one."""
    connection.execute(
        delete(feedback).where(feedback.c.match_id == row.match_id, feedback.c.member_id == row.member_id)
    )
    values = {name: getattr(row, name) for name in FeedbackRow.__dataclass_fields__}
    connection.execute(insert(feedback), [values])


def given(connection: Connection, member_id: str, match_ids: Sequence[str]) -> set[str]:
    """On which of ``match_ids`` a member has said something."""
    statement = select(feedback.c.match_id).where(feedback.c.member_id == member_id, feedback.c.match_id.in_(match_ids))
    return set(connection.execute(statement).scalars())


def by_member(connection: Connection, member_id: str) -> list[FeedbackRow]:
    """All that a member has said of their matches."""
    columns = [feedback.c[name] for name in FeedbackRow.__dataclass_fields__]
    said = select(*columns).where(feedback.c.member_id == member_id).order_by(feedback.c.at)
    return [FeedbackRow(*row) for row in connection.execute(said)]


def everything(connection: Connection) -> Iterator[FeedbackRow]:
    """The last word of everybody on every match, without holding them all."""
    columns = [feedback.c[name] for name in FeedbackRow.__dataclass_fields__]
    ordered = select(*columns).order_by(feedback.c.match_id, feedback.c.member_id)
    for row in connection.execute(ordered, execution_options={"yield_per": 2_000}):
        yield FeedbackRow(*row)


def on(connection: Connection, match_ids: Collection[str]) -> list[FeedbackRow]:
    """The last word of everybody on these matches."""
    wanted, found = sorted(match_ids), list[FeedbackRow]()
    columns = [feedback.c[name] for name in FeedbackRow.__dataclass_fields__]
    for first in range(0, len(wanted), 5_000):
        said = select(*columns).where(feedback.c.match_id.in_(wanted[first : first + 5_000]))
        found += [
            FeedbackRow(*row) for row in connection.execute(said.order_by(feedback.c.match_id, feedback.c.member_id))
        ]
    return found
