"""A database is opened once it is ours and up to date; anything else is refused in one line."""

from __future__ import annotations

import pytest

from service.storage import members
from service.storage.database import Database
from service.storage.errors import RevisionError, StorageError
from tests.database_places import Place
from tests.storage_contract.writers import writing_processes


def test_processes_that_start_at_once_do_not_clash(empty_place: Place) -> None:
    with writing_processes(empty_place, 2, turns=1):
        pass
    database = Database.open(empty_place.target)
    with database.reading() as connection:
        assert members.count(connection) == 6
    database.close()


def test_a_database_of_another_program(empty_place: Place) -> None:
    empty_place.execute("create table songs (title text)")
    with pytest.raises(RevisionError, match="another program") as refused:
        Database.open(empty_place.target)
    assert "\n" not in str(refused.value)


def test_a_database_of_another_program_that_migrates_in_the_same_way(empty_place: Place) -> None:
    empty_place.execute("create table songs (title text)")
    empty_place.execute("create table alembic_version (version_num varchar(32) not null primary key)")
    empty_place.execute("insert into alembic_version values ('5f3a')")
    with pytest.raises(RevisionError, match="another program"):
        Database.open(empty_place.target)


def test_a_database_of_a_newer_program(place: Place) -> None:
    Database.open(place.target).close()
    place.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(StorageError, match=r"is at revision 9999.*up to revision 0\d\d\d") as refused:
        Database.open(place.target)
    assert "\n" not in str(refused.value)
