"""Jobs over HTTP: looked at, followed and cancelled by their owners, and by nobody else."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.api import jobs
from service.api.job_shapes import JobShape
from service.caller import Role
from service.community import Community
from service.jobs.worker import Worker
from service.key_text import KeyText
from service.server import GRACE_S
from service.use_cases.jobs import Job, queue, see_job
from tests.service.conftest import Serve, Served, bearer
from tests.service.jobs.kinds import WORK

Ask = Callable[..., str]
Event = tuple[int, str, dict[str, Any]]


@pytest.fixture
def served(serve: Serve, tmp_path: Path) -> Iterator[Served]:
    with serve(jobs_folder=tmp_path / "jobs") as running:
        yield running


@pytest.fixture
def key(served: Served) -> dict[str, str]:
    return bearer(served.community, "coordinator")


@pytest.fixture
def asked(served: Served, key: dict[str, str], tmp_path: Path) -> Ask:
    """Queue a job in the name of ``key``; returns its address."""

    def ask(kind: str = "count", **asks: object) -> str:
        community = served.community
        shown = KeyText.read(key["authorization"].removeprefix("Bearer "))
        assert shown is not None
        given, at = {"evidence": str(tmp_path / "evidence"), **asks}, community.settings.now()
        row = community.database.write(lambda connection: queue(connection, kind, shown.key_id, given, at))
        return f"/v1/jobs/{row.job_id}"

    return ask


def work_once(community: Community) -> None:
    Worker(community, WORK).work_once(threading.Event())


def followed(served: Served, address: str, key: dict[str, str], known: int | None = None) -> Iterator[Event]:
    headers = key if known is None else key | {"last-event-id": str(known)}
    with served.client.stream("GET", f"{address}/events", headers=headers) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in reply.iter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                fields[name] = value
            elif "id" in fields:
                yield int(fields["id"]), fields["event"], json.loads(fields["data"])
                fields = {}


def test_followed_from_queue_to_end(served: Served, key: dict[str, str], asked: Ask) -> None:
    address = asked(steps=5, pause_s=0.3)
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(list, followed(served, address, key))
        work_once(served.community)
        events: list[Event] = following.result(20)
    numbers = [number for number, _, _ in events]
    assert numbers == sorted(set(numbers))
    assert [name for _, name, _ in events] == ["job"] * (len(events) - 1) + ["end"]
    states = [job["state"] for _, _, job in events]
    assert states[0] in {"queued", "running"}
    assert states[-1] == "done"
    shares = [job["progress"]["share_done"] for _, _, job in events if job["progress"]]
    assert shares == sorted(shares)
    assert len(set(shares)) >= 2
    for _, _, job in events:
        JobShape.model_validate(job)
    assert served.client.get(address, headers=key).json() == events[-1][2]


def test_who_comes_back_gets_what_is_new(served: Served, key: dict[str, str], asked: Ask) -> None:
    address = asked()
    first = next(iter(followed(served, address, key)))
    assert (first[0], first[2]["state"]) == (1, "queued")
    work_once(served.community)
    (last,) = followed(served, address, key, first[0])
    assert (last[1], last[2]["state"]) == ("end", "done")
    assert list(followed(served, address, key, 999_999_999_999))[-1] == last, "a number that is none is nothing known"
    again = served.client.get(f"{address}/events", headers=key | {"last-event-id": str(last[0])})
    assert (again.status_code, again.content) == (204, b""), "so a browser asks no more"


def test_of_a_job_only_its_owner_and_an_admin_learn(served: Served, key: dict[str, str], asked: Ask) -> None:
    address = asked()
    roles: tuple[Role, ...] = ("platform", "coordinator", "analyst")
    none = served.client.get("/v1/jobs/" + "0" * 24, headers=key)
    assert none.status_code == 404
    assert none.json()["type"] == "urn:peer-matcher:problem:unknown-job"
    for role in roles:
        other = bearer(served.community, role)
        for method, path in (("GET", ""), ("GET", "/events"), ("DELETE", "")):
            reply = served.client.request(method, address + path, headers=other)
            assert (reply.status_code, reply.json()) == (404, none.json())
    assert served.client.get(address, headers=bearer(served.community, "admin")).status_code == 200
    assert served.client.get(address, headers=key).json()["state"] == "queued", "nobody has cancelled it"
    for bad in ("x", "0" * 23, "A" * 24):
        assert served.client.get(f"/v1/jobs/{bad}", headers=key).status_code == 422


def test_cancelled(served: Served, key: dict[str, str], asked: Ask) -> None:
    waits = served.client.delete(asked(), headers=key)
    assert (waits.status_code, waits.json()["state"]) == (200, "cancelled")
    address = asked(steps=10_000, pause_s=0.01)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work_once, served.community)
        while served.client.get(address, headers=key).json()["progress"] is None:
            time.sleep(0.02)
        runs = served.client.delete(address, headers=key)
        assert (runs.status_code, runs.json()["cancel_asked"]) == (202, True)
        working.result(20)
    assert list(followed(served, address, key))[-1][2]["state"] == "cancelled"
    assert served.client.delete(address, headers=key).status_code == 200


def test_streams_leave_threads_to_others_when_the_database_does_not_answer(
    served: Served, key: dict[str, str], asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, answers, looking = asked(), threading.Event(), threading.Semaphore(0)

    def hang(*arguments: Any) -> Job:
        looking.release()
        assert answers.wait(30)
        return see_job(*arguments)

    monkeypatch.setattr(jobs, "see_job", hang)
    streams = 45
    with ThreadPoolExecutor(streams) as pool:
        following = [pool.submit(next, followed(served, address, key)) for _ in range(streams)]
        for _ in range(jobs.THREADS):
            assert looking.acquire(timeout=30)
        in_flight = served.community.metrics.in_flight._value
        while in_flight.get() < streams:
            time.sleep(0.01)
        assert served.client.get("/readyz", timeout=5).status_code == 200
        answers.set()
        assert {one.result(30)[2]["state"] for one in following} == {"queued"}


def test_a_key_has_so_many_streams_and_leaves_the_others(
    served: Served, key: dict[str, str], asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_A_KEY", 2)
    address = asked()
    open_streams = [followed(served, address, key) for _ in range(2)]
    for stream in open_streams:
        assert next(stream)[2]["state"] == "queued"
    refused = served.client.get(f"{address}/events", headers=key)
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:peer-matcher:problem:too-many-streams")
    assert int(refused.headers["retry-after"]) > 0
    admin = bearer(served.community, "admin")
    assert next(followed(served, address, admin))[2]["state"] == "queued", "other keys have their own"
    served.client.delete(address, headers=key)
    for stream in open_streams:
        assert list(stream)[-1][1] == "end"
    assert list(followed(served, address, key))[-1][1] == "end", "those that have ended count no more"


def test_a_stream_does_not_hold_up_the_end_of_the_service(serve: Serve, tmp_path: Path) -> None:
    begun = threading.Event()

    def follow(served: Served, address: str, key: dict[str, str]) -> None:
        with suppress(httpx.TransportError):
            for _ in followed(served, address, key):
                begun.set()

    with ThreadPoolExecutor(1) as pool:
        with serve(jobs_folder=tmp_path / "jobs") as served:
            at, admin = served.community.settings.now(), bearer(served.community, "admin")
            row = served.community.database.write(lambda connection: queue(connection, "count", "0" * 12, {}, at))
            following = pool.submit(follow, served, f"/v1/jobs/{row.job_id}", admin)
            assert begun.wait(10)
            began = time.monotonic()
        following.result(5)
    assert time.monotonic() - began < GRACE_S / 2
