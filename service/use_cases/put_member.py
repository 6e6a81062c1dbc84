"""Store one member, new or changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from matcher.errors import InvalidMember, Problem
from service.community import Community
from service.storage import members
from service.storage.changes import newest_seq
from service.use_cases.accepted_profile import accepted_profile
from service.use_cases.get_member import StoredMember
from service.use_cases.preconditions import ALWAYS, Precondition
from service.use_cases.store_members import Storing, store_in

FOLLOW_WITHIN_S = 30.0


def put_member(
    community: Community, member_id: str, fields: Mapping[str, Any], condition: Precondition = ALWAYS
) -> tuple[StoredMember, bool]:
    """Store the profile ``fields`` under ``member_id``; returns it as stored, and whether the member is new.

    The next request sees it.

    Raises:
        InvalidMember: with every problem of the profile.
        RequestError: 412 if ``condition`` does not hold.
    """
    named = fields.get("member_id", member_id)
    if named != member_id:
        raise InvalidMember(
            [Problem("member_id", "differs from the id in the address", "the same id, or none")], member_id
        )
    profile = accepted_profile(community, {**fields, "member_id": member_id})

    def store(connection: Connection) -> tuple[Storing, int]:
        if condition is not ALWAYS:
            row = members.one(connection, member_id)
            condition.check(None if row is None else row.seq)
        (stored,) = store_in(connection, [profile], community.settings.now())
        return stored, newest_seq(connection)

    stored, seq = community.database.write(store)
    if stored.row is None:
        raise InvalidMember([stored.problem] if stored.problem else [], member_id)
    # Of many who write at once one follows for all.
    if community.index.ready and not community.index.reach(seq, FOLLOW_WITHIN_S):
        community.index.catch_up()
    return StoredMember(stored.row.profile, stored.row.seq), stored.created
