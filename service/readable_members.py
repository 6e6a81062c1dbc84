"""Stored profiles as the engine takes them; one that cannot be read is left out, and the log says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import structlog
from sqlalchemy import Connection

from matcher.errors import InvalidMember
from matcher.members.profile import MemberProfile
from service.profile_text import profile_of
from service.storage import members

_log = structlog.get_logger(__name__)


def readable(text: str, known: Mapping[str, MemberProfile] | None = None) -> MemberProfile | None:
    """The profile of a stored text; as it is among those that are known by their texts, if it is."""
    if known is not None and text in known:
        return known[text]
    try:
        return profile_of(text)
    except InvalidMember as error:  # left out of every answer rather than keeping everybody from theirs
        _log.error("stored_profile_unreadable", member_id=error.member_id, fields=[p.where for p in error.problems])
        return None


def all_members(connection: Connection) -> Iterator[MemberProfile]:
    """Everybody who is stored, by member id."""
    for text in members.everyone(connection):
        member = readable(text)
        if member is not None:
            yield member
