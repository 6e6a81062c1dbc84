"""The service as a process: it dies, comes back and says the same; it keeps to this machine."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import uvloop

from matcher import MemberProfile
from service import server
from service.commands.server_process import ServerProcess
from service.loopback import NotLoopbackError, loopback_address, names_loopback
from tests.database_places import POSTGRESQL, SQLITE, Place
from tests.service.conftest import AS_OF, NDJSON, bearer_of, ndjson


def answers(url: str, people: list[MemberProfile], key: dict[str, str]) -> list[str]:
    with httpx.Client(base_url=url, headers=key) as client:
        texts = [client.get(f"/v1/members/{member.member_id}/buddies?k=5").text for member in people[:40]]
    assert all('"certified":true' in text for text in texts)
    return texts


@pytest.fixture(scope="session", params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.long)])
def stored_in(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_killed_and_restarted_it_gives_the_same_answers(
    tmp_path: Path, place: Place, people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEER_MATCHER_AS_OF", AS_OF.isoformat())
    log = tmp_path / "service.log"
    key = bearer_of(place.target)
    with ServerProcess.started(place.target, 0, log, place.index_folder) as running:
        headers = key | NDJSON
        reply = httpx.post(f"{running.url}/v1/members:import", content=ndjson(people), headers=headers, timeout=60)
        assert reply.text.count('"stored"') == len(people)
        before = answers(running.url, people, key)
        running.process.kill()
        assert running.process.wait() == -signal.SIGKILL
    with ServerProcess.started(place.target, 0, log, place.index_folder) as running:
        assert answers(running.url, people, key) == before
        running.process.terminate()
        running.process.wait(20)
    (snapshot,) = place.index_folder.iterdir()
    with ServerProcess.started(place.target, 0, log, place.index_folder) as running:
        assert answers(running.url, people, key) == before
    assert 'from_snapshot":true' in log.read_text()
    assert snapshot.exists()
    told = log.read_text()
    assert not any(member.alias and member.alias in told for member in people)
    assert "pm_" not in told, "there was a key already, so none was made"


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "localhost.example.org", "", "2130706433"]
)
def test_other_addresses_are_refused(host: str) -> None:
    with pytest.raises(NotLoopbackError, match="not encrypted"):
        loopback_address(host)


def test_serve_refuses_in_one_line(tmp_path: Path) -> None:
    database = tmp_path / "members.db"
    command = [sys.executable, "-m", "service.cli", "serve", "--host", "0.0.0.0", "--database", str(database)]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "not encrypted" in refused.stderr
    assert not database.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"])
def test_loopback_addresses_are_taken(host: str) -> None:
    assert loopback_address(host)


def test_names_of_this_machine() -> None:
    assert names_loopback("[::1]:80")
    assert not names_loopback("[::2]:80")
    assert not names_loopback("evil.example:80")
    assert not names_loopback("::1.example")


def test_a_port_that_is_taken() -> None:
    first = server.listen("127.0.0.1", 0)
    port = first.getsockname()[1]
    with pytest.raises(server.AddressTakenError, match=str(port)):
        server.listen("127.0.0.1", port)
    first.close()


def test_short_pieces_are_sent_at_once_by_any_loop() -> None:
    """Else each answer waits for the client to acknowledge its head: 40 ms."""
    with server.listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()) as client:
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP, "what asyncio asks for"
            assert client.fileno() >= 0


def test_many_who_connect_at_once_are_seen_in_a_few_turns_of_the_loop() -> None:
    async def turns(clients: int) -> int:
        loop, seen, rounds = asyncio.get_running_loop(), [], 0

        class Seen(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                seen.append(transport)

        with server.listen("127.0.0.1", 0) as listener, contextlib.ExitStack() as connected:
            for _ in range(clients):
                connected.enter_context(socket.create_connection(listener.getsockname()))
            sockets = server.several_times(listener)
            servers = [await loop.create_server(Seen, sock=one) for one in sockets]
            while len(seen) < clients:
                await asyncio.sleep(0)
                rounds += 1
            for transport in seen:
                transport.close()
            for running in servers:
                running.close()
            for one in sockets:
                one.close()
        return rounds

    assert uvloop.run(turns(64)) <= 2 * 64 // server.ACCEPTED_A_TURN, "one socket alone takes 64"
