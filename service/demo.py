"""The guided tour: members in, one member's buddies out over HTTP, then the service stays up to play with."""

from __future__ import annotations

import logging
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import typer
from rich.console import Console

from matcher.errors import MatcherError
from matcher.members.sample import iter_sample
from matcher.members.writing import write_members
from service.commands.asking import ask
from service.commands.console import counting, err, out
from service.commands.importing import ConsentOption, Tally, import_file, report
from service.commands.rendering import print_answer
from service.commands.sampling import counted
from service.commands.server_process import ServerProcess
from service.community import Community
from service.logs import configure_logs
from service.settings import DEFAULT_PORT, Settings
from service.use_cases.keys import create_key
from service.use_cases.pick_member import pick_members, why_nobody_is_matchable

SAMPLE_SIZE = 5_000
CANDIDATES = 25
WRONG = 2
REMOVED_WITHIN_S = 10.0


def tour(
    members: Annotated[
        Path | None,
        typer.Option(
            "--members", help="Your own members: CSV, NDJSON, Parquet, or a folder of FHIR NDJSON.", show_default=False
        ),
    ] = None,
    *,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Leave the service running after the tour.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen, if it is free.")] = DEFAULT_PORT,
    consent: ConsentOption = False,
    folder: Annotated[
        Path | None,
        typer.Option(help="Keep the database here; by default it goes when the demo ends.", show_default=False),
    ] = None,
) -> None:
    """Show Peer Matcher at work on 5,000 simulated members, or on your own."""
    console = out()
    with ExitStack() as stack:
        home = folder or stack.enter_context(_temporary_folder())
        home.mkdir(parents=True, exist_ok=True)
        settings = Settings(database=home / "members.db")
        picked = _fill(console, settings, members, home, consent=consent)
        if not picked:
            raise typer.Exit(1)
        keys = _make_keys(settings)
        _step(console, "Starting the service")
        server = stack.enter_context(ServerProcess.started(settings.database, port, home / "service.log"))
        console.print(f"It answers at {server.url}")
        _step(console, "Looking for a member whose answer says much")
        member = _richest(server.url, keys.platform, picked)
        _show(console, server.url, keys.platform, member)
        if serve:
            _invite(console, server.url, keys, member)
            with suppress(KeyboardInterrupt):
                server.wait()
            console.print("\nStopping the service")
        else:
            console.print("\nThat was the tour. Without --no-serve the service stays up to play with.")


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="peer-matcher-demo-"))
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Profiles must not stay behind unnoticed: what a process that is just ending still writes is removed, too."""
    until = time.monotonic() + REMOVED_WITHIN_S
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if time.monotonic() > until:
                err().print(f"could not remove {folder} ({error.strerror}): please do", style="red", markup=False)
                return
            time.sleep(0.1)


def _step(console: Console, what: str) -> None:
    console.print(f"\n[bold]{what}[/bold]")


def _fill(console: Console, settings: Settings, members: Path | None, home: Path, *, consent: bool) -> list[str]:
    """Import the members; returns ids worth asking about, or none after saying why."""
    community = Community.open(settings)
    try:
        source = members
        if source is None:
            source = home / "sample.ndjson"
            _step(console, f"Drawing {SAMPLE_SIZE:,} simulated members (nobody real)")
            with counting("Drawing", SAMPLE_SIZE) as advance:
                write_members(counted(iter_sample(SAMPLE_SIZE, 0, settings.today()), advance), source)
        _step(console, f"Importing {source.name} into {settings.database}")
        tally = Tally(shown=5)
        with counting("Importing", SAMPLE_SIZE if members is None else None) as advance:
            for row in import_file(community, source, consent=consent, progress=advance):
                tally.add(row)
        report(console, tally, None)
        picked = pick_members(community, CANDIDATES)
        if not picked:
            err().print(why_nobody_is_matchable(community), style="red", markup=False, soft_wrap=True)
        return picked
    finally:
        community.close()


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that the tour makes for itself and for whoever plays with the service."""

    platform: str
    admin: str


def _make_keys(settings: Settings) -> Keys:
    community = Community.open(settings)
    try:
        platform, admin = (create_key(community, role, "the demo").text for role in ("platform", "admin"))
        return Keys(platform, admin)
    finally:
        community.close()


def _richest(url: str, key: str, members: list[str]) -> str:
    """Of a few members, the one whose answer says most."""

    def richness(member: str) -> int:
        answer: dict[str, Any] = msgspec.json.decode(ask(url, key, member, "buddy", 5))
        reasons = [reason["facet"] for peer in answer["peers"] for reason in peer["reasons"]]
        return len(reasons) + 3 * len(set(reasons))

    best, most = members[0], -1
    with counting("Asking (the first answers compile the engine)", len(members)) as advance:
        for done, member in enumerate(members, 1):
            rich = richness(member)
            if rich > most:
                best, most = member, rich
            advance(done)
    return best


def _show(console: Console, url: str, key: str, member: str) -> None:
    profile = httpx.get(f"{url}/v1/members/{member}", auth=("key", key)).raise_for_status().json()
    _step(console, f"One member: {member}")
    events = [f"{event['procedure']} ({event.get('date', 'no date')})" for event in profile["procedures"]]
    lines = {"procedures": events, "looks for": profile["needs"], "must not come up": profile["avoid_topics"]}
    for name, values in (lines | {name: profile[name] for name in ("topics", "interests", "languages")}).items():
        if values:
            console.print(f"  {name}: {', '.join(values)}", markup=False)
    for kind, what in (("buddy", "Somebody who goes through the same now"), ("mentor", "Somebody who is further on")):
        _step(console, what)
        print_answer(console, msgspec.json.decode(ask(url, key, member, kind, 5 if kind == "buddy" else 3)))


def _invite(console: Console, url: str, keys: Keys, member: str) -> None:
    _step(console, "The service stays up; Ctrl-C stops it")
    key = f"-H 'authorization: Bearer {keys.platform}'"
    for line in (
        f"every call, to try out:  {url}/docs (any user name; password: {keys.admin})",
        f"buddies of a member:     curl {key} '{url}/v1/members/{member}/buddies?k=3'",
        f'pause that member:       curl -s {key} {url}/v1/members/{member} | sed \'s/"active"/"paused"/\' | '
        f"curl -X PUT {key} -H 'content-type: application/json' --data-binary @- {url}/v1/members/{member}",
        "and ask again: the change is in the next answer",
    ):
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _terminated(*_: object) -> None:
    raise KeyboardInterrupt


def run() -> None:
    """Run the tour; every foreseen error is one line and exit code 2."""
    signal.signal(signal.SIGTERM, _terminated)
    tour_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    tour_app.command()(tour)
    configure_logs(logging.WARNING)
    try:
        tour_app()
    except MatcherError as error:
        err().print(f"demo: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(WRONG)


if __name__ == "__main__":
    run()
