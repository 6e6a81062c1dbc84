"""What a killed process was in the middle of is done again, once, and what it left on the disk is cleared away."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crash_points import WORKING
from tests.faults.http_client import Client, CutOffError
from tests.faults.launcher import SNAPSHOT_AFTER, Crashing
from tests.faults.running import Site
from tests.service.conftest import bearer_of
from tests.service.matches.conftest import person

ASKED = {"spec": {"name": "Circles", "size": {"min": 3, "target": 4, "max": 6}}, "iterations": 1}
DONE_WITHIN_S = 120.0
PEOPLE = [person(f"m{number}").model_dump(mode="json", exclude_defaults=True) for number in range(SNAPSHOT_AFTER + 8)]


def test_a_snapshot_that_was_broken_off(site: Site, tmp_path: Path) -> None:
    headers = bearer_of(site.place.target)
    running = site.serve(Crashing("in-snapshot", 3, tmp_path / "evidence"))
    assert running is not None
    with Client(running.url, headers) as client, pytest.raises(CutOffError):
        client.ask("POST", "/v1/members:import", PEOPLE)
    assert running.process.wait() == -9
    assert (tmp_path / "evidence").exists()
    assert [path for path in site.place.index_folder.iterdir() if path.name.startswith(".")]
    running = site.serve()
    assert running is not None
    with Client(running.url, headers) as client:
        assert client.ask("POST", "/v1/members:import", PEOPLE).status == 200
        assert len(client.ask("GET", "/v1/members/m0/buddies?k=200").body["peers"]) == len(PEOPLE) - 1
    running.stop()
    (snapshot,) = site.place.index_folder.iterdir()
    assert snapshot.name.endswith(".index")


@pytest.mark.parametrize("point", sorted(WORKING))
def test_a_job_whose_worker_dies(site: Site, tmp_path: Path, point: str) -> None:
    headers, evidence = bearer_of(site.place.target, "admin"), tmp_path / "evidence"
    running = site.serve()
    assert running is not None
    try:
        with Client(running.url, headers) as client:
            client.ask("POST", "/v1/members:import", PEOPLE[:24])
            asked = client.ask("POST", "/v1/group-plans", ASKED)
            assert asked.status == 202
            path = asked.headers["location"]
            worker = _worker(site, tmp_path / "first", Crashing(point, 1, evidence))
            assert worker.wait() == -9
            assert evidence.exists()
            assert client.ask("GET", path).body["state"] in {"queued", "running"}
            worker = _worker(site, tmp_path / "second", None)
            until = time.monotonic() + DONE_WITHIN_S
            while (plan := client.ask("GET", path).body)["state"] != "done":
                assert time.monotonic() < until, plan
                time.sleep(0.05)
            worker.kill(15)
            assert worker.wait() == 0
            (job,) = (site.folder / "jobs").iterdir()
            assert [one.name for one in job.iterdir()] == ["attempt-2"]
    finally:
        running.process.kill()
        running.process.wait()


def _worker(site: Site, folder: Path, crashing: Crashing | None) -> Any:
    folder.mkdir()
    return site.launcher.start(["work", "--quiet"], site.environment(), folder, crashing)
