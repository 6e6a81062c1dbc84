"""``peer-matcher keys``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from service.commands.console import err, out
from service.commands.options import DATABASE, DatabaseOption, existing, settings_of
from service.community import Community
from service.storage.keys import KeyRow
from service.use_cases.keys import create_key, is_in_force, list_keys, revoke_key


class RoleChoice(StrEnum):
    """The roles, as the command line lists them."""

    PLATFORM = "platform"
    COORDINATOR = "coordinator"
    ANALYST = "analyst"
    ADMIN = "admin"


keys = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Make, list and revoke the keys without which the service answers nobody.",
)


@keys.command()
def create(
    *,
    role: Annotated[RoleChoice, typer.Option(help="What it may call; admin may call everything.", show_default=False)],
    label: Annotated[str, typer.Option(help="Whose it is, for the list.", show_default=False)] = "",
    expires_in_days: Annotated[
        int | None, typer.Option(help="After how many days it counts no more; never if left out.", show_default=False)
    ] = None,
    requests_per_minute: Annotated[
        int | None, typer.Option(help="Its own limit; 0 for none; the service's if left out.", show_default=False)
    ] = None,
    database: DatabaseOption = DATABASE,
) -> None:
    """Make a key and print it, alone, on standard output. It is not stored and cannot be shown again.

    Example: PEER_MATCHER_KEY=$(peer-matcher keys create --role platform --label "the app")
    """
    community = Community.open(settings_of(database, None))
    try:
        made = create_key(
            community,
            role.value,
            label,
            expires_in_days=expires_in_days,
            requests_a_minute=requests_per_minute,
        )
    finally:
        community.close()
    err().print(f"Key {made.row.key_id} for the role {made.row.role}, shown this once:", markup=False, soft_wrap=True)
    typer.echo(made.text)


@keys.command("list")
def list_(*, database: DatabaseOption = DATABASE) -> None:
    """List every key there has been, without its secret."""
    community = Community.open(settings_of(existing(database), None))
    try:
        rows, now = list_keys(community), community.settings.clock()
    finally:
        community.close()
    table = Table("key id", "role", "label", "state", "created", "expires", "requests a minute", box=None)
    for row in rows:
        state = "in force" if is_in_force(row, now) else "revoked" if row.revoked_at else "expired"
        label = Text(row.label)  # brackets in it are no style
        table.add_row(row.key_id, row.role, label, state, _day(row.created_at), _day(row.expires_at), _limit(row))
    out().print(table)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As `keys list` shows it.", show_default=False)],
    *,
    database: DatabaseOption = DATABASE,
) -> None:
    """Let a key count no more, from the next request on and for good."""
    community = Community.open(settings_of(existing(database), None))
    try:
        revoke_key(community, key_id)
    finally:
        community.close()
    out().print(f"Key {key_id} is revoked.", markup=False)


def _day(moment: str | None) -> str:
    return "never" if moment is None else moment[:10]


def _limit(row: KeyRow) -> str:
    if row.requests_a_minute is None:
        return "the service's"
    return f"{row.requests_a_minute:,}" if row.requests_a_minute else "none"
