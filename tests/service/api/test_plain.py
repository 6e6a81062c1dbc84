"""Requests that are read without the framework get the answers that the framework would have given them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import MagicMock

import httpx
import pytest

from service.api import buddies, members
from service.api.plain import plain_query
from service.api.routing import StrictRoute
from tests.service.conftest import Serve, Served
from tests.service.conventions.conftest import person

PLAIN = ("", "kind=mentor", "k=5", "k=50", "kind=buddy&k=3", "k=3&kind=mentor", "k=007")
OTHERS = (
    "k=51",
    "k=1000",
    "k=1001",
    "k=0",
    "k=-1",
    "k=",
    "k=%35",
    "k=5.0",
    "k=+5",
    "k=\u0665",
    "k=5&k=6",
    "k=5&",
    "kind=",
    "kind=Buddy",
    "kind=buddy&kind=mentor",
    "min_seq=0",
    "min_seq=99999999",
    "k=5&limit=3",
    "K=5",
    "&",
    "k=" + "9" * 5_000,
)
NAMES = ("a", "nobody", "a%2Fb", "%61", "x" * 65, "a.b", "\u00e9")


@pytest.fixture(scope="module")
def routes() -> list[StrictRoute]:
    """Those that read plainly."""
    table = [*buddies.router.routes, *members.router.routes]
    return [route for route in table if isinstance(route, StrictRoute) and route.read_plainly is not None]


@contextmanager
def the_long_way(routes: list[StrictRoute], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as without:
        for route in routes:
            without.setattr(route, "read_plainly", None)
        yield


def said(reply: httpx.Response) -> tuple[int, dict[str, str], Any]:
    passing = {"x-request-id": "", "date": "", "etag": ""}  # the number of a change passes, too
    return reply.status_code, {name: passing.get(name, value) for name, value in reply.headers.items()}, reply.content


@pytest.fixture
def served(serve: Serve) -> Iterator[Served]:
    with serve(min_seq_wait_s=0.01) as found:
        found.load([person(name) for name in "abcdef"])
        yield found


def test_the_usual_requests_are_plain_and_no_others() -> None:
    def read(query: str) -> Any:
        scope: Any = {"query_string": query.encode(), "path_params": {"member_id": "a"}, "app": MagicMock()}
        return buddies._plain_buddies(scope)

    assert all(read(query) is not None for query in PLAIN)
    assert all(read(query) is None for query in OTHERS)


def test_searches_are_answered_alike(
    served: Served, routes: list[StrictRoute], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [f"/v1/members/a/buddies?{query}" for query in (*PLAIN, *OTHERS)]
    asked += [f"/v1/members/{name}/buddies" for name in NAMES]
    short = [said(served.client.get(target)) for target in asked]
    with the_long_way(routes, monkeypatch):
        assert [said(served.client.get(target)) for target in asked] == short
    assert {status for status, *_ in short} >= {200, 404, 422}


def test_changes_are_answered_alike(served: Served, routes: list[StrictRoute], monkeypatch: pytest.MonkeyPatch) -> None:
    profile = person("a").model_dump_json(exclude_defaults=True)
    kinds = {"content-type": "application/json"}
    asked: list[tuple[str, dict[str, str], bytes]] = [(name, kinds, b"{}") for name in NAMES]
    asked += [
        ("a", kinds, profile.encode()),
        ("a", kinds, b'{"birth_year": "x"}'),
        ("a", kinds, b""),
        ("a", kinds, b"[1]"),
        ("a", {}, profile.encode()),
        ("a", kinds | {"if-none-match": "*"}, profile.encode()),
        ("a", kinds | {"if-match": '"1000000"'}, profile.encode()),
        ("a", kinds | {"if-match": "nonsense"}, profile.encode()),
        ("a?k=5", kinds, profile.encode()),
    ]

    def answers() -> list[Any]:
        return [
            said(served.client.put(f"/v1/members/{target}", headers=headers, content=body))
            for target, headers, body in asked
        ]

    answers()  # whoever is new is there from now on, in both
    short = answers()
    with the_long_way(routes, monkeypatch):
        assert answers() == short
    assert {status for status, *_ in short} >= {200, 412, 415, 422}


def test_roles_are_looked_at_before_anything_is_read(served: Served) -> None:
    other = {"authorization": served.client.headers["authorization"][:-1] + "!"}
    assert served.client.get("/v1/members/a/buddies", headers=other).status_code == 401


def test_a_query_in_letters_and_digits() -> None:
    assert plain_query(b"") == {}
    assert plain_query(b"k=5&kind=buddy") == {"k": "5", "kind": "buddy"}
    for other in (b"k", b"k=", b"=5", b"k=5&k=5", b"k=5;kind=a", b"k=%35", b"k=a b", b"k=5&", b"\xff=1"):
        assert plain_query(other) is None
