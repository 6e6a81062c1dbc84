"""What becomes of the matches of somebody who leaves, is held, or blocks a peer: in the transaction that stores it.

An open proposal is void for the member whom it concerns. The other side sees it open until it expires, as after a no:
a hold and a block are nobody else's business either. An accepted match ends for both.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from matcher.members.age import age_pool
from service.profile_text import ruled_row
from service.storage import matches, members
from service.storage.match_row import SIDES, UNDECIDED, MatchRow
from service.use_cases.audit import Event, note

LEFT, BLOCKED, AGE_POOLS = "left", "blocked", "age_pools"
"""Why the service ends a match by itself."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who takes no part from now on.

    Attributes:
        gone: withdrew, took their consent back, or were removed: nothing of theirs goes on.
        held: are left to people: nothing new begins, what both have accepted stays.
        blocks: who blocks whom from now on.
    """

    gone: Collection[str] = ()
    held: Collection[str] = ()
    blocks: Collection[tuple[str, str]] = ()


def close_matches(connection: Connection, leaving: Leaving, at: str) -> None:
    """Void and end what may not go on."""
    blocks = set(leaving.blocks)
    concerned = {*leaving.gone, *leaving.held, *(blocker for blocker, _ in blocks)}
    if not concerned:
        return
    announced: set[str] = set()
    for row in matches.of_members(connection, concerned, (*UNDECIDED, "expired", "accepted")):  # a clock was set back
        stepping_out = {
            member_id
            for member_id, other in ((row.asker, row.peer), (row.peer, row.asker))
            if member_id in leaving.gone or (member_id, other) in blocks
        }
        if row.state != "accepted":
            announced |= _voided(connection, row, stepping_out | ({row.asker, row.peer} & set(leaving.held)), at)
        elif stepping_out:
            reason = LEFT if stepping_out & set(leaving.gone) else BLOCKED
            end_by_system(connection, row, reason, at)
            announced |= {row.asker, row.peer}
    if announced:
        matches.announce(connection, announced, at)


def end_by_system(connection: Connection, row: MatchRow, reason: str, at: str) -> None:
    """End an accepted match; the caller announces it."""
    matches.change(connection, row.match_id, state="ended", ended_at=at, system_reason=reason)
    _note(connection, row, at)


def end_between_age_pools(connection: Connection, rows: Collection[MatchRow], today: date, at: str) -> int:
    """End those of accepted ``rows`` whose members are in different age pools; returns how many. Announces them."""
    texts = members.some(connection, sorted({member_id for row in rows for member_id in (row.asker, row.peer)}))
    pools = {member_id: age_pool(ruled_row(row.profile).birth_year, today) for member_id, row in texts.items()}
    apart = [row for row in rows if pools.get(row.asker) != pools.get(row.peer)]
    for row in apart:
        end_by_system(connection, row, AGE_POOLS, at)
    if apart:
        matches.announce(connection, {member_id for row in apart for member_id in (row.asker, row.peer)}, at)
    return len(apart)


def _voided(connection: Connection, row: MatchRow, member_ids: Collection[str], at: str) -> set[str]:
    """Answer void for those of ``member_ids`` to whom the proposal is open; returns whose places are free now."""
    sides = [side for side in SIDES if row.member(side) in member_ids and row.seen(side, at) == "proposed"]
    for side in sides:
        values = {f"{side}_answer": "void", f"{side}_answered_at": at}
        matches.change(connection, row.match_id, state="declined", **values)
    if sides:
        _note(connection, row, at)
    return {row.member(side) for side in sides}


def _note(connection: Connection, row: MatchRow, at: str) -> None:
    note(connection, at, Event("close", "match", row.match_id, (row.asker, row.peer)))
