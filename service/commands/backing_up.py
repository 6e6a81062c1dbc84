"""``peer-matcher backup``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from matcher.errors import InvalidRequest, Problem
from service.commands.console import err
from service.commands.options import DATABASE, DatabaseOption, existing
from service.database_url import database_target
from service.storage.database import Database


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy: a new file.", dir_okay=False)],
    *,
    key_out: Annotated[
        Path | None,
        typer.Option(help="Copy the key of the pseudonyms here, best to another place.", show_default=False),
    ] = None,
    database: DatabaseOption = DATABASE,
) -> None:
    """Copy an embedded database as it is at this moment, while the service goes on.

    To restore: stop the service, put the copy in the place of the database (without the -wal and -shm files of the old
    one) and the key beside it as <database>.key, start again. Members erased since the copy was made are in it: erase
    them again. The jobs folder is copied like any other. PostgreSQL has pg_dump.
    """
    target = database_target(existing(database))
    for new in (file, key_out):
        if new is not None and new.exists():
            raise InvalidRequest(Problem(str(new), "is there already", "the name of a new file"))
    opened = Database.open(target)
    try:
        opened.copy(file)
    finally:
        opened.close()
    key = target.with_name(target.name + ".key") if isinstance(target, Path) else None
    if key_out is not None and key is not None and key.exists():
        with (
            key.open("rb") as source,
            os.fdopen(os.open(key_out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to,
        ):
            shutil.copyfileobj(source, to)
    err().print(f"Copied: {file} ({file.stat().st_size:,} bytes)", markup=False, soft_wrap=True)
