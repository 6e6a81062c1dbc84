"""The migrations make exactly the tables that the code uses, and take a filled database along."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, insert, inspect, select, table

from service.storage.database import Database, backend_of
from service.storage.tables import metadata
from service.storage.upgrade import alembic_config
from tests.database_places import Place
from tests.storage_contract.writers import AT, store

Rows = dict[str, list[dict[str, Any]]]

ROWS: dict[str, Rows] = {
    "0001": {
        "members": [
            {"member_id": "a", "profile": '{"x":"\u00e9"}', "seq": 3, "created_at": AT, "updated_at": AT},
            {"member_id": "B" * 64, "profile": "{}" * 50_000, "seq": 2, "created_at": AT, "updated_at": AT},
        ],
        "changes": [
            {"seq": 1, "kind": "remove", "member_id": "gone", "at": AT},
            {"seq": 2, "kind": "upsert", "member_id": "B" * 64, "at": AT},
            {"seq": 3, "kind": "upsert", "member_id": "a", "at": AT},
            {"seq": 4, "kind": "population", "member_id": None, "at": AT},
        ],
        "blocks": [{"blocker": "a", "blocked": "B" * 64}, {"blocker": "gone", "blocked": "a"}],
        "population": [{"seq": 4, "means": '{"age":0.5}', "estimated_as_of": "2026-01-02", "members": 2}],
    },
    "0002": {
        "access_keys": [
            {
                "key_id": "abcdefghijkl",
                "secret_sha256": "0" * 64,
                "role": "platform",
                "label": "the app",
                "created_at": AT,
                "expires_at": None,
                "revoked_at": AT,
                "requests_a_minute": 60,
            }
        ]
    },
    "0003": {
        "matches": [
            {
                "match_id": "1" * 24,
                "kind": "mentor",
                "asker": "a",
                "peer": "B" * 64,
                "state": "proposed",
                "proposed_at": AT,
                "expires_at": AT,
                "asker_answer": "yes",
                "asker_answered_at": AT,
                "peer_answer": None,
                "system_reason": None,
            }
        ],
        "feedback": [{"match_id": "1" * 24, "member_id": "a", "fit": 5, "keep": True, "at": AT}],
    },
    "0004": {
        "jobs": [
            {
                "job_id": "2" * 24,
                "kind": "group-plan",
                "owner": "abcdefghijkl",
                "asks": "{}",
                "created_at": AT,
                "state": "running",
                "event": 2,
                "attempt": 1,
                "lost": 0,
                "worker": "here:1",
                "lease_until": AT,
                "cancel_asked": False,
            }
        ],
        "group_plans": [
            {
                "plan_id": "3" * 24,
                "job_id": "2" * 24,
                "owner": "abcdefghijkl",
                "resolves": None,
                "created_at": AT,
                "revision": 0,
                "files_job": None,
            }
        ],
    },
    "0005": {
        "kept_answers": [
            {
                "key_digest": "4" * 64,
                "fingerprint": "5" * 64,
                "status": 201,
                "headers": "{}",
                "body": "{}",
                "expires_at": AT,
            },
        ],
        "service_secrets": [{"name": "cursors", "secret": "6" * 64, "made_at": AT}],
    },
    "0006": {
        "audit": [
            {
                "number": 1,
                "at": AT,
                "key_id": None,
                "role": "service",
                "action": "expire",
                "kind": "match",
                "object_id": "1" * 24,
                "request_id": None,
                "outcome": "done",
            }
        ],
        "audit_members": [{"number": 1, "member_id": "a"}],
        "erasures": [{"pseudonym": "erased:" + "7" * 32, "begun_at": AT, "member_id": "gone", "alias": "g"}],
    },
    "0007": {
        "exposures": [{"member_id": "a", "shown": 12.5, "at": AT, "batch": 3}],
        "exposure_head": [{"id": 1, "batch": 3}],
    },
    "0008": {
        "group_members": [
            {
                "plan_id": "3" * 24,
                "group_number": 0,
                "member_id": "a",
                "group_name": "group-001",
                "leads": False,
                "meets": "{}",
                "lineage": "3" * 24,
                "published_at": AT,
            }
        ]
    },
    "0009": {
        "rematches": [
            {
                "rematch_id": "8" * 24,
                "job_id": "2" * 24,
                "owner": "abcdefghijkl",
                "created_at": AT,
                "revision": 2,
                "changed_at": AT,
                "folder": "2/attempt-1",
                "applied_at": AT,
                "applied": "{}",
            }
        ],
        "rematch_steps": [
            {
                "rematch_id": "8" * 24,
                "number": 0,
                "change": "new",
                "kind": "buddy",
                "member_id": "a",
                "peer_id": "B" * 64,
                "outcome": "skipped",
                "why": "no_longer_allowed",
            }
        ],
    },
}
"""Rows as each revision first takes them; a revision that makes tables adds its own."""


def revisions() -> list[str]:
    """All revisions, oldest first."""
    scripts = ScriptDirectory(str(alembic_config(None).get_main_option("script_location")))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def upgrade_to(place: Place, revision: str) -> None:
    """Make the tables as they were at a revision, and fill them as they could be then."""
    backend = backend_of(place.target)
    engines = backend.engines()
    with backend.opening(engines) as connection:
        for step in revisions()[: revisions().index(revision) + 1]:
            before = set(inspect(connection).get_table_names())
            command.upgrade(alembic_config(connection), step)
            made = set(inspect(connection).get_table_names()) - before - {"alembic_version", "change_head"}
            assert made == set(ROWS.get(step, {})), f"ROWS need rows for the tables that revision {step} makes"
            for name, rows in ROWS.get(step, {}).items():
                connection.execute(insert(_table(name, rows)), rows)
        connection.exec_driver_sql("update change_head set seq = 4")
    engines.reading.dispose()


def _table(name: str, rows: list[dict[str, Any]]) -> Any:
    return table(name, *(column(key) for key in rows[0]))


def facts(connection: Connection) -> dict[str, Any]:
    """Everything about the tables that a database tells, apart from the order of columns."""
    told = inspect(connection)
    found: dict[str, Any] = {}
    for name in sorted(set(told.get_table_names()) - {"alembic_version"}):
        columns = {
            one["name"]: (str(one["type"]), getattr(one["type"], "collation", None), one["nullable"], one["default"])
            for one in told.get_columns(name)
        }
        checks = sorted((one["name"] or "", one["sqltext"]) for one in told.get_check_constraints(name))
        uniques = sorted((one["name"] or "", one["column_names"]) for one in told.get_unique_constraints(name))
        foreign = sorted(
            (one["name"] or "", one["constrained_columns"], one["referred_table"], one["referred_columns"])
            for one in told.get_foreign_keys(name)
        )
        indexes = sorted((one["name"] or "", one["column_names"], one["unique"]) for one in told.get_indexes(name))
        key = told.get_pk_constraint(name)
        found[name] = (columns, key["name"], key["constrained_columns"], checks, uniques, foreign, indexes)
    return found


def test_migrations_equal_the_tables(database: Database) -> None:
    with database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_constraints_collations_and_names_are_the_tables_own(database: Database) -> None:
    # compare_metadata passes over them.
    with database.writing() as connection:
        migrated = facts(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert facts(connection) == migrated
    assert set(migrated) == set(metadata.tables)


def test_migrations_go_back_and_forward(empty_place: Place) -> None:
    database = Database.open(empty_place.target)
    with database.writing() as connection:
        before = facts(connection)
        command.downgrade(alembic_config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(alembic_config(connection), "head")
        assert facts(connection) == before
    database.close()


@pytest.mark.parametrize("revision", revisions())
def test_a_filled_database_of_every_revision_is_taken_along(empty_place: Place, revision: str) -> None:
    upgrade_to(empty_place, revision)
    database = Database.open(empty_place.target)
    with database.reading() as connection:
        for step in revisions()[: revisions().index(revision) + 1]:
            for name, rows in ROWS.get(step, {}).items():
                keys = [str(one.name) for one in metadata.tables[name].primary_key.columns]
                kept = connection.execute(select(*(column(key) for key in rows[0])).select_from(table(name))).mappings()
                assert sorted(map(dict, kept), key=lambda row: [str(row[key]) for key in keys]) == sorted(
                    rows, key=lambda row: [str(row[key]) for key in keys]
                )
    assert store(database, {"new": "{}"})["new"].seq == 5
    with database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_plans_of_before_are_told_which_one_they_go_back_to(empty_place: Place) -> None:
    upgrade_to(empty_place, "0007")
    first, after = ROWS["0004"]["group_plans"][0], {"a": "3", "b": "a", "c": "b", "d": "none"}
    backend = backend_of(empty_place.target)
    engines = backend.engines()
    rows = [
        first | {"plan_id": name * 24, "job_id": name * 24, "resolves": before * 24 if len(before) == 1 else before}
        for name, before in after.items()
    ]
    with engines.writing.begin() as connection:
        connection.execute(insert(_table("group_plans", rows)), rows)
    engines.reading.dispose()
    database = Database.open(empty_place.target)
    with database.reading() as connection:
        plans = metadata.tables["group_plans"]
        found = {plan[0]: line for plan, line in connection.execute(select(plans.c.plan_id, plans.c.lineage))}
    assert found == {"3": None, "a": "3" * 24, "b": "3" * 24, "c": "3" * 24, "d": "none"}
    database.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    empty_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_way(connection: Connection, _: str) -> None:
        command.upgrade(alembic_config(connection), "0001")
        raise KeyboardInterrupt

    monkeypatch.setattr("service.storage.database.bring_up_to_date", half_way)
    with pytest.raises(KeyboardInterrupt):
        Database.open(empty_place.target)
    monkeypatch.undo()
    backend = backend_of(empty_place.target)
    engines = backend.engines()
    with backend.opening(engines) as connection:
        assert inspect(connection).get_table_names() == []
    engines.reading.dispose()
    Database.open(empty_place.target).close()
