"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from matcher.errors import InvalidRequest, Problem
from service.settings import DEFAULT_DATABASE, Settings

DatabaseOption = Annotated[
    Path,
    typer.Option(
        "--database",
        "-d",
        envvar="PEER_MATCHER_DATABASE",
        help="The database file, made on first use. Snapshots of the index stand beside it.",
        dir_okay=False,
    ),
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        envvar="PEER_MATCHER_AS_OF",
        formats=["%Y-%m-%d"],
        help="The day for which answers hold; the running day (UTC) if left out.",
        show_default=False,
    ),
]
DATABASE = DEFAULT_DATABASE


def settings_of(database: Path, as_of: datetime | None) -> Settings:
    """The settings that the shared options ask for."""
    return Settings(database=database, as_of=as_of.date() if as_of else None)


def existing(database: Path) -> Path:
    """A database that must be there already.

    Raises:
        InvalidRequest: if it is not.
    """
    if not database.exists():
        accepted = "a database that `peer-matcher import` or `peer-matcher serve` has made; --database names it"
        raise InvalidRequest(Problem("--database", f"there is no file {database}", accepted))
    return database
