"""A database that goes away for a while: every answer says so, and all works when it is back, without a restart."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.community import Community
from service.server import listen, server_for, url_of
from service.settings import Settings
from service.storage.database import Database
from service.use_cases.estimate_population import estimate_population
from tests.database_places import POSTGRESQL, postgresql_place
from tests.faults.http_client import Client, CutOffError, Reply
from tests.faults.island import Island, all_feedback
from tests.faults.launcher import Launcher
from tests.faults.running import Running, Site
from tests.postgresql_server import PostgresqlServer, postgresql_server
from tests.service.conftest import bearer_of
from tests.service.matches.conftest import person

AWAY_S = [3.0, pytest.param(30.0, marks=pytest.mark.long)]
BACK_WITHIN_S = 120.0
STEPS_BEFORE = 30
CLIENTS = 3


@pytest.fixture(scope="session", params=[POSTGRESQL])
def stored_in(request: pytest.FixtureRequest) -> str:
    """The kind whose server is a process of its own."""
    return str(request.param)


@pytest.fixture
def server() -> Iterator[PostgresqlServer]:
    """A server that nobody else uses."""
    with postgresql_server() as own:
        yield own


@pytest.fixture
def own_site(launching: Launcher, server: PostgresqlServer, tmp_path: Path) -> Iterator[Site]:
    """A database on it."""
    with postgresql_place(server, tmp_path) as place:
        yield Site(launching, place, tmp_path)


def refusals(running: Running, headers: dict[str, str]) -> dict[str, Reply]:
    """What is answered to a request of each kind."""
    body = person("ana").model_dump(mode="json", exclude_defaults=True)
    asked: dict[str, tuple[str, str, object]] = {
        "read": ("GET", "/v1/members/ana", None),
        "write": ("PUT", "/v1/members/ana", body),
        "import": ("POST", "/v1/members:import", [body]),
        "buddies": ("GET", "/v1/members/ana/buddies", None),
        "propose": ("POST", "/v1/matches", {"kind": "buddy", "member_id": "ana", "peer_id": "bo"}),
        "ready": ("GET", "/readyz", None),
        "live": ("GET", "/livez", None),
    }
    with Client(running.url, headers, away_is_answer=True) as client:
        return {name: client.ask(*request) for name, request in asked.items()}


@pytest.mark.parametrize("away_s", AWAY_S)
def test_gone_for_a_while_and_back(own_site: Site, server: PostgresqlServer, away_s: float) -> None:
    headers = bearer_of(own_site.place.target)
    database = Database.open(own_site.place.target)
    running = own_site.serve()
    assert running is not None
    islands = [Island(f"isle{number}", 3, lambda: all_feedback(database)) for number in range(CLIENTS)]
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            gone, enough = threading.Event(), [threading.Event() for _ in islands]
            busy = [
                pool.submit(_until_cut_off, running, headers, *one, gone) for one in zip(islands, enough, strict=True)
            ]
            for event in enough:
                event.wait()
            gone.set()
            server.crash()
            for one in busy:
                one.result()
        until = time.monotonic() + away_s
        while time.monotonic() < until:
            told = refusals(running, headers)
            assert told.pop("live").status == 200
            ready = told.pop("ready")
            assert (ready.status, ready.told) == (503, "not-ready")
            assert ready.body["checks"]["database"] == "does not answer"
            assert {(reply.status, reply.told) for reply in told.values()} == {(503, "database-unavailable")}
            assert all(int(reply.headers["retry-after"]) > 0 for reply in [ready, *told.values()])
        server.come_back()
        _until(lambda: refusals(running, headers)["ready"].status == 200)
        with Client(running.url, headers) as client:
            for island in islands:
                island.settle(client)
                for _ in range(40):
                    island.step(client)
        assert not running.process.ended()
    finally:
        running.process.kill()
        running.process.wait()
        database.close()


def test_gone_while_the_service_starts(own_site: Site, server: PostgresqlServer) -> None:
    """The first process that comes while the database is away ends and says why; the next one starts."""
    headers = bearer_of(own_site.place.target)
    server.crash()
    arguments = ["serve", "--port", "0", "--workers", "0"]
    process = own_site.launcher.start(arguments, own_site.environment(), own_site.folder)
    assert process.wait() == 2
    assert "a server that answers" in process.log.read_text()
    server.come_back()
    running = own_site.serve()
    assert running is not None
    assert refusals(running, headers)["write"].status == 201
    running.process.kill()
    running.process.wait()


def test_gone_while_the_index_is_made(
    own_site: Site, server: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service waits and makes it when the database is back."""
    begun, gone = threading.Event(), threading.Event()

    def estimated(community: Community) -> bool:
        begun.set()
        gone.wait()
        return estimate_population(community)

    monkeypatch.setattr("service.app.estimate_population", estimated)
    place = own_site.place
    community = Community.open(Settings(database=place.target, index_folder=place.index_folder))
    listener = listen("127.0.0.1", 0)
    running = server_for(community)
    with ThreadPoolExecutor(1) as pool, Client(url_of(listener), {}, away_is_answer=True) as client:
        serving = pool.submit(running.run, [listener])
        try:
            begun.wait()
            server.crash()
            gone.set()
            _until(lambda: client.ask("GET", "/readyz").body["checks"]["index"] == "waits for the database")
            server.come_back()
            _until(lambda: client.ask("GET", "/readyz").status == 200)
        finally:
            gone.set()
            running.should_exit = True
            serving.result()
            listener.close()


def _until_cut_off(
    running: Running, headers: dict[str, str], island: Island, enough: threading.Event, gone: threading.Event
) -> None:
    try:
        with Client(running.url, headers) as client:
            for number in itertools.count():
                island.step(client)
                if number == STEPS_BEFORE:
                    enough.set()
    except CutOffError:
        assert gone.is_set()
    finally:
        enough.set()


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + BACK_WITHIN_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)
