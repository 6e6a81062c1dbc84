"""``peer-matcher serve``."""

from __future__ import annotations

import logging
import signal
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from service import server
from service.commands.console import err, out
from service.commands.options import (
    DATABASE,
    AsOfOption,
    DatabaseOption,
    ExposureHalfLifeOption,
    ExposureWeightOption,
    IndexFolderOption,
    JobsFolderOption,
    JobsPerKeyOption,
    KeepJobsDaysOption,
    OpenProposalsOption,
    ProposalDaysOption,
    QueueTargetOption,
    RepeatAfterDaysOption,
    RequestTimeoutOption,
    SearchShareOption,
    settings_of,
)
from service.commands.worker_process import workers as running_workers
from service.community import Community
from service.logs import configure_logs
from service.settings import (
    DEFAULT_EXPOSURE_HALF_LIFE_DAYS,
    DEFAULT_EXPOSURE_WEIGHT,
    DEFAULT_HOST,
    DEFAULT_JOBS_PER_KEY,
    DEFAULT_KEEP_JOBS_DAYS,
    DEFAULT_OPEN_PROPOSALS,
    DEFAULT_PORT,
    DEFAULT_PROPOSAL_DAYS,
    DEFAULT_QUEUE_TARGET_MS,
    DEFAULT_REQUEST_TIMEOUT_S,
    DEFAULT_REQUESTS_A_MINUTE,
    DEFAULT_SEARCH_SHARE,
)
from service.use_cases.keys import MOST_REQUESTS_A_MINUTE, create_first_key

HostOption = Annotated[
    str,
    typer.Option(
        "--host", envvar="PEER_MATCHER_HOST", help="127.0.0.1, ::1 or localhost; a proxy in front may speak TLS."
    ),
]
PortOption = Annotated[
    int, typer.Option("--port", "-p", envvar="PEER_MATCHER_PORT", min=0, max=65535, help="0 takes any free port.")
]


def serve(
    *,
    database: DatabaseOption = DATABASE,
    index_folder: IndexFolderOption = None,
    jobs_folder: JobsFolderOption = None,
    host: HostOption = DEFAULT_HOST,
    port: PortOption = DEFAULT_PORT,
    as_of: AsOfOption = None,
    requests_per_minute: Annotated[
        int,
        typer.Option(
            envvar="PEER_MATCHER_REQUESTS_PER_MINUTE",
            min=0,
            max=MOST_REQUESTS_A_MINUTE,
            help="What a key without a limit of its own may ask; 0 for no limit.",
        ),
    ] = DEFAULT_REQUESTS_A_MINUTE,
    proposal_days: ProposalDaysOption = DEFAULT_PROPOSAL_DAYS,
    repeat_after_days: RepeatAfterDaysOption = None,
    open_proposals: OpenProposalsOption = DEFAULT_OPEN_PROPOSALS,
    keep_jobs_days: KeepJobsDaysOption = DEFAULT_KEEP_JOBS_DAYS,
    jobs_per_key: JobsPerKeyOption = DEFAULT_JOBS_PER_KEY,
    request_timeout: RequestTimeoutOption = DEFAULT_REQUEST_TIMEOUT_S,
    queue_target_ms: QueueTargetOption = DEFAULT_QUEUE_TARGET_MS,
    search_share: SearchShareOption = DEFAULT_SEARCH_SHARE,
    exposure_weight: ExposureWeightOption = DEFAULT_EXPOSURE_WEIGHT,
    exposure_half_life: ExposureHalfLifeOption = DEFAULT_EXPOSURE_HALF_LIFE_DAYS,
    workers: Annotated[
        int,
        typer.Option(envvar="PEER_MATCHER_WORKERS", min=0, max=32, help="Processes for jobs; `work` starts more."),
    ] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Log warnings only.")] = False,
) -> None:  # fmt: skip
    """Serve the HTTP API on this machine until Ctrl-C.

    The first line on standard output is the address; logs are JSON lines on standard error and hold ids, never a
    member's data. /docs describes every call, /readyz says when the index is there. Every call needs a key: the first
    start on a new file makes one for an admin and shows it once; `peer-matcher keys create` makes more.
    """
    configure_logs(logging.WARNING if quiet else logging.INFO)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until the server answers it; before, there is nothing to put away
    listener = server.listen(host, port)
    try:
        settings = replace(
            settings_of(database, as_of, index_folder),
            jobs_folder=jobs_folder,
            requests_a_minute=requests_per_minute,
            proposal_days=proposal_days,
            repeat_after_days=repeat_after_days,
            open_proposals=open_proposals,
            keep_jobs_days=keep_jobs_days,
            jobs_per_key=jobs_per_key,
            request_timeout_s=request_timeout,
            queue_target_s=queue_target_ms / 1000,
            search_share=search_share,
            exposure_weight=exposure_weight,
            exposure_half_life_days=exposure_half_life,
        )
        community = Community.open(settings)
        _show_first_key(community)
        out().print(f"Peer Matcher listens on {server.url_of(listener)} (what it can do: /docs)", soft_wrap=True)
        with running_workers(settings, workers, quiet=quiet):
            server.run(community, listener)
    finally:
        listener.close()


def _show_first_key(community: Community) -> None:
    """On a new embedded database: an admin's key, on the terminal and never in the log.

    A database elsewhere has somebody who looks after it and makes its keys.
    """
    made = create_first_key(community) if isinstance(community.settings.database, Path) else None
    if made is not None:
        err().print(
            f"The first key, for the role admin, will not be shown again:\n{made.text}", markup=False, soft_wrap=True
        )
