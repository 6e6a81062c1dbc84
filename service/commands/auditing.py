"""``peer-matcher audit``."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import out
from service.commands.options import DATABASE, DatabaseOption, existing, settings_of
from service.community import Community
from service.settings import moment_text
from service.use_cases.audit import everything, wanted_rows


def audit(
    *,
    member: Annotated[str | None, typer.Option(help="Rows about this member alone.", show_default=False)] = None,
    match: Annotated[
        str | None, typer.Option(help="Rows of this match or group plan alone.", show_default=False)
    ] = None,
    key: Annotated[str | None, typer.Option(help="Rows of this key alone.", show_default=False)] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="From this moment on, in UTC.", show_default=False
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rows at most.")] = 100,
    database: DatabaseOption = DATABASE,
) -> None:
    """Show who saw or changed which match or group, newest first."""
    moment = None if since is None else moment_text(since.replace(tzinfo=UTC))
    community = Community.open(settings_of(existing(database), None))
    try:
        rows = list(islice(everything(community, wanted_rows(member, match, key, moment)), limit))
    finally:
        community.close()
    table = Table("number", "when (UTC)", "key id", "role", "did", "to", "which", "about", "outcome", box=None)
    for row in rows:
        about = ", ".join(row.member_ids)
        told = (row.key_id or "-", row.role, row.action, row.kind, row.object_id or "-", about or "-", row.outcome)
        table.add_row(str(row.number), row.at[:19], *told)
    out().print(table, markup=False)
