"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from matcher.errors import InvalidRequest, Problem
from service.database_url import database_target
from service.settings import DEFAULT_DATABASE, Settings

DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        "-d",
        envvar="PEER_MATCHER_DATABASE",
        metavar="FILE|URL",
        help="The database file, made on first use; or postgresql://user@host/database. A password is safer in the "
        "variable than among the arguments, which every user of the machine can list.",
    ),
]
IndexFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--index-folder",
        envvar="PEER_MATCHER_INDEX_FOLDER",
        help="Where snapshots of the index are kept: beside the database file, or in peer-matcher.index where the "
        "command runs, if left out.",
        file_okay=False,
        show_default=False,
    ),
]
JobsFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--jobs-folder",
        envvar="PEER_MATCHER_JOBS_FOLDER",
        help="Where jobs put their files, the same for every process of one database: beside the database file, or in "
        "peer-matcher.jobs where the command runs, if left out.",
        file_okay=False,
        show_default=False,
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
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        envvar="PEER_MATCHER_CLUSTER",
        metavar="ADDRESS",
        help="A Dask scheduler, such as tcp://10.0.0.5:8786, whose workers do the work in place of --workers. "
        "Health data of all members travel to them: docs/cluster.md.",
        show_default=False,
    ),
]
ProposalDaysOption = Annotated[
    int,
    typer.Option(
        envvar="PEER_MATCHER_PROPOSAL_DAYS", min=1, max=365, help="So many days is a proposal open for both to accept."
    ),
]
RepeatAfterDaysOption = Annotated[
    int | None,
    typer.Option(
        envvar="PEER_MATCHER_REPEAT_AFTER_DAYS",
        min=0,
        max=36_500,
        help="So many days after it would have expired, two whose proposal came to nothing may be proposed to each "
        "other again, whether it was a no or silence; never, if left out.",
        show_default=False,
    ),
]
OpenProposalsOption = Annotated[
    int,
    typer.Option(
        envvar="PEER_MATCHER_OPEN_PROPOSALS",
        min=1,
        max=1_000,
        help="So many proposals of their own may a member have open.",
    ),
]
KeepJobsDaysOption = Annotated[
    int,
    typer.Option(
        envvar="PEER_MATCHER_KEEP_JOBS_DAYS",
        min=1,
        max=36_500,
        help="So many days after its end a job goes with its files, and after its last change a group plan that nobody "
        "has published.",
    ),
]
JobsPerKeyOption = Annotated[
    int,
    typer.Option(
        envvar="PEER_MATCHER_JOBS_PER_KEY",
        min=1,
        max=10_000,
        help="So many group plans and rematches may a key wait for at once.",
    ),
]
RequestTimeoutOption = Annotated[
    float,
    typer.Option(
        "--request-timeout",
        envvar="PEER_MATCHER_REQUEST_TIMEOUT",
        min=0.1,
        max=3600,
        help="Seconds after which an answer that has not begun is 503; imports and group plans may take longer.",
    ),
]
QueueTargetOption = Annotated[
    int,
    typer.Option(
        "--queue-target-ms",
        envvar="PEER_MATCHER_QUEUE_TARGET_MS",
        min=1,
        max=60_000,
        help="How long a request waits while more is asked than can be answered; then it is 503 with Retry-After.",
    ),
]
SearchShareOption = Annotated[
    float,
    typer.Option(
        "--search-share",
        envvar="PEER_MATCHER_SEARCH_SHARE",
        min=0.1,
        max=1,
        help="How much of the time searches take at most, at the machine's best; the rest is a reserve. 1: no reserve.",
    ),
]
ExposureWeightOption = Annotated[
    float,
    typer.Option(
        envvar="PEER_MATCHER_EXPOSURE_WEIGHT",
        min=0,
        max=1,
        help="How far a score may be lowered, at most, for a peer who was shown often; 0: scores alone count.",
    ),
]
ExposureHalfLifeOption = Annotated[
    float,
    typer.Option(
        "--exposure-half-life-days",
        envvar="PEER_MATCHER_EXPOSURE_HALF_LIFE_DAYS",
        min=0.1,
        max=365,
        help="After so many days having been shown counts half.",
    ),
]
DATABASE = str(DEFAULT_DATABASE)


def settings_of(database: str, as_of: datetime | None, index_folder: Path | None = None) -> Settings:
    """The settings that the shared options ask for.

    Raises:
        InvalidRequest: if the database is neither a file nor one that we know.
    """
    return Settings(
        database=database_target(database), as_of=as_of.date() if as_of else None, index_folder=index_folder
    )


def existing(database: str) -> str:
    """A database that must be there already; whether one of a URL is there, its server says.

    Raises:
        InvalidRequest: if it is not.
    """
    target = database_target(database)
    if isinstance(target, Path) and not target.exists():
        accepted = "a database that `peer-matcher import` or `peer-matcher serve` has made; --database names it"
        raise InvalidRequest(Problem("--database", f"there is no file {database}", accepted))
    return database
