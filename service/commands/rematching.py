"""``peer-matcher rematch``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from matcher.executors.opening import expect_cluster, open_executor
from matcher.rematch.config_reading import read_config
from matcher.rematch.group_spec import kept_apart
from matcher.rematch.history_reading import read_history
from matcher.rematch.rematch import rematch
from service.commands.console import err, out
from service.commands.member_files import read_community
from service.commands.options import AsOfOption, ClusterOption
from service.commands.rematch_progress import phases_shown
from service.commands.rematch_summary import print_summary
from service.reports.rematch_files import RematchInputs, check_rematch_place, write_rematch
from service.settings import Settings

WORTH_WORKERS = 20_000
"""Members from which starting processes costs less than it saves."""


def rematch_command(
    members: Annotated[Path, typer.Option(help="Members: CSV, NDJSON, Parquet, or a folder of FHIR NDJSON.")],
    history: Annotated[Path, typer.Option(help="Ties, and how they went: CSV, NDJSON or Parquet, one row a tie.")],
    config: Annotated[Path, typer.Option(help="What is asked for: a rematch config as TOML or JSON.")],
    results: Annotated[Path, typer.Option("--out", help="Folder for the tables, the page and the manifest.")],
    as_of: AsOfOption = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Of the plans by lot and of groups, unless the config has one.")
    ] = 0,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            help="Processes that search candidates. The files are the same whatever their number.",
            show_default="one a processor from 20,000 members on",
        ),
    ] = None,
    cluster: ClusterOption = None,
) -> None:
    """Work out everybody's ties anew, within what may change, and say what changes, whether it is better, for whom, and
    how sure that is.

    Nothing is changed anywhere: the result is a plan. Writes ties, broken, void, unmatched, triads, changes, metrics,
    distribution, subgroups and churn_curve as Parquet and CSV, report.html for people, and manifest.json; with groups
    also their tables and page. The same inputs give the same bytes. Ctrl-C writes nothing.

    Example: peer-matcher rematch --members members.csv --history history.csv --config rematch.toml --out plan/
    """
    today = Settings(as_of=as_of.date() if as_of else None).today()
    check_rematch_place(results, (members, history, config))
    wanted = read_config(config)
    expect_cluster(cluster)
    past = read_history(history)
    everybody = read_community(members, today)
    if workers is None:
        workers = (os.cpu_count() or 1) if len(everybody) >= WORTH_WORKERS else 1
    by_id = {member.member_id: member for member in everybody}
    with open_executor(workers, cluster) as executor, phases_shown(err()) as tell:
        plan = rematch(everybody, past, wanted, today, seed, executor, tell)
        tell("writing", 0.0)
        inputs, apart = RematchInputs(members, history, config), kept_apart(past, by_id)
        write_rematch(results, plan, wanted, inputs, by_id, apart)
        tell("writing", 1.0)
    print_summary(out(), plan, results)
