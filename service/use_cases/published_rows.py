"""What is kept of a published plan for its members: who is in which group, and when it meets."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from matcher.grouping.plan import STAFF, GroupPlan, LocalTime, MeetingSlot
from service.storage import group_members
from service.storage.group_members import GroupMemberRow
from service.storage.groups import PlanRow


class Meets(msgspec.Struct, frozen=True):
    """When and in which language a group meets, for one of its members."""

    language: str
    slot: MeetingSlot | None = None
    local_times: tuple[LocalTime, ...] = ()


def put_published(connection: Connection, row: PlanRow, plan: GroupPlan, at: str) -> None:
    """Let a plan take the place of whatever was published before in its line: the plans around which it was solved, and
    those that were solved around the same ones."""
    line = row.lineage or row.plan_id
    rows = []
    for number, group in enumerate(plan.groups):
        own = {place.member_id: place.local_times for place in group.members}
        leading = {name for name in group.facilitators if not name.startswith(STAFF)}
        for member_id in sorted(own.keys() | leading):
            meets = msgspec.json.encode(Meets(group.language, group.slot, own.get(member_id, ()))).decode()
            leads = member_id in leading
            rows.append(GroupMemberRow(row.plan_id, number, member_id, group.name, leads, meets, line, at))
    group_members.replace(connection, line, rows)
