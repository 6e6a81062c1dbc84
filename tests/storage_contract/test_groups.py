"""Rows of group plans: one revision after the other, each from the one before, and none after the publication."""

from __future__ import annotations

from service.storage import groups
from service.storage.database import Database
from service.storage.groups import PlanRow

AT, LATER = "2026-01-02T03:04:05.000006+00:00", "2026-01-03T00:00:00.000000+00:00"
ROW = PlanRow("a" * 24, "b" * 24, "0123456789ab", AT)


def stored(database: Database) -> PlanRow | None:
    with database.reading() as connection:
        return groups.one(connection, ROW.plan_id)


def test_from_one_revision_to_the_next(database: Database) -> None:
    with database.writing() as connection:
        groups.add(connection, ROW)
    assert stored(database) == ROW
    with database.writing() as connection:
        assert groups.one(connection, "none") is None
        assert not groups.next_revision(connection, "none", 0, "x/1", AT)
        assert groups.next_revision(connection, ROW.plan_id, 0, "x/1", AT)
        assert not groups.next_revision(connection, ROW.plan_id, 0, "x/other", AT), "somebody was quicker"
    first = stored(database)
    assert first is not None
    assert (first.revision, first.folder, first.changed_at, first.published_revision) == (1, "x/1", AT, None)
    with database.writing() as connection:
        assert groups.next_revision(connection, ROW.plan_id, 1, "x/2", LATER, files_job="c" * 24)
        assert not groups.put_files(connection, ROW.plan_id, 1, "c/1"), "of an older revision"
        assert groups.put_files(connection, ROW.plan_id, 2, "c/1")
    second = stored(database)
    assert second is not None
    assert (second.revision, second.folder, second.files_job, second.changed_at) == (2, "c/1", "c" * 24, LATER)


def test_what_is_published_changes_no_more(database: Database) -> None:
    with database.writing() as connection:
        groups.add(connection, ROW)
        assert groups.next_revision(connection, ROW.plan_id, 0, "x/1", AT)
        assert groups.next_revision(connection, ROW.plan_id, 1, "x/2", LATER, published=True)
        assert not groups.next_revision(connection, ROW.plan_id, 2, "x/3", LATER)
        assert groups.put_files(connection, ROW.plan_id, 2, "c/1"), "its tables may still come"
    published = stored(database)
    assert published is not None
    assert (published.published_revision, published.published_at, published.folder) == (2, LATER, "c/1")
