"""``peer-matcher group``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from matcher.grouping.spec_reading import read_spec
from service.commands.console import err, out
from service.commands.group_search import shown, stoppable
from service.commands.group_summary import print_summary
from service.commands.member_files import read_community
from service.commands.options import AsOfOption
from service.group_run import Effort
from service.reports.group_files import Inputs, check_group_place, write_run
from service.settings import Settings
from service.use_cases.form_groups import form_and_check


def group(
    members: Annotated[Path, typer.Option(help="Members: CSV, NDJSON, Parquet, or a folder of FHIR NDJSON.")],
    spec: Annotated[Path, typer.Option(help="What is asked for: a group spec as TOML or JSON.")],
    results: Annotated[Path, typer.Option("--out", help="Folder for the tables, the page and the manifest.")],
    as_of: AsOfOption = None,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Of the search.")] = 0,
    time_limit: Annotated[
        float | None,
        typer.Option(min=0.1, help="Seconds for the search.", show_default="30, or none with --iterations"),
    ] = None,
    iterations: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Rounds of the search instead of seconds: the same inputs then give the same bytes on every machine.",
            show_default="none",
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Processors to use. The groups do not depend on it.", show_default="all"),
    ] = None,
) -> None:
    """Put members into groups that fit: every rule kept, a bound on what is possible, a reason for everyone left out.

    Writes groups, members, unplaced and mix as Parquet and CSV, report.html for people, plan.json, a spec to change and
    solve again, and manifest.json. Ctrl-C ends the search and writes the best plan so far.

    Example: peer-matcher group --members members.csv --spec groups.toml --out plan/
    """
    today = Settings(as_of=as_of.date() if as_of else None).today()
    check_group_place(results, (members, spec))
    wanted = read_spec(spec)
    began = time.perf_counter()
    everybody = read_community(members, today)
    inputs = Inputs(members, spec, today, Effort(seed, time_limit, iterations, threads), time.perf_counter() - began)
    console = err()
    with shown(console) as (show, hide), stoppable(console, hide) as stopped:
        run = form_and_check(everybody, wanted, today, inputs.effort, show, stopped)
    write_run(results, run, inputs, {member.member_id: member for member in everybody})
    print_summary(out(), run.plan, run.spec, results)
