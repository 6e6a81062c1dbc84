"""Take one member out."""

from __future__ import annotations

from matcher.errors import UnknownMember
from service.community import Community
from service.storage import members
from service.storage.changes import now_text


def remove_member(community: Community, member_id: str) -> None:
    """Delete the member's profile. The next request does not know them; blocks stay, as pairs of ids.

    Raises:
        UnknownMember: if there is none.
    """
    seq = community.database.write(lambda connection: members.remove(connection, member_id, now_text()))
    if seq is None:
        raise UnknownMember(member_id)
    if community.index.ready:
        community.index.catch_up()
