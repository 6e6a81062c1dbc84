"""Bringing a database's tables to the newest revision."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from matcher.errors import MatcherError


class RevisionError(MatcherError):
    """The tables are not ones that this program can bring up to date."""


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for our scripts on the caller's connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def bring_up_to_date(connection: Connection) -> None:
    """Run the migrations that are missing, inside the caller's transaction.

    Raises:
        RevisionError: if the database was made by a newer program, or holds tables that are not ours.
    """
    config = alembic_config(connection)
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if current is None and inspect(connection).get_table_names():
        raise RevisionError(
            "the database holds tables of another program (accepted: a Peer Matcher database, or a new file)"
        )
    if current is not None and current not in known:
        newest = scripts.get_current_head()
        raise RevisionError(
            f"the database is at revision {current}, made by a newer Peer Matcher (accepted: up to revision {newest})"
        )
    if current != scripts.get_current_head():
        command.upgrade(config, "head")
