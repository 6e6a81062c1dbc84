"""Workers as processes: `serve` brings one that ends with it, `work` adds another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from matcher import MemberProfile
from service.commands.server_process import ServerProcess
from tests.database_places import SQLITE, Place
from tests.service.conftest import AS_OF, NDJSON, bearer_of, ndjson

ASKED = {"spec": {"name": "Circles", "size": {"min": 3, "target": 4, "max": 6}}, "iterations": 1}


@pytest.fixture(scope="session")
def stored_in() -> str:
    return SQLITE


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def eventually(holds: Callable[[], object], within_s: float = 30.0) -> None:
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_serve_brings_a_worker_that_does_not_outlive_it(
    tmp_path: Path, place: Place, people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEER_MATCHER_AS_OF", AS_OF.isoformat())
    monkeypatch.setenv("PEER_MATCHER_JOBS_FOLDER", str(tmp_path / "jobs"))
    platform, key = bearer_of(place.target), bearer_of(place.target, "coordinator")
    with ServerProcess.started(place.target, 0, tmp_path / "log", place.index_folder) as running:
        with httpx.Client(base_url=running.url, headers=key, timeout=30) as client:
            client.post("/v1/members:import", content=ndjson(people[:150]), headers=platform | NDJSON)
            formed = client.post("/v1/group-plans", json=ASKED)
            assert formed.status_code == 202
            address = formed.headers["location"]
            eventually(lambda: client.get(address).json()["state"] == "done", 120)
            (first,) = children_of(running.process.pid)
            os.kill(first, signal.SIGKILL)
            eventually(lambda: children_of(running.process.pid) not in ([], [first]))
            (worker,) = children_of(running.process.pid)
        running.process.kill()
        running.process.wait()
        eventually(lambda: not alive(worker))
    log = (tmp_path / "log").read_text()
    assert '"event":"worker_ended"' in log
    assert not any(member.member_id in log for member in people)


def test_work_ends_when_told(tmp_path: Path, place: Place) -> None:
    command = [sys.executable, "-m", "service.cli", "work", "--database", place.text, "--jobs-folder", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert '"event":"worker_begun"' in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
