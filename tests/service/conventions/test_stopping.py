"""Told to stop while it is asked: what was acknowledged is stored, what is under way is finished, it exits with 0."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from service.commands.server_process import ServerProcess
from service.community import Community
from service.settings import Settings
from service.storage import members
from service.use_cases.get_member import get_member
from tests.database_places import Place
from tests.service.conftest import NDJSON, bearer_of, ndjson
from tests.service.conventions.conftest import person

CLIENTS = 4


def test_nothing_that_was_acknowledged_is_lost(place: Place, tmp_path: Path) -> None:
    key = bearer_of(place.target)
    many = threading.Semaphore(0)
    odd: list[str] = []

    def write(number: int, url: str) -> list[str]:
        """Ids of members that were stored, until the service hangs up or refuses."""
        stored: list[str] = []
        with httpx.Client(base_url=url, headers=key, timeout=30) as client:
            while True:
                member = person(f"m{number}-{len(stored)}")
                try:
                    reply = client.put(
                        f"/v1/members/{member.member_id}", json=member.model_dump(mode="json", exclude_defaults=True)
                    )
                except httpx.TransportError:
                    return stored
                if reply.status_code == 503:
                    assert "retry-after" in reply.headers
                    return stored
                if reply.status_code != 201:
                    odd.append(reply.text)
                    return stored
                stored.append(member.member_id)
                many.release()

    with ServerProcess.started(place.target, 0, tmp_path / "service.log", place.index_folder) as running:
        with ThreadPoolExecutor(CLIENTS + 1) as clients:
            writing = [clients.submit(write, number, running.url) for number in range(CLIENTS)]
            for _ in range(10 * CLIENTS):
                assert many.acquire(timeout=60)
            whole, half, sent = ndjson([person(f"i{number}") for number in range(200)]), threading.Event(), []

            def body() -> Iterator[bytes]:
                cut = len(whole) // 2
                yield whole[:cut]
                half.set()
                assert stopping.wait(60)
                yield whole[cut:]

            stopping = threading.Event()
            importing = clients.submit(
                httpx.post, f"{running.url}/v1/members:import", content=body(), headers=key | NDJSON, timeout=60
            )
            assert half.wait(60)
            running.process.terminate()
            stopping.set()
            for future in writing:
                sent += future.result(60)
            imported = importing.result(60)
        assert running.process.wait(60) == 0
    assert not odd
    assert imported.status_code == 200, "what was under way is finished"
    assert imported.text.count('"stored"') == 200
    community = Community.open(Settings(database=place.target, index_folder=place.index_folder))
    try:
        with community.database.reading() as connection:
            there = set(members.some(connection, [*sent, *(f"i{number}" for number in range(200))]))
        assert there == {*sent, *(f"i{number}" for number in range(200))}
        assert get_member(community, sent[0]).seq
    finally:
        community.close()
    assert len(sent) >= 10 * CLIENTS
