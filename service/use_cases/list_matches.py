"""A member's own view of their matches."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.errors import UnknownMember
from service.community import Community
from service.storage import matches, members
from service.use_cases.audit import Event, concerned, note_read
from service.use_cases.seen_match import SeenMatch, match_of, views

Place = tuple[str, str]
"""Where a page ends: the moment and the id of its last match."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some matches, newest first, and where the next page goes on, if there is one."""

    matches: list[SeenMatch]
    rest: Place | None


def list_matches(community: Community, member_id: str, most: int, after: Place | None = None) -> Page:
    """A page of a member's matches, newest first.

    Raises:
        UnknownMember: if there is no such member.
    """
    with community.database.reading() as connection:
        if members.one(connection, member_id) is None:
            raise UnknownMember(member_id)
        rows = matches.page(connection, member_id, after, most + 1)
        found = views(connection, rows[:most], member_id, community.settings.now())
    seen = concerned((member_id, *(match.peer_id for match in found)))
    note_read(community, Event("read", "matches", None, seen))
    last = rows[most - 1] if len(rows) > most else None
    return Page(found, None if last is None else (last.proposed_at, last.match_id))


def get_match(community: Community, match_id: str, member_id: str) -> SeenMatch:
    """One match as a member of it sees it.

    Raises:
        RequestError: 404 ``unknown-match``.
    """
    with community.database.reading() as connection:
        row, _ = match_of(connection, match_id, member_id)
        found = views(connection, [row], member_id, community.settings.now())[0]
    note_read(community, Event("read", "match", match_id, (row.asker, row.peer)))
    return found
