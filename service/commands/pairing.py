"""``peer-matcher pair``."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from matcher.errors import InvalidRequest, Problem, ReadingError
from matcher.executors.opening import expect_cluster, open_executor
from matcher.members.vocabulary import Kind
from matcher.pairing.problem import MOST_GAP, Objective
from service.commands.console import err, out
from service.commands.member_files import read_community
from service.commands.options import DATABASE, AsOfOption, ClusterOption, settings_of
from service.commands.pair_tables import write_run
from service.use_cases.pair_members import pair_members
from service.use_cases.pairing_wish import Pair, PairingWish

WORTH_WORKERS = 20_000
"""Members from which starting processes costs less than it saves."""
WHY = {
    "no_candidates": "nobody eligible, or only banned pairs",
    "below_threshold": "all candidates score below the threshold",
    "parity_or_capacity": "somebody has to be left over",
    "outcompeted": "others fit better",
}


def pair(
    members: Annotated[Path, typer.Option(help="Members: CSV, NDJSON, Parquet, or a folder of FHIR NDJSON.")],
    results: Annotated[Path, typer.Option("--out", help="Folder for the tables and the manifest.")],
    as_of: AsOfOption = None,
    kind: Annotated[Kind, typer.Option(help="Buddies among all, or mentors for seekers.")] = "buddy",
    objective: Annotated[
        Objective, typer.Option(help="Most score; most people first; or no two who would rather have each other.")
    ] = "total",
    neighbours: Annotated[int, typer.Option(min=1, max=1000, help="Candidates a member.")] = 32,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Make no pair that scores below this.")] = 0.0,
    buddies_each: Annotated[int, typer.Option(min=1, max=50, help="Buddies a member, within their capacity.")] = 1,
    *,
    triads: Annotated[bool, typer.Option("--triads", help="An odd one out may join a pair.")] = False,
    locked: Annotated[Path | None, typer.Option(help="CSV of two ids a row: pairs that must be made.")] = None,
    banned: Annotated[Path | None, typer.Option(help="CSV of two ids a row: pairs that must not.")] = None,
    incumbent: Annotated[Path | None, typer.Option(help="CSV of two ids a row: pairs that exist.")] = None,
    bonus: Annotated[float, typer.Option(min=0, max=1, help="What keeping an existing pair is worth.")] = 0.0,
    time_limit: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds for solving; then the best plan so far.", show_default="none")
    ] = None,
    gap: Annotated[
        float, typer.Option(min=0, max=MOST_GAP, help="Be content once no plan is better by more than this share.")
    ] = 0.0,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            help="Processes that search candidates. The tables are the same whatever their number.",
            show_default="one a processor from 20,000 members on",
        ),
    ] = None,
    cluster: ClusterOption = None,
) -> None:
    """Pair everybody at once: optimal where that can be, certified everywhere, a reason for everyone left over.

    Writes pairs, triads, unmatched and blocking_pairs as Parquet and CSV, and manifest.json, to the folder.
    """
    today = settings_of(DATABASE, as_of).today()
    wish = PairingWish(
        kind,
        objective,
        neighbours,
        threshold,
        buddies_each,
        triads,
        _pairs(locked, "locked"),
        _pairs(banned, "banned"),
        _pairs(incumbent, "incumbent"),
        bonus,
        time_limit,
        gap,
    )
    expect_cluster(cluster)
    everybody = read_community(members, today)
    if workers is None:
        workers = (os.cpu_count() or 1) if len(everybody) >= WORTH_WORKERS else 1
    with open_executor(workers, cluster) as executor, _phases() as progress:
        run = pair_members(everybody, today, wish, executor, progress)
    manifest = write_run(results, run, wish, today, members.name)
    _summary(out(), manifest, run.left_over, results)


def _pairs(path: Path | None, name: str) -> tuple[Pair, ...]:
    if path is None:
        return ()
    found: list[Pair] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if not row:
                    continue
                if len(row) != 2:
                    raise InvalidRequest(Problem(f"{name}, line {number}", f"holds {len(row)} cells", "two member ids"))
                found.append((row[0].strip(), row[1].strip()))
    except UnicodeDecodeError as error:
        raise ReadingError(str(path), "is not text in UTF-8", "a CSV of two member ids a row") from error
    except csv.Error as error:
        raise ReadingError(str(path), f"is no CSV: {error}", "a CSV of two member ids a row") from error
    return tuple(found)


@contextmanager
def _phases() -> Iterator[Any]:
    console = err()
    said: set[str] = set()
    words = {
        "candidates": "Searching candidates",
        "fractional": "Pairing: halves",
        "blossoms": "Pairing: blossoms",
        "dominant": "Pairing: dominant pairs",
    }
    if not console.is_terminal:

        def say(phase: str, _: float) -> None:
            if phase not in said:
                said.add(phase)
                console.print(words.get(phase, phase), soft_wrap=True)

        yield say
        return
    with console.status("Building the index") as status:
        yield lambda phase, fraction: status.update(f"{words.get(phase, phase)}: {fraction:.0%}")


def _summary(console: Console, manifest: dict[str, Any], left_over: Any, folder: Path) -> None:
    table = Table(title=f"Pairing of {manifest['members']:,} members", show_header=False)
    found, could = manifest["with_a_partner"], manifest["could_have_one"]
    table.add_row("pairs", f"{manifest['pairs']:,}")
    table.add_row("with a partner", f"{found:,} of {could:,} ({found / max(1, could):.1%})")
    score = manifest["score"]
    if score["mean"] is not None:
        table.add_row("mean fit, worst tenth below", f"{score['mean']:.3f}, {score['worst_tenth']:.3f}")
    table.add_row("on the candidate graph", f"{manifest['status']}, at most {manifest['gap']:.2%} below the best")
    bound = manifest["upper_bound_all_pairs"]
    if bound is not None and bound > 0:
        table.add_row("over all eligible pairs", f"at most {1 - manifest['objective'] / bound:.2%} below the best")
    table.add_row("pairs who would rather swap", f"{manifest['blocking_pairs']:,}")
    for why, words in WHY.items():
        count = sum(left.why == why for left in left_over)
        if count:
            table.add_row(f"left over: {words}", f"{count:,}")
    console.print(table)
    console.print(
        f"Checked by code that shares nothing with the solver. Tables and manifest in {folder}", soft_wrap=True
    )
