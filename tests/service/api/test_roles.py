"""Every route says who may call it, and nobody else may."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from service.api.access import UndeclaredRolesError, allows, open_to_all
from service.api.routing import StrictRoute, serve_routes, strict_routes
from service.app import create_app
from service.caller import ROLES, Role
from tests.service.conftest import Served, bearer

ANYBODY = frozenset({"/livez", "/readyz"})
PAGE = Path(__file__).parents[3] / "docs" / "service.md"


@pytest.fixture(scope="module")
def table(shared: Served) -> list[StrictRoute]:
    return strict_routes(create_app(shared.community).routes)


@pytest.fixture(scope="module")
def keys(shared: Served) -> dict[Role, dict[str, str]]:
    return {role: bearer(shared.community, role) for role in ROLES}


def addressed(route: StrictRoute) -> str:
    return re.sub(r"\{[^}]+\}", "none", route.path)


def test_only_health_is_open(table: list[StrictRoute]) -> None:
    assert {route.path for route in table if not route.roles} == ANYBODY
    assert all("admin" in route.roles for route in table if route.roles)


def test_each_role_reaches_its_routes_and_no_other(
    shared: Served, table: list[StrictRoute], keys: dict[Role, dict[str, str]]
) -> None:
    with httpx.Client(base_url=shared.client.base_url, timeout=30) as client:
        for route in table:
            for method in route.methods or ():
                without = client.request(method, addressed(route))
                assert (without.status_code == 401) is bool(route.roles), route.path
                for role, key in keys.items():
                    reply = client.request(method, addressed(route), headers=key)
                    allowed = not route.roles or role in route.roles
                    assert (reply.status_code not in {401, 403}) is allowed, (method, route.path, role)
                    if not allowed:
                        assert reply.json()["type"] == "urn:peer-matcher:problem:role-not-allowed"
                        bent = client.request(method, addressed(route) + "%20?nonsense=1", headers=key)
                        assert bent.status_code in {403, 404}, "the role comes before the parameters"


def test_the_page_says_the_same(table: list[StrictRoute]) -> None:
    text = PAGE.read_text().partition("\n## Keys and roles\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([A-Z]+) (/[^`]*)` \|(.+)\|$", text, re.MULTILINE)
    told = {
        (method, path): frozenset(role for role, cell in zip(ROLES, cells.split("|"), strict=True) if cell.strip())
        for method, path, cells in rows
    }
    declared = {(method, route.path): route.roles or set(ROLES) for route in table for method in route.methods or ()}
    assert told == declared


def test_openapi_says_it_too(shared: Served, table: list[StrictRoute]) -> None:
    schema = shared.client.get("/openapi.json").json()
    assert set(schema["components"]["securitySchemes"]) == {"key", "browser"}
    assert schema["security"] == [{"key": []}, {"browser": []}]
    by_path = {(route.path, method): route for route in table for method in route.methods or ()}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            route = by_path[path, method.upper()]
            if route.roles:
                assert "security" not in operation
                assert frozenset(operation["x-roles"]) == route.roles
                assert {"401", "403", "429"} <= set(operation["responses"])
            else:
                assert operation["security"] == []


async def nothing() -> Response:
    return Response()


async def declared() -> Response:
    return Response()


def test_a_route_without_roles_is_not_made() -> None:
    router = APIRouter(route_class=StrictRoute)
    with pytest.raises(UndeclaredRolesError, match="/v1/everything"):
        router.get("/v1/everything")(nothing)


def test_a_table_with_another_kind_of_route_is_not_served(shared: Served) -> None:
    plain = APIRouter()
    plain.get("/v1/plain")(allows("platform")(declared))
    nested, inner = APIRouter(), APIRouter(route_class=StrictRoute)
    inner.get("/v1/inner")(allows("platform")(declared))
    nested.include_router(inner)
    wide = APIRouter(route_class=StrictRoute)
    wide.get("/v1/open/{name}")(open_to_all()(nothing_open))
    for router in (plain, nested, wide):
        with pytest.raises(UndeclaredRolesError):
            serve_routes(FastAPI(openapi_url=None, docs_url=None, redoc_url=None), shared.community, router)
    with pytest.raises(UndeclaredRolesError, match=r"/openapi\.json"):
        serve_routes(FastAPI(), shared.community)


async def nothing_open() -> Response:
    return Response()
