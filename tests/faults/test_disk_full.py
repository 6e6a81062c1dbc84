"""A disk that has no room left: what cannot be stored is refused, what was acknowledged stays, and room is enough."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.database_places import SQLITE
from tests.faults.http_client import Client
from tests.faults.running import Running, Site
from tests.service.conftest import bearer_of
from tests.service.matches.conftest import person


@pytest.fixture(scope="session", params=[SQLITE])
def stored_in(request: pytest.FixtureRequest) -> str:
    """The kind that writes in the service's own process."""
    return str(request.param)


@contextmanager
def no_file_beyond(running: Running, size: int) -> Iterator[None]:
    """Let the service write no file beyond ``size`` bytes until the block ends."""
    before = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, before)


def body(member_id: str, **fields: object) -> dict[str, object]:
    return person(member_id, **fields).model_dump(mode="json", exclude_defaults=True)


@pytest.mark.parametrize("room", [0, 1 << 16], ids=["none", "little"])
def test_no_room_for_the_database(site: Site, room: int) -> None:
    """With none, not even the log can be written."""
    headers = bearer_of(site.place.target)
    running = site.serve()
    assert running is not None
    stored: set[str] = set()
    try:
        with Client(running.url, headers, away_is_answer=True) as client:
            for name in ("ana", "bo"):
                assert client.ask("PUT", f"/v1/members/{name}", body(name)).status == 201
                stored.add(name)
            refused: set[str] = set()
            with no_file_beyond(running, room):
                for number in range(60):
                    name = f"m{number}"
                    reply = client.ask("PUT", f"/v1/members/{name}", body(name))
                    assert reply.told in {"done", "database-unavailable"}, reply
                    (stored if reply.status == 201 else refused).add(name)
                assert refused
                assert client.ask("GET", "/v1/members/ana").status == 200
                assert client.ask("GET", "/livez").status == 200
            for name in sorted(stored):
                assert client.ask("GET", f"/v1/members/{name}").status == 200
            for name in sorted(refused):
                assert client.ask("PUT", f"/v1/members/{name}", body(name)).status in {200, 201}
            found = client.ask("GET", "/v1/members/ana/buddies?k=100").body["peers"]
            assert {peer["member_id"] for peer in found} == (stored | refused) - {"ana"}
            assert client.ask("GET", "/readyz").status == 200
    finally:
        running.process.kill()
        running.process.wait()
