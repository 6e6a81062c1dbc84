"""A match as one of its two members may see it. Nothing here follows from what the other has not let be seen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from matcher.members.vocabulary import Kind
from service.settings import FIT_CHECK_DAYS, moved
from service.storage import feedback, matches
from service.storage.match_row import MatchRow, Side, State
from service.use_cases.match_problems import unknown_match


@dataclass(frozen=True, slots=True)
class SeenMatch:
    """One member's view of a match. Moments are ISO 8601 in UTC.

    Attributes:
        member_id: whose view it is.
        asked: whether this member is the one who asked; for mentoring that is the seeker.
        your_answer: what this member has said; of the other's answer only that both said yes is ever told.
        closed_at: when the match was declined by this member, expired or ended.
        reason: why this member declined or ended it.
        fit_check_due: whether it is time to ask this member how well the match fits.
        proposed_by: ``member``, or ``community`` if it comes of a rematch.
        replaces: id of this member's own match that ends if this one comes about.
    """

    match_id: str
    kind: Kind
    member_id: str
    peer_id: str
    asked: bool
    state: State
    your_answer: Literal["accepted", "declined"] | None
    proposed_at: str
    expires_at: str
    accepted_at: str | None
    closed_at: str | None
    reason: str | None
    fit_check_due: bool
    proposed_by: Literal["member", "community"]
    replaces: str | None


def seen_match(row: MatchRow, side: Side, now: str, said: Collection[str] = ()) -> SeenMatch:
    """The view from a side. ``said`` holds the ids of matches on which the member has given feedback."""
    state, answer = row.seen(side, now), row.answer(side)
    accepted_at = row.accepted_at if state in {"accepted", "ended"} else None
    return SeenMatch(
        row.match_id,
        row.kind,
        row.member(side),
        row.peer if side == "asker" else row.asker,
        side == "asker",
        state,
        "accepted" if answer == "yes" else "declined" if answer == "no" else None,
        row.proposed_at,
        row.expires_at,
        accepted_at,
        _closed_at(row, side, state),
        row.reason(side),
        state == "accepted"
        and accepted_at is not None
        and now >= moved(accepted_at, FIT_CHECK_DAYS)
        and row.match_id not in said,
        "member" if row.rematch_id is None else "community",
        row.replaces(side) if row.answer(side) not in {"no", "void"} else None,
    )


def _closed_at(row: MatchRow, side: Side, state: State) -> str | None:
    if state == "declined":
        return row.answered_at(side)
    if state == "expired":
        voided_at = row.answered_at(side) if row.answer(side) == "void" else None
        return min(row.expires_at, voided_at or row.expires_at)
    return row.ended_at if state == "ended" else None


def views(connection: Connection, rows: Collection[MatchRow], member_id: str, now: str) -> list[SeenMatch]:
    """A member's views of matches that are theirs, in the order of ``rows``."""
    said = feedback.given(connection, member_id, [row.match_id for row in rows])
    sides = ((row, row.side_of(member_id)) for row in rows)
    return [seen_match(row, side, now, said) for row, side in sides if side is not None]


def match_of(connection: Connection, match_id: str, member_id: str) -> tuple[MatchRow, Side]:
    """A match, and the side of a member in it.

    Raises:
        RequestError: 404 if there is none, or the member has no part in it.
    """
    row = matches.one(connection, match_id)
    side = None if row is None else row.side_of(member_id)
    if row is None or side is None:
        raise unknown_match()
    return row, side
