"""``peer-matcher``: the command line, wired in one place."""

from __future__ import annotations

import logging
import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from matcher.errors import MatcherError
from service.commands.asking import buddies
from service.commands.auditing import audit
from service.commands.backing_up import backup
from service.commands.console import err, out
from service.commands.exporting import export
from service.commands.fitting import fit_weights_command
from service.commands.grouping import group
from service.commands.importing import import_
from service.commands.keys import keys
from service.commands.listing import catalog
from service.commands.pairing import pair
from service.commands.rematch_diff import rematch_diff_command
from service.commands.rematching import rematch_command
from service.commands.sampling import sample
from service.commands.serving import serve
from service.commands.working import work
from service.logs import configure_logs

WRONG = 2
TERMINATED = 128 + signal.SIGTERM


def _say(what: str) -> None:
    err().print(f"peer-matcher: {what}", style="red", markup=False, soft_wrap=True)


def _version(asked: bool) -> None:
    if asked:
        out().print(version("peer-matcher"))
        raise typer.Exit


commands = typer.Typer(
    name="peer-matcher",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="A first round: peer-matcher sample 5000 --out members.csv; peer-matcher import members.csv; "
    "peer-matcher buddies m0000003; peer-matcher serve",
)


@commands.callback()
def main(
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Find members of a recovery community someone who truly gets it: exact, safe and explained."""
    configure_logs(logging.WARNING)


commands.command("serve")(serve)
commands.command("work")(work)
commands.command("import")(import_)
commands.command("buddies")(buddies)
commands.command("pair")(pair)
commands.command("group")(group)
commands.command("fit-weights")(fit_weights_command)
commands.command("rematch")(rematch_command)
commands.command("rematch-diff")(rematch_diff_command)
commands.command("sample")(sample)
commands.command("catalog")(catalog)
commands.command("audit")(audit)
commands.command("export")(export)
commands.command("backup")(backup)
commands.add_typer(keys, name="keys")


def _terminated(*_: object) -> None:
    raise SystemExit(TERMINATED)


def app() -> None:
    """Run the command line; every foreseen error is one line on standard error and exit code 2.

    Told to end, it puts away what it has on disk, as after Ctrl-C; ``serve`` and ``work`` have an order of their own.
    """
    signal.signal(signal.SIGTERM, _terminated)
    try:
        commands()
    except MatcherError as error:
        _say(str(error))
    except DBAPIError as error:
        _say(f"the database failed: {error.orig}; the step that failed stored nothing")
    except OSError as error:
        _say(f"{error.filename or 'the system'}: {error.strerror or error}")
    sys.exit(WRONG)


if __name__ == "__main__":
    app()
