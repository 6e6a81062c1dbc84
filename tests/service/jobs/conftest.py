"""Jobs that are quick to do, on both kinds of databases, and workers in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.caller import Caller
from service.community import Community
from service.settings import Settings
from service.use_cases.jobs import Job, queue, see_job
from tests.database_places import KINDS, Place
from tests.service.jobs.kinds import LEASE_S

OWNER = Caller("0123456789ab", "coordinator")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session", params=KINDS)
def stored_in(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture
def community(place: Place, tmp_path: Path) -> Iterator[Community]:
    """An open community whose leases are short."""
    opened = Community.open(Settings(place.target, jobs_folder=tmp_path / "jobs", job_lease_s=LEASE_S))
    yield opened
    opened.close()


Queue = Callable[..., str]
Await = Callable[..., Job]


@pytest.fixture
def queued(community: Community, tmp_path: Path) -> Queue:
    """Queue a job that leaves a line in ``evidence`` whenever it is begun and ended; returns its id."""

    def add(kind: str = "count", **asks: Any) -> str:
        asks = {"evidence": str(tmp_path / "evidence"), **asks}
        at = community.settings.now()
        row = community.database.write(lambda connection: queue(connection, kind, OWNER.key_id, asks, at))
        return row.job_id

    return add


@pytest.fixture
def awaited(community: Community) -> Await:
    """Wait until a job is as it should be."""

    def wait(job_id: str, holds: Callable[[Job], bool] = lambda job: job.has_ended, within_s: float = 60.0) -> Job:
        until = time.monotonic() + within_s
        while not holds(job := see_job(community, OWNER, job_id)):
            assert time.monotonic() < until, job
            time.sleep(0.02)
        return job

    return wait


@pytest.fixture
def evidence(tmp_path: Path) -> Callable[[], list[str]]:
    """What jobs have left: ``began ID ATTEMPT PID`` and ``ended ID ATTEMPT PID``."""
    path = tmp_path / "evidence"
    return lambda: path.read_text().splitlines() if path.exists() else []


Working = Callable[[], AbstractContextManager[subprocess.Popen[str]]]


@pytest.fixture
def working(place: Place, community: Community) -> Working:
    """A worker in a process of its own, killed at the end if it still runs. Its standard output says when it can be
    told to stop."""

    @contextmanager
    def start() -> Iterator[subprocess.Popen[str]]:
        variables = {"PEER_MATCHER_DATABASE": place.text, "PEER_MATCHER_JOBS_FOLDER": str(community.settings.jobs)}
        command = [sys.executable, "-m", "tests.service.jobs.kinds"]
        with subprocess.Popen(
            command,
            env=os.environ | variables,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    return start
