"""Nobody is waited for without an end, and nobody waits for the service without one."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from service import wire_protocol
from service.api.admission import PLACES
from service.community import Community
from service.logs import configure_logs
from service.use_cases.get_member import StoredMember, get_member
from tests.service.conftest import Serve, Served
from tests.service.conventions.conftest import person, problem_of


def wire(served: Served) -> socket.socket:
    url = served.client.base_url
    return socket.create_connection((url.host, url.port or 0), timeout=20)


def told(connection: socket.socket) -> bytes:
    """Everything until the other end hangs up."""
    return connection.makefile("rb").read()


def test_a_body_that_dribbles_in(serve: Serve) -> None:
    with serve(body_timeout_s=0.2) as served:
        key = served.client.headers["authorization"]
        for method, target, kind in (("PUT", "/v1/members/a", "json"), ("POST", "/v1/members:import", "x-ndjson")):
            head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key}\r\n"
            with wire(served) as slow:
                slow.sendall(f"{head}Content-Type: application/{kind}\r\nContent-Length: 100\r\n\r\n{{".encode())
                answer = told(slow)
            assert answer.startswith(b"HTTP/1.1 408 "), answer
            assert b"urn:peer-matcher:problem:request-timeout" in answer
        assert served.client.get("/v1/members/a").status_code == 404


def test_a_head_that_dribbles_in(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_protocol, "HEAD_WITHIN_S", 0.2)
    with serve() as served:
        with wire(served) as slow:
            slow.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nx-a: ")
            answer = told(slow)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"request-timeout" in answer
        with wire(served) as silent:
            assert told(silent) == b"", "who has said nothing is told nothing"
        with wire(served) as kept:
            kept.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert kept.recv(65_536).startswith(b"HTTP/1.1 200 ")
            kept.sendall(b"\r\n")  # keeps a connection busy in many servers
            assert b"408" in told(kept)


def test_an_answer_that_takes_too_long(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def slow(community: Community, member_id: str) -> StoredMember:
        go_on.wait(20)
        ended.set()
        return get_member(community, member_id)

    with serve(request_timeout_s=0.2) as served:
        served.load([person("a")])
        monkeypatch.setattr("service.api.members.get_member", slow)
        late = served.client.get("/v1/members/a")
        assert (late.status_code, problem_of(late)) == (503, "timeout")
        assert int(late.headers["retry-after"]) > 0
        assert not ended.is_set(), "it is still at work"
        go_on.set()
        assert ended.wait(20)
        assert served.client.get("/v1/members/a").status_code == 200, "and what it says goes nowhere"


def test_overloaded(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """All places are taken: health answers, others are refused before their body is read or their key looked at."""
    go_on, inside = threading.Event(), threading.Semaphore(0)

    def slow(community: Community, member_id: str) -> StoredMember:
        inside.release()
        go_on.wait(60)
        return get_member(community, member_id)

    monkeypatch.setitem(PLACES, "read", 2)
    with serve(queue_target_s=0.05, queue_burst_s=0.1) as served, ThreadPoolExecutor(2) as two:
        served.load([person("a")])
        monkeypatch.setattr("service.api.members.get_member", slow)
        key = dict(served.client.headers)
        at = str(served.client.base_url.join("/v1/members/a"))
        taking = [two.submit(httpx.get, at, headers=key, timeout=60) for _ in range(2)]
        for _ in taking:
            assert inside.acquire(timeout=20)
        try:
            for headers in (key, {}):
                refused = httpx.get(at, headers=headers)
                assert (refused.status_code, problem_of(refused)) == (503, "overloaded")
                assert refused.headers["retry-after"] == "1"
            for path in ("/livez", "/readyz"):
                assert httpx.get(str(served.client.base_url.join(path))).status_code == 200
            assert served.client.get("/v1/members/a/buddies").status_code == 200, "other work has places of its own"
        finally:
            go_on.set()
        assert [one.result().status_code for one in taking] == [200, 200], "who was let in is answered"
        assert served.client.get("/v1/members/a").status_code == 200
        told_of = served.community.metrics.text().decode()
        assert 'peer_matcher_requests_refused_total{reason="overloaded"} 2.0' in told_of
        assert "peer_matcher_requests_waiting 0.0" in told_of


def test_who_hangs_up_is_no_fault_of_ours(serve: Serve) -> None:
    log = io.StringIO()
    configure_logs(stream=log)
    with serve() as served:
        key = served.client.headers["authorization"]
        head = f"PUT /v1/members/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key}\r\n"
        with wire(served) as gone:
            gone.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
            gone.shutdown(socket.SHUT_WR)
            assert told(gone) == b"", "the service has noticed"
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["status"] for line in lines if line["event"] == "request" and line["method"] == "PUT"] == [400]
    assert not [line for line in lines if line["level"] == "error"]


def test_who_waits_for_a_change_takes_nobodys_place(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, inside = threading.Event(), threading.Semaphore(0)

    def waiting(_community: Community, _min_seq: int | None) -> None:
        inside.release()
        assert go_on.wait(60)

    monkeypatch.setitem(PLACES, "search", 1)
    monkeypatch.setattr("service.api.buddies.index_level", waiting)
    with serve() as served, ThreadPoolExecutor(2) as two:
        served.load([person("a"), person("b")])
        url, headers = str(served.client.base_url), dict(served.client.headers)

        def patient(call: Callable[[httpx.Client], httpx.Response]) -> int:
            with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
                return call(client).status_code

        found = two.submit(patient, lambda client: client.get("/v1/members/a/buddies?min_seq=1000000"))
        searched = two.submit(
            patient, lambda client: client.post("/v1/buddies:search?min_seq=1000000", json={"member_id": "a"})
        )
        for _ in range(2):
            assert inside.acquire(timeout=60)
        try:
            assert served.client.get("/v1/members/a/buddies").status_code == 200
            assert not found.done()
            assert not searched.done()
        finally:
            go_on.set()
        assert [found.result(), searched.result()] == [200, 200]


def test_a_full_waiting_room(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, inside = threading.Event(), threading.Semaphore(0)

    def waiting(_community: Community, _min_seq: int | None) -> None:
        inside.release()
        assert go_on.wait(60)

    monkeypatch.setitem(PLACES, "wait", 1)
    monkeypatch.setattr("service.api.buddies.index_level", waiting)
    with serve(queue_target_s=0.05, queue_burst_s=0.1) as served, ThreadPoolExecutor(1) as one:
        served.load([person("a"), person("b")])
        at = str(served.client.base_url.join("/v1/members/a/buddies?min_seq=1000000"))
        first = one.submit(httpx.get, at, headers=dict(served.client.headers), timeout=60)
        assert inside.acquire(timeout=60)
        try:
            refused = served.client.get("/v1/members/a/buddies?min_seq=1000000")
            assert (refused.status_code, problem_of(refused)) == (503, "overloaded")
            assert refused.headers["retry-after"] == "1"
            assert served.client.get("/v1/members/a/buddies").status_code == 200
        finally:
            go_on.set()
        assert first.result().status_code == 200


class Wire:
    """A connection that notes whether it was closed."""

    def __init__(self) -> None:
        self.hung_up = False

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self.hung_up = True


def test_a_head_that_came_while_the_loop_was_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timers run before what has come meanwhile is read: who is late by the clock is looked at once more."""
    monkeypatch.setattr(wire_protocol, "HEAD_WITHIN_S", 0.0)

    async def late(head_is_read: bool) -> None:
        protocol = object.__new__(wire_protocol.ProblemProtocol)
        wire = Wire()
        protocol.loop, protocol.transport = asyncio.get_running_loop(), wire  # type: ignore[assignment]
        protocol._wait_for_head()
        while protocol._head_timer is None or protocol._head_timer.when() <= protocol.loop.time():
            await asyncio.sleep(0)  # the time is up, and the loop turns
        assert not wire.hung_up
        if head_is_read:
            protocol._stop_waiting()
        await asyncio.sleep(2 * wire_protocol._LOOK_AGAIN_S)
        assert wire.hung_up is not head_is_read

    for head_is_read in (True, False):
        asyncio.run(late(head_is_read))


def test_a_request_that_came_as_a_silent_connection_was_to_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks again on a connection is read before it is closed for having been silent for too long."""
    monkeypatch.setattr(wire_protocol, "_LOOK_AGAIN_S", 0.0)

    async def silent(asks_again: bool) -> None:
        protocol = object.__new__(wire_protocol.ProblemProtocol)
        wire = Wire()
        protocol.loop, protocol.transport = asyncio.get_running_loop(), wire  # type: ignore[assignment]
        protocol.timeout_keep_alive_handler()
        assert not wire.hung_up, "what has come meanwhile is read first"
        if asks_again:
            protocol._unset_keepalive_if_required()
        for _ in range(3):
            await asyncio.sleep(0)
        assert wire.hung_up is not asks_again

    for asks_again in (True, False):
        asyncio.run(silent(asks_again))
