"""``peer-matcher export``."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from service.commands.console import err
from service.commands.options import DATABASE, DatabaseOption, JobsFolderOption, existing, settings_of
from service.community import Community
from service.use_cases.export_member import export_member


def export(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="Id of the member.", show_default=False)],
    *,
    file: Annotated[
        Path, typer.Option("--out", help="Where to; - for standard output.", dir_okay=False, allow_dash=True)
    ] = Path("-"),
    database: DatabaseOption = DATABASE,
    jobs_folder: JobsFolderOption = None,
) -> None:
    """Write all that is held about a member as JSON, for whoever asks for their data; nothing about anybody else.

    A file is for its owner's eyes alone. The export is noted in the audit trail.
    """
    community = Community.open(replace(settings_of(existing(database), None), jobs_folder=jobs_folder))
    try:
        found = export_member(community, member)
    finally:
        community.close()
    text = msgspec.json.format(msgspec.json.encode(found), indent=2)
    if str(file) == "-":
        typer.echo(text.decode())
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        written.write(text + b"\n")
    err().print(f"Written: {file}", markup=False, soft_wrap=True)
