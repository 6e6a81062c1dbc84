"""Jobs from queue to end, by workers that live, die, are told to stop, and come back after they were taken for dead."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Connection

from service import job_folders
from service.community import Community
from service.jobs import runner
from service.jobs.runner import Ending
from service.jobs.worker import Worker
from service.logs import configure_logs
from service.use_cases import job_claims
from service.use_cases.job_claims import Claim, ClaimLostError, Outcome, claim_next, end_done
from service.use_cases.jobs import cancel_job
from tests.service.jobs.conftest import OWNER, Await, Queue, Working
from tests.service.jobs.kinds import LEASE_S, READY, WORK

Evidence = Callable[[], list[str]]


def work_once(community: Community) -> Ending | None:
    return Worker(community, WORK).work_once(threading.Event())


def files(community: Community) -> list[str]:
    root = community.settings.jobs
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()) if root.exists() else []


def test_done_with_its_files_and_its_result(community: Community, queued: Queue, awaited: Await) -> None:
    job_id = queued(steps=2)
    assert awaited(job_id, lambda job: job.state == "queued").event == 1
    assert work_once(community) is Ending.SETTLED
    job = awaited(job_id)
    assert (job.state, job.attempt, job.result, job.problem) == ("done", 1, {"steps": 2}, None)
    assert job.created_at < (job.started_at or "") < (job.ended_at or "")
    assert files(community) == [f"{job_id}/attempt-1/step-{step}.txt" for step in (0, 1)]
    folder = job_folders.place_of(community.settings.jobs, f"{job_id}/attempt-1")
    assert {path.stat().st_mode & 0o777 for path in (folder / "step-0.txt", folder)} == {0o600, 0o700}
    assert work_once(community) is None


def test_of_what_cannot_be_done_the_reason_stays_and_nothing_else(
    community: Community, queued: Queue, awaited: Await
) -> None:
    for kind, status, name in (
        ("refuse", 422, "invalid-request"),
        ("fill-up", 507, "disk-full"),
        ("break-a-promise", 500, "internal"),
    ):
        job_id = queued(kind)
        assert work_once(community) is Ending.SETTLED
        job = awaited(job_id)
        assert (job.state, job.attempt, job.result) == ("failed", 1, None)
        assert job.problem is not None
        assert (job.problem["status"], job.problem["type"]) == (status, f"urn:peer-matcher:problem:{name}")
        assert "cancer" not in str(job.problem)
        assert len(job.problem["errors"]) == 2 * (kind == "refuse")
    assert files(community) == []


def test_what_nobody_foresaw_is_tried_three_times_and_told_without_its_words(
    community: Community, queued: Queue, awaited: Await, evidence: Evidence
) -> None:
    log = io.StringIO()
    configure_logs(stream=log)
    job_id = queued("stumble")
    while work_once(community):
        pass
    job = awaited(job_id)
    assert job.state == "failed"
    assert job.problem is not None
    assert job.problem["type"].endswith(":given-up")
    assert len(evidence()) == 3
    assert log.getvalue().count('"error":"RuntimeError"') == 3
    assert "kinds.py" in log.getvalue()
    assert "cancer" not in log.getvalue()


def test_a_folder_that_cannot_be_written(community: Community, queued: Queue, awaited: Await) -> None:
    community.settings.jobs.mkdir(parents=True)
    community.settings.jobs.chmod(0o500)
    try:
        job_id = queued()
        work_once(community)
        job = awaited(job_id)
        if os.geteuid():  # root may write anywhere
            assert job.problem is not None
            assert job.problem["type"].endswith(":result-not-written")
    finally:
        community.settings.jobs.chmod(0o700)


def test_killed_in_the_middle_it_is_done_again_and_ends_once(
    community: Community, queued: Queue, awaited: Await, evidence: Evidence, working: Working
) -> None:
    job_id = queued(steps=30, pause_s=0.1)
    with working() as first:
        awaited(job_id, lambda job: job.state == "running" and bool(evidence()))
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert awaited(job_id, lambda job: True).state == "running", "nobody has noticed yet"
    with working():
        awaited(job_id, lambda job: job.attempt == 2)
        job = awaited(job_id)
    assert (job.state, job.attempt) == ("done", 2)
    assert Counter(line.split()[0] for line in evidence()) == {"began": 2, "ended": 1}
    assert {name.rpartition("/")[0] for name in files(community)} == {f"{job_id}/attempt-2"}


def test_no_job_is_run_by_two(
    community: Community, queued: Queue, awaited: Await, evidence: Evidence, working: Working
) -> None:
    ids = [queued(steps=1, pause_s=0.01) for _ in range(15)]
    with ExitStack() as workers:
        processes = [workers.enter_context(working()) for _ in range(2)]
        for job_id in ids:
            assert awaited(job_id).state == "done"
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline().rstrip() == READY, "one of them may have had nothing to do yet"
            process.terminate()
            assert process.wait(30) == 0
    began = [line.split() for line in evidence() if line.startswith("began")]
    assert sorted(line[1] for line in began) == sorted(ids), "each once"
    assert {line[2] for line in began} == {"1"}


def test_told_to_stop_a_worker_gives_its_job_back(
    community: Community, queued: Queue, awaited: Await, evidence: Evidence
) -> None:
    job_id = queued(steps=1000, pause_s=0.02)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(Worker(community, WORK).run, stop)
        awaited(job_id, lambda job: job.progress is not None)
        stop.set()
        assert working.result(20) is Ending.SETTLED
    job = awaited(job_id, lambda job: job.state == "queued")
    assert job.problem is None
    assert files(community) == []
    claim = claim_next(community, ("count",), "next")
    assert claim is not None
    assert (claim.row.attempt, claim.row.lost) == (2, 0), "that was nobody's fault"


def test_a_job_that_does_not_stop_is_left_behind(
    community: Community, queued: Queue, awaited: Await, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GRACE_S", 0.1)
    job_id = queued("deaf", pause_s=2.0)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(Worker(community, WORK).run, stop)
        awaited(job_id, lambda job: job.state == "running")
        stop.set()
        assert working.result(20) is Ending.ABANDONED
    assert awaited(job_id, lambda job: True).state == "queued"


def test_cancelled_while_it_waits_and_while_it_runs(
    community: Community, queued: Queue, awaited: Await, evidence: Evidence
) -> None:
    waiting = queued()
    assert cancel_job(community, OWNER, waiting).state == "cancelled"
    assert work_once(community) is None
    job_id = queued(steps=10_000, pause_s=0.01)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work_once, community)
        awaited(job_id, lambda job: job.progress is not None)
        told = cancel_job(community, OWNER, job_id)
        assert (told.state, told.cancel_asked) == ("running", True)
        assert cancel_job(community, OWNER, job_id).cancel_asked, "twice is as good as once"
        assert working.result(20) is Ending.SETTLED
    job = awaited(job_id)
    assert (job.state, job.result, job.problem) == ("cancelled", None, None)
    assert files(community) == []
    assert cancel_job(community, OWNER, job_id) == job


def test_cancelled_before_its_result_is_stored_nothing_comes_of_it(
    community: Community, queued: Queue, awaited: Await, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled_first(community: Community, claim: Claim, outcome: Outcome) -> None:
        assert cancel_job(community, OWNER, claim.row.job_id).cancel_asked
        assert files(community) != [], "it has its result"
        end_done(community, claim, outcome)

    monkeypatch.setattr(job_claims, "end_done", cancelled_first)
    job_id = queued(steps=1)
    assert work_once(community) is Ending.SETTLED
    job = awaited(job_id)
    assert (job.state, job.result, job.problem) == ("cancelled", None, None)
    assert files(community) == []


def test_cancelled_nothing_is_written_beside_the_result(community: Community, queued: Queue) -> None:
    job_id = queued()
    claim = claim_next(community, ("count",), "w")
    assert claim is not None
    cancel_job(community, OWNER, job_id)
    written: list[Connection] = []
    with pytest.raises(job_claims.CancelAskedError):
        end_done(community, claim, Outcome({}, written.append))
    assert written == []


def test_a_worker_that_was_taken_for_dead_writes_nothing(community: Community, queued: Queue, awaited: Await) -> None:
    job_id = queued()
    first = claim_next(community, ("count",), "first")
    assert first is not None
    lapse(community)
    assert work_once(community) is Ending.SETTLED
    done = awaited(job_id)
    written: list[Connection] = []
    late = Outcome({"steps": 99}, written.append)
    with pytest.raises(ClaimLostError):
        end_done(community, first, late)
    assert runner.JobRun(community, first, WORK["count"], threading.Event()).run() is Ending.SETTLED
    assert awaited(job_id) == done
    assert written == []
    assert files(community) == [f"{job_id}/attempt-2/step-0.txt"]


def test_a_worker_that_loses_its_lease_in_the_middle_stops(
    community: Community, queued: Queue, awaited: Await, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = queued(steps=10_000, pause_s=0.01)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work_once, community)
        awaited(job_id, lambda job: job.progress is not None)
        community.database.write(lambda connection: connection.exec_driver_sql("update jobs set lease_until = '2000'"))
        second = claim_next(community, ("count",), "second")
        assert second is not None
        assert working.result(20) is Ending.SETTLED, "it has noticed"
    job = awaited(job_id, lambda job: True)
    assert (job.state, job.attempt) == ("running", 2)
    end_done(community, second, Outcome({"steps": 1}))
    end_done(community, second, Outcome({"steps": 2}))
    assert awaited(job_id).result == {"steps": 1}, "who was cut off may say it again, and changes nothing"


def test_a_job_whose_workers_all_die_is_given_up(community: Community, queued: Queue, awaited: Await) -> None:
    job_id = queued()
    for attempt in (1, 2, 3):
        claim = claim_next(community, ("count",), "w")
        assert claim is not None
        assert claim.row.attempt == attempt
        lapse(community)
    assert claim_next(community, ("count",), "w") is None
    job = awaited(job_id)
    assert job.state == "failed"
    assert job.problem is not None
    assert job.problem["type"].endswith(":given-up")


def test_a_cancelled_job_whose_worker_died_is_cancelled(community: Community, queued: Queue, awaited: Await) -> None:
    job_id = queued()
    assert claim_next(community, ("count",), "w") is not None
    cancel_job(community, OWNER, job_id)
    lapse(community)
    assert claim_next(community, ("count",), "w") is None
    assert awaited(job_id).state == "cancelled"


def test_what_belongs_to_a_job_is_written_with_it_or_not_at_all(
    community: Community, queued: Queue, awaited: Await
) -> None:
    def settle(_: Connection) -> None:
        raise job_claims.ClaimLostError("x")

    job_id = queued()
    claim = claim_next(community, ("count",), "w")
    assert claim is not None
    with pytest.raises(ClaimLostError):
        end_done(community, claim, Outcome({}, settle))
    assert awaited(job_id, lambda job: True).state == "running"


def lapse(community: Community) -> None:
    """Let every lease run out."""
    community.database.write(lambda connection: connection.exec_driver_sql("update jobs set lease_until = '2000'"))


def test_a_lease_is_renewed_in_time(community: Community, queued: Queue, awaited: Await) -> None:
    job_id = queued("deaf", pause_s=LEASE_S * 1.5)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work_once, community)
        awaited(job_id, lambda job: job.state == "running")
        while not working.done():
            assert claim_next(community, ("deaf",), "second") is None
        assert working.result() is Ending.SETTLED
    assert awaited(job_id).attempt == 1
