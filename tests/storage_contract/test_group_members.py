"""Rows of who is in which published group: those of the newest publication of each line of plans."""

from __future__ import annotations

from dataclasses import replace

from service.storage import group_members, groups
from service.storage.database import Database
from service.storage.group_members import GroupMemberRow
from service.storage.groups import PlanRow

AT, LATER = "2026-01-02T03:04:05.000006+00:00", "2026-01-03T00:00:00.000000+00:00"
ROW = GroupMemberRow("1" * 24, 0, "ana", "group-001", leads=False, meets='{"x":"é"}', lineage="1" * 24, published_at=AT)


def of(database: Database, member_id: str) -> list[GroupMemberRow]:
    with database.reading() as connection:
        return group_members.of_member(connection, member_id)


def put(database: Database, lineage: str, *rows: GroupMemberRow) -> None:
    database.write(lambda connection: group_members.replace(connection, lineage, rows))


def test_a_publication_takes_the_place_of_the_one_before_it_in_its_line(database: Database) -> None:
    other = replace(ROW, plan_id="2" * 24, group_number=3, leads=True, lineage="2" * 24, published_at=LATER)
    put(database, ROW.lineage, ROW, replace(ROW, member_id="bo"))
    put(database, other.lineage, other)
    assert of(database, "ana") == [ROW, other]
    newer = replace(ROW, plan_id="3" * 24, published_at=LATER)
    put(database, ROW.lineage, newer)
    assert of(database, "ana") == [other, newer]
    assert of(database, "bo") == []


def test_everybody_in_a_group(database: Database) -> None:
    many = [replace(ROW, member_id=f"m{number:04}") for number in range(2_500)]
    put(database, ROW.lineage, *many, replace(ROW, group_number=1), replace(ROW, group_number=2, member_id="Zoe"))
    with database.reading() as connection:
        assert group_members.in_groups(connection, []) == []
        assert group_members.in_groups(connection, [(ROW.plan_id, 0)]) == many
        both = group_members.in_groups(connection, [(ROW.plan_id, 2), (ROW.plan_id, 1), ("9" * 24, 0)])
    assert [row.member_id for row in both] == ["ana", "Zoe"]


def test_who_is_forgotten_is_in_no_row(database: Database) -> None:
    put(database, ROW.lineage, ROW, replace(ROW, group_number=1), replace(ROW, member_id="Ana"))
    assert database.write(lambda connection: group_members.forget(connection, "ana")) == 2
    assert of(database, "ana") == []
    assert [row.member_id for row in of(database, "Ana")] == ["Ana"]


def test_a_line_goes_back_to_its_first_plan_whatever_became_of_those_between(database: Database) -> None:
    first = PlanRow("1" * 24, "a" * 24, "0123456789ab", AT)
    second = PlanRow("2" * 24, "b" * 24, "0123456789ab", AT, resolves=first.plan_id)
    third = PlanRow("3" * 24, "c" * 24, "0123456789ab", AT, resolves=second.plan_id)
    with database.writing() as connection:
        groups.add(connection, first)
        groups.add(connection, second)
        groups.add(connection, third)
        groups.remove(connection, [second.plan_id])
        stored = groups.some(connection, [first.plan_id, second.plan_id, third.plan_id])
    assert {row.plan_id: row.lineage for row in stored.values()} == {first.plan_id: None, third.plan_id: first.plan_id}
