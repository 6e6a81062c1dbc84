"""What of the audit trail a member may be told: what they did or was done for all to see, and not what the other side
of a match has kept to itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from service.storage.audit import DONE, AuditRow
from service.storage.feedback import FeedbackRow
from service.storage.match_row import AGREED, MatchRow

Moments = set[tuple[str, str, str | None]]
"""Steps of matches, by match, action and moment."""
_FOR_BOTH_TO_SEE = frozenset({"propose", "read"})


def known_moments(rows: Iterable[MatchRow], said: Iterable[FeedbackRow], member_id: str) -> Moments:
    """The steps of a member's matches that are their own, or that both sides know of."""
    found: Moments = {(word.match_id, "feedback", word.at) for word in said}
    actions = {"yes": "accept", "no": "decline", "void": "close"}
    for row in rows:
        side = row.side_of(member_id)
        answer = None if side is None else row.answer(side)
        if side is not None and answer is not None:
            found.add((row.match_id, actions[answer], row.answered_at(side)))
        if row.state in AGREED:
            found.update((row.match_id, action, row.accepted_at) for action in ("accept", "swap"))
            found.update((row.match_id, action, row.ended_at) for action in ("end", "close"))
    return found


def may_know(row: AuditRow, member_id: str, moments: Moments) -> bool:
    """Whether a member may be told of a row.

    A row does not say which of two members has acted. So of a step that one side keeps to itself only those rows are
    told that stand at a moment of ``moments``; of what was refused, and of blocks, only what is about nobody else.
    """
    if not set(row.member_ids) - {member_id}:
        return True
    if row.outcome != DONE or row.kind == "member":
        return False
    if row.kind != "match" or row.action in _FOR_BOTH_TO_SEE:
        return True
    return (row.object_id or "", row.action, row.at) in moments


def told_row(row: AuditRow, member_id: str) -> dict[str, Any]:
    """A row without the others whom it is about, and without its number, whose gaps would tell of rows left out."""
    others = len(row.member_ids) - (member_id in row.member_ids)
    fields = {name: value for name, value in asdict(row).items() if name not in {"number", "member_ids"}}
    return fields | {"others": others}
