"""One shape for every error, over every route there is."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from matcher import MemberProfile
from service.api.routing import strict_routes
from service.api.wire import ProblemShape
from service.app import create_app
from service.community import Community
from service.logs import configure_logs
from service.settings import Settings
from tests.service.conftest import AS_OF, Serve, Served, bearer

METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")


def is_problem(reply: httpx.Response, status: int) -> None:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    told = ProblemShape.model_validate(reply.json())
    assert told.status == status
    assert told.type.startswith("urn:peer-matcher:problem:")
    assert told.detail


@pytest.fixture(scope="module")
def paths(shared: Served) -> list[str]:
    schema = shared.client.get("/openapi.json").json()
    return [*schema["paths"], "/docs", "/openapi.json", "/docs/start.js"]


def test_methods_that_a_route_does_not_take(shared: Served, paths: list[str]) -> None:
    admin = bearer(shared.community, "admin")
    schema = shared.client.get("/openapi.json").json()["paths"]
    for path in paths:
        taken = {method.upper() for method in schema.get(path, {"get": None})}
        for method in set(METHODS) - taken:
            reply = shared.client.request(method, path.replace("{member_id}", "a"), headers=admin)
            is_problem(reply, 405)
            assert set(reply.headers["allow"].split(", ")) <= {*taken, "HEAD"}


def test_addresses_that_do_not_exist(shared: Served) -> None:
    for path in (
        "/",
        "/v1",
        "/v1/members",
        "/v1/members/a/b",
        "/v2/members/a",
        "/docs/files/none",
        "/docs/",
        "/livez/",
    ):
        is_problem(shared.client.get(path), 404)


def test_parameters_that_nobody_reads(shared: Served, paths: list[str]) -> None:
    admin = bearer(shared.community, "admin")
    for path in paths:
        if path.startswith(("/docs", "/openapi")):
            continue
        schema = shared.client.get("/openapi.json").json()["paths"][path]
        for method in schema:
            address = path.replace("{member_id}", "a")
            reply = shared.client.request(method, address, params={"sort": "age"}, headers=admin)
            is_problem(reply, 422)


def test_ids_that_are_none(shared: Served) -> None:
    for member_id in ("a b", "a%0a", "a" * 65, "%ff", "ä", "a.b"):
        for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/buddies")):
            is_problem(shared.client.request(method, f"/v1/members/{member_id}{path}"), 422)


def test_bodies_of_other_types_and_sizes(shared: Served) -> None:
    for method, path in (("PUT", "/v1/members/a"), ("POST", "/v1/buddies:search")):
        is_problem(shared.client.request(method, path, content=b"{}"), 415)
        is_problem(shared.client.request(method, path, data={"a": "b"}), 415)
        headers = {"content-type": "application/json"}
        is_problem(shared.client.request(method, path, content=b" " * 1_048_577, headers=headers), 413)

        def in_parts() -> Iterator[bytes]:
            for _ in range(20):
                yield b" " * 65_536

        is_problem(shared.client.request(method, path, content=in_parts(), headers=headers), 413)


@pytest.mark.parametrize("host", ["example.org", "10.0.0.1:8077", "localhost.example.org", "127.0.0.1.example.org", ""])
def test_hosts_that_are_not_this_machine(shared: Served, host: str) -> None:
    is_problem(shared.client.get("/livez", headers={"host": host}), 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "127.9.9.9", "[::1]:8077", "localhost."])
def test_hosts_that_are(shared: Served, host: str) -> None:
    assert shared.client.get("/livez", headers={"host": host}).status_code == 200


def test_what_is_not_http(shared: Served) -> None:
    url = shared.client.base_url
    for garbage in (b"SECRET\r\n\r\n", b"GET /\x00 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n"):
        with socket.create_connection((url.host, url.port or 0), timeout=5) as wire:
            wire.sendall(garbage)
            told = wire.makefile("rb").read()
        assert told.startswith(b"HTTP/1.1 400 ")
        head, _, body = told.partition(b"\r\n\r\n")
        assert b"application/problem+json" in head
        assert ProblemShape.model_validate_json(body).status == 400


def test_every_documented_problem_is_one(shared: Served) -> None:
    schema = shared.client.get("/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (path, method, status)


def test_what_nobody_foresaw(
    serve: Serve, people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A defect, and a database that fails: a problem without a trace, and a log without a member's data."""
    log = io.StringIO()
    configure_logs(stream=log)

    def defect(*_: object) -> None:
        raise ZeroDivisionError("SECRET")

    def gone(*_: object) -> None:
        raise OperationalError("INSERT INTO members VALUES (:alias)", {"alias": "SECRET"}, OSError("SECRET"))

    named: list[str] = []
    with serve() as served:
        for broken, status in ((defect, 500), (gone, 503)):
            monkeypatch.setattr("service.api.members.get_member", broken)
            reply = served.client.get("/v1/members/a")
            is_problem(reply, status)
            assert "SECRET" not in reply.text
            assert "Traceback" not in reply.text
            named.append(reply.headers["x-request-id"])
        monkeypatch.undo()
        served.put(people[0], alias="SECRET-alias")
        served.client.get("/v1/members/a?alias=SECRET")
        served.client.get("/SECRET")
    told = log.getvalue() + "".join(capsys.readouterr())
    assert "SECRET" not in told
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert any(line.get("error") == "ZeroDivisionError" and "test_problems" in line["at"][-1] for line in lines)
    assert [line["statement"] for line in lines if line["event"] == "database_failed"] == ["INSERT INTO members"]
    told_of = [line["request_id"] for line in lines if line["level"] == "error"]
    assert sorted(told_of) == sorted(named), "the log names the requests"
    assert people[0].member_id not in log.getvalue()
    assert any(line["event"] == "request" and len(line.get("member") or "") == 12 for line in lines)
    assert len({line["request_id"] for line in lines if line["event"] == "request"}) > 4


def test_before_the_index_is_there(tmp_path: Path, people: list[MemberProfile]) -> None:
    community = Community.open(Settings(database=tmp_path / "members.db", as_of=AS_OF))
    key = bearer(community)
    app = create_app(community)  # without its lifespan nobody starts the index

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            client.headers.update(key)
            assert (await client.get("/livez")).status_code == 200
            ready = await client.get("/readyz")
            is_problem(ready, 503)
            assert ready.json()["checks"] == {"database": "ok", "migrations": "ok", "index": "not started", "lag": "ok"}
            fields = people[0].model_dump(mode="json", exclude={"member_id"})
            assert (await client.put("/v1/members/a", json=fields)).status_code == 201
            is_problem(await client.get("/v1/members/a/buddies"), 503)
            is_problem(await client.post("/v1/buddies:search", json={"profile": fields}), 503)

    asyncio.run(ask())
    community.close()


def test_no_route_stands_outside_the_documentation(shared: Served) -> None:
    schema = set(shared.client.get("/openapi.json").json()["paths"])
    routes = create_app(shared.community).routes
    undocumented = {route.path for route in strict_routes(routes)} - schema
    assert undocumented == {"/docs", "/docs/start.js", "/docs/files/{name}", "/openapi.json"}
