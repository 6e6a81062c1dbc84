"""What the service's tests share: a database in a folder of its own, and a service that answers on a real socket."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TextIO

import httpx
import pytest

from matcher import MemberProfile, recommend_buddies, sample_members
from service import cli, server
from service.caller import Role
from service.commands.job_kinds import job_kinds
from service.community import Community
from service.database_url import DatabaseTarget
from service.jobs.worker import Worker
from service.logs import configure_logs
from service.settings import Settings
from service.storage.database import Database
from service.use_cases.keys import create_key
from tests.database_places import Place, place_of

AS_OF = date(2026, 1, 1)


@pytest.fixture(scope="session", autouse=True)
def silent_log() -> Iterator[TextIO]:
    """Services of the whole session keep their logs to themselves."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        configure_logs(stream=nowhere)
        yield nowhere


@pytest.fixture(autouse=True)
def logs_as_before(silent_log: TextIO) -> Iterator[None]:
    """Undo what a command line or a log test has configured."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    configure_logs(stream=silent_log)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    opened = Database.open(place.target)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def people() -> list[MemberProfile]:
    return sample_members(600, seed=7, as_of=AS_OF)


def do_all_jobs(community: Community) -> None:
    """What a worker does with the jobs that wait, until none does."""
    worker = Worker(community, job_kinds())
    while worker.work_once(threading.Event()) is not None:
        pass


@dataclass
class Served:
    """A service in a thread, and a client of it."""

    community: Community
    client: httpx.Client

    def put(self, member: MemberProfile, **changed: object) -> httpx.Response:
        fields = member.model_dump(mode="json", exclude_defaults=True) | changed
        reply = self.client.put(f"/v1/members/{member.member_id}", json=fields)
        assert reply.status_code in {200, 201}, reply.text
        return reply

    def load(self, members: list[MemberProfile]) -> None:
        reply = self.client.post("/v1/members:import", content=ndjson(members), headers=NDJSON)
        assert reply.status_code == 200, reply.text
        assert reply.text.count('"stored"') == len(members)

    def peers(self, member_id: str, **asked: object) -> list[str]:
        return [peer["member_id"] for peer in self.answer(member_id, **asked)["peers"]]

    def answer(self, member_id: str, **asked: object) -> dict:  # type: ignore[type-arg]
        reply = self.client.get(f"/v1/members/{member_id}/buddies", params=asked)  # type: ignore[arg-type]
        assert reply.status_code == 200, reply.text
        found: dict = reply.json()  # type: ignore[type-arg]
        return found


NDJSON = {"content-type": "application/x-ndjson"}


def bearer(community: Community, role: Role = "platform", requests_a_minute: int | None = 0) -> dict[str, str]:
    """The header with a new key of that role, without a limit unless one is chosen."""
    made = create_key(community, role, requests_a_minute=requests_a_minute)
    return {"authorization": f"Bearer {made.text}"}


def bearer_of(database: DatabaseTarget, role: Role = "platform") -> dict[str, str]:
    """The same for a database that is served elsewhere, or not yet."""
    community = Community.open(Settings(database=database))
    try:
        return bearer(community, role)
    finally:
        community.close()


def ndjson(members: list[MemberProfile]) -> bytes:
    return b"".join(member.model_dump_json(exclude_defaults=True).encode() + b"\n" for member in members)


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    """Serve in a thread until the block ends, then shut down in good order."""
    community = Community.open(settings)
    listener = server.listen("127.0.0.1", 0)
    running = server.server_for(community)
    thread = threading.Thread(target=running.run, kwargs={"sockets": server.several_times(listener)})
    thread.start()
    try:
        with httpx.Client(base_url=server.url_of(listener), timeout=30, headers=bearer(community)) as client:
            while client.get("/readyz").status_code != 200:
                time.sleep(0.01)
            yield Served(community, client)
    finally:
        running.should_exit = True
        thread.join(30)
        listener.close()
        assert not thread.is_alive()


Serve = Callable[..., AbstractContextManager[Served]]


@pytest.fixture
def serve(place: Place) -> Serve:
    """Start a service on this test's own database, as often as the test wants."""

    def start(**settings: object) -> AbstractContextManager[Served]:
        chosen = {"database": place.target, "index_folder": place.index_folder, "as_of": AS_OF} | settings
        return serving(Settings(**chosen))  # type: ignore[arg-type]

    return start


@pytest.fixture(scope="session")
def shared(
    stored_in: str,
    tmp_path_factory: pytest.TempPathFactory,
    people: list[MemberProfile],
    request: pytest.FixtureRequest,
) -> Iterator[Served]:
    """A filled service for tests that change nobody."""
    folder = tmp_path_factory.mktemp("shared")
    with place_of(stored_in, folder, lambda: request.getfixturevalue("postgresql")) as place:
        settings = Settings(place.target, AS_OF, max_import_bytes=4_000_000, index_folder=place.index_folder)
        with serving(settings) as served:
            served.load(people)
            yield served


@pytest.fixture(scope="session")
def seeker(shared: Served, people: list[MemberProfile]) -> MemberProfile:
    """A member with many eligible peers."""
    index = shared.community.index.view().index
    return max(people, key=lambda member: recommend_buddies(index, member.member_id, 1).funnel.eligible)


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command as from a terminal, in this test's own folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PEER_MATCHER_AS_OF", AS_OF.isoformat())

    def with_arguments(*arguments: object) -> Said:
        monkeypatch.setattr("sys.argv", ["peer-matcher", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.app()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return with_arguments
