"""``peer-matcher work``."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from typing import Annotated

import typer

from service.commands.job_kinds import job_kinds
from service.commands.options import (
    DATABASE,
    AsOfOption,
    DatabaseOption,
    JobsFolderOption,
    RepeatAfterDaysOption,
    settings_of,
)
from service.community import Community
from service.jobs.runner import GRACE_S, Ending
from service.jobs.worker import Worker
from service.logs import configure_logs

_MORE_S = 5.0
"""Beyond the time that a job has to stop: for a last word to the database."""


def work(
    *,
    database: DatabaseOption = DATABASE,
    jobs_folder: JobsFolderOption = None,
    as_of: AsOfOption = None,
    repeat_after_days: RepeatAfterDaysOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Log warnings only.")] = False,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when the standard input does.")
    ] = False,
) -> None:
    """Do the long work that the service was asked for, one job after the other, until Ctrl-C.

    `serve` brings a worker of its own. More of them, here or on other machines, share the jobs of one database and one
    jobs folder; no job is ever done by two.
    """
    configure_logs(logging.WARNING if quiet else logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if with_parent:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches both, and the parent passes it on
        threading.Thread(target=_end_with_parent, args=(stop,), daemon=True).start()
    if stop.is_set():  # the parent is gone, and its database may be, too: opening would make it anew
        return
    settings = replace(settings_of(database, as_of), jobs_folder=jobs_folder, repeat_after_days=repeat_after_days)
    community = Community.open(settings)
    ending = Worker(community, job_kinds()).run(stop)
    community.close()
    if ending is Ending.ABANDONED:
        sys.stderr.flush()
        os._exit(0)  # its thread still runs, and would be waited for


def _end_with_parent(stop: threading.Event) -> None:
    """The other end of the pipe is the parent's alone, so it closes however the parent ends."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()
    time.sleep(GRACE_S + _MORE_S)
    os._exit(1)
