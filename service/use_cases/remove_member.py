"""Take one member out."""

from __future__ import annotations

from sqlalchemy import Connection

from matcher.errors import UnknownMember
from service.community import Community
from service.storage import members
from service.use_cases.close_matches import Leaving, close_matches
from service.use_cases.preconditions import ALWAYS, Precondition


def remove_member(community: Community, member_id: str, condition: Precondition = ALWAYS) -> None:
    """Delete the member's profile. The next request does not know them; blocks stay, as pairs of ids, and so do
    matches, all of which are over.

    Raises:
        UnknownMember: if there is none.
        RequestError: 412 if ``condition`` does not hold.
    """

    def remove(connection: Connection) -> int | None:
        row = members.one(connection, member_id)
        if row is None:
            return None
        condition.check(row.seq)
        at = community.settings.now()
        close_matches(connection, Leaving(gone=[member_id]), at)
        return members.remove(connection, member_id, at)

    seq = community.database.write(remove)
    if seq is None:
        raise UnknownMember(member_id)
    if community.index.ready:
        community.index.catch_up()
