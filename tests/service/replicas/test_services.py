"""Two services on one database: they follow each other, say how far, and answer from a change on that one names."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from service.following import follow_regularly
from service.storage.changes import append
from tests.database_places import Place
from tests.service.conftest import Serve, Served, bearer
from tests.service.matches.conftest import person

IN_ANOTHER_PROCESS = """
import sys
from matcher import MemberProfile
from service.database_url import database_target
from service.storage.database import Database
from service.use_cases.store_members import store_members

opened = Database.open(database_target(sys.argv[1]))
fields = dict(member_id=sys.argv[2], consent=True, birth_year=1985, languages=["en"], status=sys.argv[3])
store_members(opened, [MemberProfile.parse(fields)])
opened.close()
"""


@pytest.fixture
def pair(serve: Serve) -> Iterator[tuple[Served, Served]]:
    with ExitStack() as running:
        one = running.enter_context(serve(as_of=None, follow_every_s=0.01))
        other = running.enter_context(serve(as_of=None, follow_every_s=0.01, min_seq_wait_s=0.05, most_lag=3))
        for member_id in "abc":
            one.put(person(member_id))
        yield one, other


def elsewhere(place: Place, member_id: str, status: str = "active") -> None:
    root = Path(__file__).parents[3]
    subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, place.text, member_id, status], check=True, timeout=60, cwd=root
    )


def until(happened: Callable[[], bool]) -> None:
    """Wait for what another thread does; a minute is long enough to call it never."""
    ticks = threading.Event()
    for _ in range(6_000):
        if happened():
            return
        ticks.wait(0.01)
    raise AssertionError("never came about")


def test_a_service_without_requests_follows(pair: tuple[Served, Served], place: Place) -> None:
    _, other = pair
    elsewhere(place, "late")
    until(lambda: "late" in other.community.index.view().index)
    elsewhere(place, "late", "withdrawn")
    assert "late" not in other.peers("a", k=10)


def test_what_one_has_written_the_other_answers_from_that_change_on(pair: tuple[Served, Served]) -> None:
    one, other = pair
    for number in range(10):
        name = f"new-{number}"
        one.put(person(name))
        seq = one.answer("a", k=1)["as_of_seq"]
        answer = other.answer("a", k=50, min_seq=seq)
        assert answer["as_of_seq"] >= seq
        assert name in {peer["member_id"] for peer in answer["peers"]}
        found = other.client.post("/v1/buddies:search", params={"min_seq": seq}, json={"member_id": name, "k": 1})
        assert found.status_code == 200
        assert other.client.get(f"/v1/members/{name}", params={"min_seq": seq}).status_code == 200
        assert other.client.get(f"/v1/members/{name}/matches", params={"min_seq": seq}).status_code == 200


READS = ["/v1/members/a/buddies", "/v1/members/a", "/v1/members/a/matches", "/v1/members/a/matches/" + "0" * 24]


def test_a_change_that_has_not_happened_is_a_wrong_question(pair: tuple[Served, Served]) -> None:
    _, other = pair
    replies = [other.client.get(path, params={"min_seq": 10**12}) for path in READS]
    replies.append(other.client.post("/v1/buddies:search", params={"min_seq": 10**12}, json={"member_id": "a"}))
    for reply in replies:
        assert reply.status_code == 422, reply.text
        assert [error["where"] for error in reply.json()["errors"]] == ["min_seq"]


@pytest.mark.parametrize("wrong", ["-1", "x", "", "9" * 30])
def test_a_min_seq_that_is_no_number_of_a_change(pair: tuple[Served, Served], wrong: str) -> None:
    for path in READS:
        assert pair[0].client.get(path, params={"min_seq": wrong}).status_code == 422


def test_whoever_waits_does_not_wait_for_ever(pair: tuple[Served, Served]) -> None:
    one, other = pair
    with other.community.index._writing:  # somebody is at it, and takes long
        one.put(person("new"))
        seq = one.answer("a", k=1)["as_of_seq"]
        behind = other.client.get("/v1/members/a/buddies", params={"min_seq": seq})
        assert behind.status_code == 503
        assert behind.json()["type"].endswith(":behind")
        append_changes(one, 4)
        ready = other.client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"]["index"] == "ok"
        assert "changes are yet to be followed" in ready.json()["checks"]["lag"]
        assert ready.json()["lag"] > 3
        assert "lag: " in ready.json()["detail"]
        scraped = other.client.get("/metrics", headers=bearer(other.community, "admin")).text
        lag = next(line for line in scraped.splitlines() if line.startswith("peer_matcher_index_lag_changes "))
        assert float(lag.split()[1]) > 3
    assert other.client.get("/v1/members/a/buddies", params={"min_seq": seq}).status_code == 200
    until(lambda: bool(other.client.get("/readyz").json().get("lag") == 0))


def append_changes(served: Served, count: int) -> None:
    served.community.database.write(
        lambda connection: append(connection, "upsert", ["a"] * count, served.community.settings.now())
    )


def test_another_version_of_the_tables_is_named(pair: tuple[Served, Served], place: Place) -> None:
    place.execute("update alembic_version set version_num = 'newer'")
    ready = pair[0].client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["migrations"] == "another version of the service has changed the tables"
    assert ready.json()["checks"]["database"] == "ok"
    assert pair[0].client.get("/livez").status_code == 200


def test_following_outlives_a_database_that_is_away(
    pair: tuple[Served, Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = pair
    stop, calls = threading.Event(), list[str]()

    def catch_up() -> object:
        calls.append("asked")
        if len(calls) < 3:
            raise OperationalError("select", {}, OSError("gone"))
        stop.set()
        return one.community.index.view()

    monkeypatch.setattr(one.community.index, "catch_up", catch_up)
    follow_regularly(one.community, stop)
    assert len(calls) >= 3
