"""Rows of who is in which published group, as the newest publication of each line of plans left them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select

from service.storage.tables import group_members

_IN_ONE_STATEMENT = 1_000


@dataclass(frozen=True, slots=True)
class GroupMemberRow:
    """One member of one group, or one who leads it.

    Attributes:
        plan_id: of the published plan.
        group_number: of the group in it, from 0.
        member_id: who.
        group_name: how the plan calls the group.
        leads: whether the member leads it.
        meets: the language, when the group meets, and when that is on the member's clock, as JSON.
        lineage: the first plan of the line: a plan that is solved again around another is of its line.
        published_at: when.
    """

    plan_id: str
    group_number: int
    member_id: str
    group_name: str
    leads: bool
    meets: str
    lineage: str
    published_at: str


def replace(connection: Connection, lineage: str, rows: Sequence[GroupMemberRow]) -> None:
    """Let ``rows`` take the place of whatever was published in a line of plans."""
    connection.execute(delete(group_members).where(group_members.c.lineage == lineage))
    for first in range(0, len(rows), _IN_ONE_STATEMENT):
        connection.execute(insert(group_members), [asdict(row) for row in rows[first : first + _IN_ONE_STATEMENT]])


def of_member(connection: Connection, member_id: str) -> list[GroupMemberRow]:
    """The groups that a member is in, or leads, in the order of their publication."""
    return _found(connection, [group_members.c.member_id == member_id])


def in_groups(connection: Connection, groups: Sequence[tuple[str, int]]) -> list[GroupMemberRow]:
    """Everybody in these groups: ids of plans, with numbers of groups in them."""
    if not groups:
        return []
    either = [(group_members.c.plan_id == plan) & (group_members.c.group_number == number) for plan, number in groups]
    return _found(connection, [or_(*either)])


def newest_plan(connection: Connection) -> list[GroupMemberRow]:
    """Everybody in the groups of the plan that was published last, by group and id."""
    order = group_members.c.published_at.desc(), group_members.c.plan_id.desc()
    newest = connection.execute(select(group_members.c.plan_id).order_by(*order).limit(1)).scalar_one_or_none()
    return [] if newest is None else _found(connection, [group_members.c.plan_id == newest])


def forget(connection: Connection, member_id: str) -> int:
    """Delete a member's rows; returns how many there were."""
    return connection.execute(delete(group_members).where(group_members.c.member_id == member_id)).rowcount


def _found(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[GroupMemberRow]:
    order = group_members.c.published_at, group_members.c.plan_id, group_members.c.group_number
    statement = select(group_members).where(*where).order_by(*order, group_members.c.member_id)
    return [GroupMemberRow(**row) for row in connection.execute(statement).mappings()]
