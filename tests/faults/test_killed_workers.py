"""Workers that are killed with a job claimed; or its files written, not in their place yet, or not yet in the database.

Whoever comes next does the job again. It is done once, and nothing of the others is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.caller import Caller
from service.community import Community
from service.settings import Settings
from service.use_cases.jobs import queue, see_job
from tests.faults.crash_points import WORKING
from tests.faults.launcher import Crashing
from tests.faults.running import Site

OWNER = Caller("0123456789ab", "coordinator")
STEPS = 5
WITHIN_S = 120.0


@pytest.fixture
def community(site: Site) -> Iterator[Community]:
    """The same database and jobs folder, to queue jobs in and to look at them."""
    opened = Community.open(Settings(site.place.target, jobs_folder=site.folder / "jobs"))
    yield opened
    opened.close()


def queued(community: Community, evidence: Path) -> str:
    asks = {"evidence": str(evidence), "steps": STEPS}
    at = community.settings.now()
    return community.database.write(lambda connection: queue(connection, "count", OWNER.key_id, asks, at)).job_id


def eventually(holds: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.02)


def killed_at(site: Site, point: str, times: int) -> None:
    """A worker that takes the job and dies there. Its lease has run out then."""
    crashing = Crashing(point, times, site.folder / point)
    process = site.work(crashing)
    eventually(process.ended, process.log)
    assert process.wait() == -9, process.log.read_text()
    assert crashing.evidence.exists()
    crashing.evidence.unlink()
    site.place.execute("UPDATE jobs SET lease_until = '2026-01-01T00:00:00.000000+00:00' WHERE state = 'running'")


def done_by_the_next(site: Site, community: Community, job_id: str) -> str:
    """How the job ends with a worker that nobody kills."""
    worker = site.work()
    eventually(lambda: see_job(community, OWNER, job_id).has_ended, worker.log)
    worker.kill(15)
    assert worker.wait() == 0
    return see_job(community, OWNER, job_id).state


def test_a_job_whose_workers_are_killed_is_done_once(site: Site, community: Community) -> None:
    points = [("before-placing", 1), ("after-placing", 1)]
    job_id = queued(community, site.folder / "lines")
    for point, times in points:
        killed_at(site, point, times)
        assert see_job(community, OWNER, job_id).state == "running", "as far as anybody knows"
    assert done_by_the_next(site, community, job_id) == "done"
    lines = (site.folder / "lines").read_text().splitlines()
    assert [line.split()[2] for line in lines if line.startswith("ended")] == ["1", "2", "3"]
    (attempt,) = (site.folder / "jobs" / job_id).iterdir()
    assert attempt.name == "attempt-3"
    assert sorted(path.name for path in attempt.iterdir()) == [f"step-{step}.txt" for step in range(STEPS)]


def test_a_result_that_is_in_the_database_is_not_made_again(site: Site, community: Community) -> None:
    """Killed after the transaction that ends the job, which is the second after the one that claims it."""
    job_id = queued(community, site.folder / "lines")
    killed_at(site, "after-commit", 2)
    assert see_job(community, OWNER, job_id).state == "done"
    other = queued(community, site.folder / "others")
    assert done_by_the_next(site, community, other) == "done"
    lines = (site.folder / "lines").read_text().splitlines()
    assert [line.split()[2] for line in lines if line.startswith("ended")] == ["1"]


def test_a_job_that_kills_its_workers_is_given_up(site: Site, community: Community) -> None:
    assert WORKING.keys() == {"after-commit", "before-placing", "after-placing"}
    job_id = queued(community, site.folder / "lines")
    for _ in range(3):
        killed_at(site, "after-commit", 1)
    assert not (site.folder / "lines").exists(), "each died as soon as it had the job"
    assert done_by_the_next(site, community, job_id) == "failed"
