"""The conventions, asserted over the whole route table: whatever is added later is held to them, too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter
from starlette.responses import Response

from matcher import MemberProfile
from service.api.access import allows
from service.api.admission import PLACES, WITHOUT_THREADS
from service.api.repeating import UndeclaredRepetitionError
from service.api.routing import StrictRoute, strict_routes
from service.api.wire import ProblemShape
from service.app import create_app
from tests.database_places import SQLITE
from tests.service.conftest import Served, bearer

REPEATED = {"/v1/members:import", "/v1/buddies:search"}
"""POSTs that may be done twice."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
IDS = {
    "job_id": "0" * 24,
    "plan_id": "0" * 24,
    "rematch_id": "0" * 24,
    "match_id": "none",
    "member_id": "nobody",
    "other_id": "nobody-else",
}


@pytest.fixture(scope="session")
def stored_in() -> str:
    return SQLITE


@pytest.fixture(scope="module")
def table(shared: Served) -> list[StrictRoute]:
    return strict_routes(create_app(shared.community).routes)


@pytest.fixture(scope="module")
def admin(shared: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shared.client.base_url, headers=bearer(shared.community, "admin"), timeout=30) as client:
        yield client


def addressed(route: StrictRoute) -> str:
    return re.sub(r"\{([^}:]+)[^}]*\}", lambda found: IDS.get(found[1], "none"), route.path)


def calls(table: list[StrictRoute]) -> list[tuple[str, StrictRoute]]:
    return [(method, route) for route in table for method in sorted(route.methods or ())]


def is_problem(reply: httpx.Response, *statuses: int) -> None:
    about = (reply.request.method, reply.request.url.path, reply.status_code, reply.text[:300])
    assert reply.status_code in statuses, about
    assert reply.headers["content-type"] == "application/problem+json", about
    if reply.request.method != "HEAD":
        told = ProblemShape.model_validate(reply.json())
        assert told.status == reply.status_code, about
        assert told.type.startswith("urn:peer-matcher:problem:"), about


def test_parameters_that_nobody_reads_are_refused(admin: httpx.Client, table: list[StrictRoute]) -> None:
    for method, route in calls(table):
        is_problem(admin.request(method, addressed(route) + "?no_such_parameter=1"), 422)


def test_methods_that_an_address_does_not_take(admin: httpx.Client, table: list[StrictRoute]) -> None:
    taken: dict[str, set[str]] = {}
    for method, route in calls(table):
        taken.setdefault(addressed(route), set()).add(method)
    for address, methods in taken.items():
        for method in set(METHODS) - methods:
            reply = admin.request(method, address)
            is_problem(reply, 405)
            assert set(reply.headers["allow"].split(", ")) <= methods, address
        if "HEAD" not in methods:
            assert not admin.request("HEAD", address).content


def test_bodies_that_are_none(admin: httpx.Client, table: list[StrictRoute]) -> None:
    for method, route in calls(table):
        if method in {"GET", "HEAD", "DELETE"} or route.path.endswith((":publish", ":apply")):
            continue
        headers = {"if-match": '"1"', "content-type": "application/json"}
        if route.path == "/v1/members:import":
            headers["content-type"] = "text/csv"
        for body in (b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b'{"no_such_field":1}', b"[" * 5_000):
            is_problem(admin.request(method, addressed(route), content=body, headers=headers), 415, 422)
        is_problem(admin.request(method, addressed(route), content=b"{}", headers={"if-match": '"1"'}), 415)
        is_problem(
            admin.request(method, addressed(route), content=b"{}", headers=headers | {"content-encoding": "gzip"}), 415
        )


def test_every_post_says_what_a_repetition_does(admin: httpx.Client, table: list[StrictRoute]) -> None:
    posts = [route for method, route in calls(table) if method == "POST"]
    assert {route.path for route in posts if not route.keeps_answers} == REPEATED
    schema = admin.get("/openapi.json").json()["paths"]
    for route in posts:
        told = schema[route.path_format]["post"]
        named = {parameter["name"].lower() for parameter in told.get("parameters", []) if parameter["in"] == "header"}
        assert ("idempotency-key" in named) is route.keeps_answers, route.path
        assert ("410" in told["responses"]) is route.keeps_answers, route.path
    assert not any(route.keeps_answers for method, route in calls(table) if method != "POST")


VALID: dict[str, dict[str, object]] = {
    "/v1/matches": {"kind": "buddy", "member_id": "nobody", "peer_id": "nobody-else"},
    "/v1/matches/{match_id}:accept": {"member_id": "nobody"},
    "/v1/matches/{match_id}:decline": {"member_id": "nobody"},
    "/v1/matches/{match_id}:end": {"member_id": "nobody"},
    "/v1/blocks": {"member_id": "nobody", "blocked": "nobody-else"},
    "/v1/feedback": {"match_id": "none", "member_id": "nobody", "fit": 3, "keep": True},
    "/v1/group-plans": {"spec": {"name": "Circles", "size": {"min": 3, "target": 4, "max": 5}}},
    "/v1/group-plans/{plan_id}:edit": {"edit": "lock", "group": "group-001"},
    "/v1/group-plans/{plan_id}:resolve": {},
    "/v1/group-plans/{plan_id}:publish": {},
    "/v1/rematches": {"config": {"ties": ["buddy"]}},
    "/v1/rematches/{rematch_id}:apply": {},
}
"""A body that can be read, for each route that keeps its answers."""


def test_every_post_that_keeps_answers_does(admin: httpx.Client, table: list[StrictRoute]) -> None:
    keeping = {route.path: route for route in table if route.keeps_answers}
    assert set(keeping) == set(VALID), "a route that keeps its answers wants a body here"
    for path, route in keeping.items():
        headers = {"idempotency-key": f"every-route{path.replace('{', '').replace('}', '')}", "if-match": '"1"'}
        first = admin.post(addressed(route), json=VALID[path], headers=headers)
        assert first.status_code in {202, 404}, (path, first.text)
        again = admin.post(addressed(route), json=VALID[path], headers=headers)
        assert (again.status_code, again.content) == (first.status_code, first.content), path
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers.get("location") == first.headers.get("location")
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
        other = admin.post(addressed(route), json=VALID[path], headers=headers | {"if-match": '"2"'})
        is_problem(other, 422)
        assert other.json()["type"].endswith("idempotency-key-reused")
        two = [*headers.items(), ("idempotency-key", "another")]
        is_problem(admin.post(addressed(route), json=VALID[path], headers=two), 422)


async def posted() -> Response:
    return Response()


def test_a_post_that_says_nothing_about_repetitions_is_not_made() -> None:
    router = APIRouter(route_class=StrictRoute)
    with pytest.raises(UndeclaredRepetitionError, match="/v1/everything"):
        router.post("/v1/everything")(allows("platform")(posted))


def test_the_documentation_knows_every_problem(admin: httpx.Client, table: list[StrictRoute]) -> None:
    schema = admin.get("/openapi.json").json()["paths"]
    for method, route in calls(table):
        if not route.include_in_schema:
            continue
        operation = schema[route.path_format][method.lower()]
        told = set(operation["responses"])
        wanted = {"400", "414", "431", "500"} | ({"401", "403", "429", "503"} if route.roles else set())
        assert wanted | ({"408", "413", "415"} if "requestBody" in operation else set()) <= told, (method, route.path)


def test_nobody_waits_for_health(table: list[StrictRoute]) -> None:
    assert "health" not in PLACES
    assert sum(places for work, places in PLACES.items() if work not in WITHOUT_THREADS) < 40, "threads are left"
    assert {route.path for _, route in calls(table) if getattr(route.endpoint, "takes_work", None) == "health"} == {
        "/livez",
        "/readyz",
        "/metrics",
    }


def test_heads_have_limits(admin: httpx.Client, table: list[StrictRoute], people: list[MemberProfile]) -> None:
    for method, route in calls(table):
        address = addressed(route)
        is_problem(admin.request(method, address + "?a=" + "x" * 8_192), 414)
        is_problem(admin.request(method, address, headers={f"x-{number}": "1" for number in range(100)}), 431)
        is_problem(admin.request(method, address, headers={"x": "y" * 65_536}), 431)
    longest = people[0].model_dump(mode="json", exclude_defaults=True)
    assert len(json.dumps(longest)) < 65_536, "and are far from what anybody needs"
