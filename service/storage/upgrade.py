"""Bringing a database's tables to the newest revision."""

from __future__ import annotations

import functools
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, String, column, inspect, select, table

from service.storage.errors import RevisionError
from service.storage.tables import change_head

_REVISION = select(column("version_num", String)).select_from(table("alembic_version"))


def alembic_config(connection: Connection | None) -> Config:
    """Alembic's configuration for our scripts, on the caller's connection if anything is to be run."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@functools.cache
def newest_revision() -> str | None:
    """The revision that this program's migrations lead to."""
    return ScriptDirectory.from_config(alembic_config(None)).get_current_head()


def current_revision(connection: Connection) -> str | None:
    """The revision that a database of ours is at."""
    revision = connection.execute(_REVISION).scalar_one_or_none()
    return None if revision is None else str(revision)


def bring_up_to_date(connection: Connection, source: str) -> None:
    """Run the migrations that are missing, inside the caller's transaction.

    Args:
        connection: a writing transaction that no other process shares.
        source: how messages call the database.

    Raises:
        RevisionError: if the database was made by a newer program, or holds tables that are not ours.
    """
    config = alembic_config(connection)
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    tables = inspect(connection).get_table_names()
    if tables and (current is None or (current not in known and change_head.name not in tables)):
        raise RevisionError(source, "holds tables of another program", "a database of Peer Matcher, or an empty one")
    newest = scripts.get_current_head()
    if current is not None and current not in known:
        raise RevisionError(
            source, f"is at revision {current}, made by a newer Peer Matcher", f"up to revision {newest}"
        )
    if current != newest:
        command.upgrade(config, "head")
