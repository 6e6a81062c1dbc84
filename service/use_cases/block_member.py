"""Block a member, for good."""

from __future__ import annotations

from sqlalchemy import Connection

from matcher.errors import InvalidMember, InvalidRequest, Problem, UnknownMember
from service.community import Community
from service.profile_text import profile_of
from service.storage import members
from service.use_cases.audit import Event, note
from service.use_cases.store_members import store_in


def block_member(community: Community, member_id: str, blocked: str) -> None:
    """Let the two never meet again, whoever comes back: what both have ends now, open proposals are void.

    Whether ``blocked`` is stored makes no difference. Blocking again changes nothing.

    Raises:
        InvalidRequest: for a block of oneself.
        UnknownMember: if the blocking member is not stored.
        InvalidMember: if the member has set as many blocks as a profile may hold.
    """
    if member_id == blocked:
        raise InvalidRequest(Problem("blocked", "is the member who blocks", "another member"))

    def block(connection: Connection) -> None:
        row = members.one(connection, member_id)
        if row is None:
            raise UnknownMember(member_id)
        profile = profile_of(row.profile)
        wider = profile.model_copy(update={"blocked": tuple(sorted({*profile.blocked, blocked}))})
        at = community.settings.now()
        (stored,) = store_in(connection, [wider], at)
        if stored.row is None:
            raise InvalidMember([stored.problem] if stored.problem else [], member_id)
        note(connection, at, Event("block", "member", None, (member_id, blocked)))

    community.database.write(block)
    if community.index.ready:
        community.index.catch_up()
