"""The migrations make exactly the tables that the code uses, once, whoever comes first."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from service.storage.database import Database, StorageError
from service.storage.tables import metadata
from service.storage.upgrade import RevisionError, alembic_config


def test_migrations_equal_the_tables(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_check_constraints_and_names_are_the_tables_own(tmp_path: Path, database: Database) -> None:
    # compare_metadata passes over check constraints and names of keys.
    bare = Database.open(tmp_path / "bare.db")
    with bare.writing() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    with bare.reading() as made, database.reading() as migrated:
        for table in metadata.tables:
            for aspect in ("get_check_constraints", "get_pk_constraint", "get_indexes", "get_unique_constraints"):
                assert getattr(inspect(made), aspect)(table) == getattr(inspect(migrated), aspect)(table), table
    bare.close()


def test_migrations_go_back_and_forward(database: Database) -> None:
    with database.writing() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(alembic_config(connection), "head")
    with database.reading() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_processes_that_start_at_once_do_not_clash(tmp_path: Path) -> None:
    path = tmp_path / "members.db"
    script = (
        "import sys; from pathlib import Path; from service.storage.database import Database; "
        "sys.stdin.read(1); Database.open(Path(sys.argv[1])).close()"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [starter.communicate(b"x") for starter in starters]
    assert [starter.returncode for starter in starters] == [0] * 3, said


def test_a_database_is_its_owners_alone(tmp_path: Path) -> None:
    if os.name == "nt":
        return
    path = tmp_path / "members.db"
    Database.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("member_id,alias\n" * 100)
    with pytest.raises(StorageError, match="not a database"):
        Database.open(path)
    assert path.read_text().startswith("member_id")


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table songs (title text)")
    connection.close()
    with pytest.raises(RevisionError, match="another program"):
        Database.open(path)


def test_a_database_of_a_newer_program(tmp_path: Path) -> None:
    path = tmp_path / "members.db"
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    with pytest.raises(RevisionError, match=r"9999.*up to revision 0001"):
        Database.open(path)


def test_a_folder_in_the_place_of_a_database(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="directory"):
        Database.open(tmp_path)
