"""Published groups, as those see them who are in them; and what of them holds no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection

from matcher.errors import Problem, UnknownMember
from matcher.grouping.plan import LocalTime, MeetingSlot
from matcher.grouping.renewal import broken_by_now
from service.caller import Caller
from service.community import Community
from service.profile_text import RuledRow, ruled_row
from service.storage import group_members, members
from service.storage.group_members import GroupMemberRow
from service.use_cases.audit import Event, note_read
from service.use_cases.change_group_plan import problem_of
from service.use_cases.group_plan_store import concerned, stored_plan
from service.use_cases.group_profiles import felt_unsafe
from service.use_cases.published_rows import Meets

MOST_LOOKED_AT = 2_000
"""Places of a plan up to which it is looked through with every reading."""
_STAYS = frozenset({"active", "paused"})


@dataclass(frozen=True, slots=True)
class OwnGroup:
    """A published group as one of its members sees it.

    Attributes:
        plan_id: of the plan.
        name: of the group.
        leads: whether the member leads it.
        published_at: when.
        language: that all share.
        slot: when it meets, on its own clock and in UTC.
        local_times: when that is on the member's clock.
        members: ids of the others in it, without those who have gone, and those between whom and the member a block
            stands, or a tie is over because one felt unsafe.
        leaders: ids of the members who lead it.
    """

    plan_id: str
    name: str
    leads: bool
    published_at: str
    language: str
    slot: MeetingSlot | None
    local_times: tuple[LocalTime, ...]
    members: tuple[str, ...]
    leaders: tuple[str, ...]


def own_groups(community: Community, member_id: str) -> list[OwnGroup]:
    """The published groups of a member, oldest first; none for somebody who may be in no group now.

    Raises:
        UnknownMember: if no such member is stored.
    """
    with community.database.reading() as connection:
        found = _own_groups(connection, member_id)
    note_read(community, Event("read-groups", "group-plan", None, (member_id,)))
    return found


def shared_groups(community: Community, one: str, other: str) -> list[dict[str, str]]:
    """The published groups in which two members are, for staff: by plan and name."""
    with community.database.reading() as connection:
        mine, theirs = group_members.of_member(connection, one), group_members.of_member(connection, other)
    also = {(row.plan_id, row.group_number) for row in theirs}
    return [{"plan_id": row.plan_id, "name": row.group_name} for row in mine if (row.plan_id, row.group_number) in also]


def _own_groups(connection: Connection, member_id: str) -> list[OwnGroup]:
    own = group_members.of_member(connection, member_id)
    unsafe = {name for pair in felt_unsafe(connection, [member_id]) for name in pair if name != member_id}
    with_them = group_members.in_groups(connection, [(row.plan_id, row.group_number) for row in own])
    stored = members.some(connection, sorted({member_id, *(row.member_id for row in with_them)}))
    if member_id not in stored:
        raise UnknownMember(member_id)
    here = {
        one: ruled for one, row in stored.items() if one not in unsafe and _is_here(ruled := ruled_row(row.profile))
    }
    if member_id not in here:
        return []
    return [_seen(row, with_them, here) for row in own]


def _seen(own: GroupMemberRow, rows: Sequence[GroupMemberRow], here: Mapping[str, RuledRow]) -> OwnGroup:
    group = [
        row for row in rows if (row.plan_id, row.group_number) == (own.plan_id, own.group_number)
        and row.member_id in here and not _apart(own.member_id, row.member_id, here)
    ]  # fmt: skip
    meets = msgspec.json.decode(own.meets, type=Meets)
    return OwnGroup(
        own.plan_id,
        own.group_name,
        own.leads,
        own.published_at,
        meets.language,
        meets.slot,
        meets.local_times,
        tuple(row.member_id for row in group if not row.leads and row.member_id != own.member_id),
        tuple(row.member_id for row in group if row.leads and row.member_id != own.member_id),
    )


def _is_here(member: RuledRow) -> bool:
    return member.consent and member.status in _STAYS


def _apart(one: str, other: str, here: Mapping[str, RuledRow]) -> bool:
    return other in here[one].blocked or one in here[other].blocked


def no_longer_holding(community: Community, caller: Caller, plan_id: str) -> list[Problem] | None:
    """Which rules a published plan breaks, with the members as they are and today; None if it is too large to be looked
    through with every reading, and empty for a plan that is not published.

    Raises:
        RequestError: 404 if there is no such plan of the caller's.
    """
    stored = stored_plan(community, caller, plan_id)
    if stored.row.published_revision is None:
        return []
    if sum(len(group.members) for group in stored.plan.groups) > MOST_LOOKED_AT:
        return None
    with community.database.reading() as connection:
        now = concerned(connection, stored)
    broken = broken_by_now(now.members, stored.spec, stored.plan, community.settings.today(), stored.means)
    return [problem_of(one) for one in broken]
