"""Members' rows and standing blocks."""

from __future__ import annotations

import json

from service.storage import changes, members
from service.storage.database import Database
from tests.storage_contract.writers import AT, store


def test_a_row_keeps_its_day_of_birth_and_takes_the_number_of_its_last_change(database: Database) -> None:
    first = store(database, {"a": "{}", "b": "{}"})
    assert [row.seq for row in first.values()] == [1, 2]
    second = store(database, {"b": '{"x":1}', "c": "{}"})
    assert [row.seq for row in second.values()] == [3, 4]
    with database.reading() as connection:
        assert members.one(connection, "b") == members.MemberRow("b", '{"x":1}', 3, AT, AT)
        assert list(members.everyone(connection)) == ["{}", '{"x":1}', "{}"]
        assert members.all_ids(connection) == ["a", "b", "c"]
        assert changes.news_since(connection, 2) == changes.News(4, ("b", "c"), False)
        assert changes.count_since(connection, 2) == 2


def test_removing_is_logged_and_leaves_the_blocks(database: Database) -> None:
    store(database, {"a": "{}"})
    with database.writing() as connection:
        members.add_blocks(connection, [("a", "z"), ("a", "b")])
        assert members.remove(connection, "a", AT) == 2
        assert members.remove(connection, "a", AT) is None
    with database.reading() as connection:
        assert members.standing_blocks(connection, ["a", "q"]) == {"a": ["b", "z"]}
        assert changes.news_since(connection, 1) == changes.News(2, ("a",), False)


def test_more_ids_than_one_statement_takes(database: Database) -> None:
    ids = [f"m{i:05}" for i in range(12_001)]
    store(database, dict.fromkeys(ids, "{}"))
    with database.reading() as connection:
        assert len(members.some(connection, ids)) == len(ids)


def test_profiles_and_the_newest_change_in_one_statement(database: Database) -> None:
    store(database, {"a": '{"x":"a"}', "b": '{"x":"b, c"}'})
    for ids in (["b"], ["b", "a", "z"], ["a", "b"], ["b"], ["z"]):
        newest, profiles = members.profiles_now(database, ids)
        assert newest == 2
        found = [profile["x"] for profile in json.loads(profiles)]
        assert sorted(found) == [x for member_id, x in (("a", "a"), ("b", "b, c")) if member_id in ids]


def test_a_glance_with_a_thousand_ids(database: Database) -> None:
    ids = [f"m{i:04}" for i in range(1_000)]
    store(database, dict.fromkeys(ids, "{}"))
    newest, profiles = members.profiles_now(database, ids)
    assert newest == 1_000
    assert json.loads(profiles) == [{}] * 1_000


def test_a_glance_sees_what_was_committed_before(database: Database) -> None:
    for seq in range(1, 4):
        store(database, {"a": f'{{"x":{seq}}}'})
        assert members.profiles_now(database, ["a"]) == (seq, f'[{{"x":{seq}}}]')


def test_text_comes_back_as_it_went_in(database: Database) -> None:
    text = '{"a":"100% of \\u0000 :name %s %(x)s \\\\ \'quoted\'","b":"\u00e9\u4e2d\U0001f600"}'
    store(database, {"a": text})
    with database.reading() as connection:
        row = members.one(connection, "a")
        assert row is not None
        assert row.profile == text
    assert members.profiles_now(database, ["a"]) == (1, f"[{text}]")


def test_ids_are_in_the_order_of_their_code_points(database: Database) -> None:
    ids = ["b", "B", "a-2", "a_1", "A", "a", "_", "10", "9"]
    store(database, {member_id: f'"{member_id}"' for member_id in ids})
    with database.writing() as connection:
        members.add_blocks(connection, [("a", other) for other in ids])
    with database.reading() as connection:
        assert members.all_ids(connection) == sorted(ids)
        assert list(members.everyone(connection)) == [f'"{member_id}"' for member_id in sorted(ids)]
        assert members.standing_blocks(connection, ["a"]) == {"a": sorted(ids)}


def test_everyone_is_read_in_portions(database: Database) -> None:
    ids = [f"m{i:05}" for i in range(4_500)]
    store(database, {member_id: f'"{member_id}"' for member_id in ids})
    with database.reading() as connection:
        everyone = members.everyone(connection)
        first = [next(everyone) for _ in range(10)]
        assert members.count(connection) == 4_500, "other statements go on meanwhile"
        store(database, {"m00000": '"new"', "zzz": '"late"'})
        assert [*first, *everyone] == [f'"{member_id}"' for member_id in ids], "as of the moment when reading began"
