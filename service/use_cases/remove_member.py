"""Take one member out."""

from __future__ import annotations

from sqlalchemy import Connection

from matcher.errors import UnknownMember
from service.community import Community
from service.storage import members
from service.use_cases.close_matches import Leaving, close_matches


def remove_member(community: Community, member_id: str) -> None:
    """Delete the member's profile. The next request does not know them; blocks stay, as pairs of ids, and so do
    matches, all of which are over.

    Raises:
        UnknownMember: if there is none.
    """

    def remove(connection: Connection) -> int | None:
        at = community.settings.now()
        close_matches(connection, Leaving(gone=[member_id]), at)
        return members.remove(connection, member_id, at)

    seq = community.database.write(remove)
    if seq is None:
        raise UnknownMember(member_id)
    if community.index.ready:
        community.index.catch_up()
