"""A cursor leads to the next page of the list that it came from, and nowhere else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from service.api.cursors import cursor_place, cursor_text
from service.problems import RequestError
from tests.service.conftest import Serve, Served
from tests.service.conventions.conftest import person, problem_of

NOW = [datetime(2026, 3, 1, tzinfo=UTC)]


@pytest.fixture
def served(serve: Serve) -> Iterator[Served]:
    NOW[0] = datetime(2026, 3, 1, tzinfo=UTC)
    with serve(clock=lambda: NOW[0]) as found:
        found.load([person(member_id) for member_id in "abcde"])
        for asker, peers in (("a", "bcd"), ("e", "bcd")):
            for peer in peers:
                body = {"kind": "buddy", "member_id": asker, "peer_id": peer}
                assert found.client.post("/v1/matches", json=body).status_code == 201
                NOW[0] += timedelta(seconds=1)
        yield found


def page(served: Served, cursor: str | None = None, member: str = "a", limit: int = 1) -> httpx.Response:
    asked: dict[str, str | int] = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
    return served.client.get(f"/v1/members/{member}/matches", params=asked)


def test_it_leads_on_and_only_here(served: Served) -> None:
    cursor = page(served).json()["next_cursor"]
    assert page(served, cursor).json()["matches"][0]["peer_id"] == "c"
    for reply in (page(served, cursor, member="e"), page(served, cursor, limit=2)):
        assert (reply.status_code, problem_of(reply)) == (400, "invalid-cursor")
        assert reply.json()["errors"][0]["accepted"].startswith("next_cursor of an answer")


def test_it_cannot_be_made_up(served: Served) -> None:
    cursor = page(served).json()["next_cursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for place in range(len(raw)):
        bent = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert page(served, base64.urlsafe_b64encode(bent).decode().rstrip("=")).status_code == 400, place
    for made_up in ("", "AAAA", "é", cursor[:-2], "A" * 600, "%", base64.urlsafe_b64encode(b'["a","b"]').decode()):
        assert page(served, made_up).status_code == 400, made_up
    assert "a" not in raw.decode("latin-1").split('"'), "nobody's id is in it"


def test_it_ages(served: Served) -> None:
    cursor = page(served).json()["next_cursor"]
    NOW[0] += timedelta(hours=23)
    assert page(served, cursor).status_code == 200
    NOW[0] += timedelta(hours=2)
    reply = page(served, cursor)
    assert (reply.status_code, problem_of(reply)) == (410, "stale-cursor")
    NOW[0] -= timedelta(days=2)
    assert page(served, cursor).status_code == 200, "a clock that went back makes nothing stale"


def test_every_process_of_the_database_knows_it(served: Served, serve: Serve) -> None:
    text = cursor_text(served.community, ("list", "x"), ("1", "2"))
    with serve(clock=lambda: NOW[0]) as other:
        assert cursor_place(other.community, ("list", "x"), text) == ("1", "2")
        with pytest.raises(RequestError):
            cursor_place(other.community, ("list", "y"), text)
