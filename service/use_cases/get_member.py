"""Read one member."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.errors import UnknownMember
from service.community import Community
from service.storage import members


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A member as stored: the profile as JSON with every block that stands, and the number of its last change."""

    profile: str
    seq: int


def get_member(community: Community, member_id: str) -> StoredMember:
    """The member as stored.

    Raises:
        UnknownMember: if there is none.
    """
    with community.database.reading() as connection:
        row = members.one(connection, member_id)
    if row is None:
        raise UnknownMember(member_id)
    return StoredMember(row.profile, row.seq)
