"""The clock is set forward and back while the service runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from service.use_cases.keys import create_key, revoke_key
from tests.service.conftest import Serve, Served, bearer
from tests.service.conventions.conftest import person

ASKED = {"kind": "buddy", "member_id": "a", "peer_id": "b"}


class Clock:
    """The moment, as somebody has set it; it does not move by itself."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def served(serve: Serve, clock: Clock) -> Iterator[Served]:
    with serve(clock=clock, as_of=None, stopwatch=lambda: 0.0, follow_every_s=0.05) as found:
        found.load([person(member_id) for member_id in "abcde"])
        yield found


def test_a_repetition_is_known_after_the_clock_went_back(served: Served, clock: Clock) -> None:
    key = {"idempotency-key": "one"}
    first = served.client.post("/v1/matches", json=ASKED, headers=key)
    assert first.status_code == 201
    for days in (-400, 399):
        clock.move(days=days)
        again = served.client.post("/v1/matches", json=ASKED, headers=key)
        assert (again.status_code, again.content) == (201, first.content)
    clock.move(days=2)
    assert served.client.post("/v1/matches", json=ASKED, headers=key).status_code == 409, "the rules hold on their own"


def test_a_key_that_has_expired(served: Served, clock: Clock) -> None:
    made = create_key(served.community, "platform", expires_in_days=1)
    headers = {"authorization": f"Bearer {made.text}"}

    def status() -> int:
        return served.client.get("/v1/members/a", headers=headers).status_code

    seen = []
    for days in (0, 2, -2, -400):
        clock.move(days=days)
        seen.append(status())
    assert seen == [200, 401, 200, 200]
    revoke_key(served.community, made.row.key_id)
    for days in (0, -400, 1_000):
        clock.move(days=days)
        assert status() == 401, "revoked is revoked"


def test_no_jump_fills_anybodys_bucket(served: Served, clock: Clock) -> None:
    headers = bearer(served.community, requests_a_minute=3)
    seen = []
    for days in (0, 1, -2, 400, -400):
        clock.move(days=days)
        seen.append(served.client.get("/v1/members/a", headers=headers).status_code)
    assert seen == [200, 200, 200, 429, 429]


def test_a_cursor_leads_on(served: Served, clock: Clock) -> None:
    for peer in "bc":
        assert served.client.post("/v1/matches", json=ASKED | {"peer_id": peer}).status_code == 201
        clock.move(seconds=1)
    page = served.client.get("/v1/members/a/matches?limit=1").json()
    assert page["matches"][0]["peer_id"] == "c"
    for days, status in ((-400, 200), (400, 200), (2, 410)):
        clock.move(days=days)
        reply = served.client.get(f"/v1/members/a/matches?limit=1&cursor={page['next_cursor']}")
        assert reply.status_code == status
        assert status != 200 or reply.json()["matches"][0]["peer_id"] == "b"


def test_ages_go_by_the_day(served: Served, clock: Clock) -> None:
    """Somebody who comes of age at the turn of a year is among the adults then, and not when the clock is back."""
    served.load([person("young", birth_year=2008), person("teen", birth_year=2009)])
    clock.moment = datetime(2026, 12, 31, 23, tzinfo=UTC)
    before = set(served.peers("young", k=50))
    for days in (1, -1, 1):
        clock.move(days=days)
        after = set(served.peers("young", k=50))
        fresh = set(served.peers("a", k=50))
        assert ("young" in fresh) == ("a" in after), "each the other's, or neither"
        assert (after == before) == (days < 0)
