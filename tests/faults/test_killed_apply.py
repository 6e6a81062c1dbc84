"""Killed while a rematch is applied, or a swap is made: all of it has happened or nothing, and it can be gone on."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.community import Community
from service.settings import Settings
from service.storage import matches, rematches
from service.storage.match_row import SIDES, MatchRow
from service.storage.tables import audit
from tests.database_places import POSTGRESQL, SQLITE
from tests.faults.crash_points import APPLYING
from tests.faults.http_client import Client, CutOffError
from tests.faults.launcher import Crashing
from tests.faults.running import Running, Site
from tests.service.conftest import bearer_of
from tests.service.rematch_calls.conftest import by_hand, store, tie

PAIRS, ALONE = ["ab", "cd", "ef", "gh"], "ijklmn"
NEW = ["ac", "bd", "eg", "fh", "ij", "kl", "mn"]
"""Two swaps of two pairs, and three proposals for members who have nobody."""
ROUNDS = [4, pytest.param(40, marks=pytest.mark.long)]


@pytest.fixture(scope="session", params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.long)])
def stored_in(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture
def community(site: Site) -> Iterator[Community]:
    """The same database beside the service, with pairs that are to be swapped."""
    opened = Community.open(
        Settings(site.place.target, index_folder=site.place.index_folder, jobs_folder=site.folder / "jobs")
    )
    store(opened, "".join(PAIRS) + ALONE, buddy_capacity=1)
    for pair in PAIRS:
        tie(opened, "buddy", pair[0], pair[1])
    yield opened
    opened.database.close()


def planned(community: Community) -> str:
    new, old = ([("buddy", pair[0], pair[1]) for pair in pairs] for pairs in (NEW, PAIRS))
    return by_hand(community, new, old, limit=4)


def rows(community: Community) -> list[MatchRow]:
    with community.database.reading() as connection:
        return list(matches.everyone(connection))


def happened(community: Community, rematch_id: str) -> bool:
    """Whether the plan is applied; all of it or nothing is there."""
    with community.database.reading() as connection:
        row = rematches.one(connection, rematch_id)
        steps = rematches.steps_of(connection, rematch_id)
        events = Counter(connection.execute(select(audit.c.action).where(audit.c.kind == "match")).scalars())
        told = select(audit.c.outcome).where(audit.c.action == "apply", audit.c.object_id == rematch_id)
        outcomes = list(connection.execute(told).scalars())
    assert row is not None
    done = row.applied_at is not None
    found = [one for one in rows(community) if one.rematch_id == rematch_id]
    assert len(found) == (len(NEW) if done else 0)
    assert len(steps) == (len(NEW) + len(PAIRS) if done else 0)
    assert outcomes.count("done") == done
    assert events["propose"] == len(PAIRS) + len(found)
    accepted = Counter(one.member(side) for one in rows(community) if one.state == "accepted" for side in SIDES)
    assert accepted == Counter("".join(PAIRS)), "nobody has lost anything, and nobody has more than there is room for"
    return done


def ask(running: Running, headers: dict[str, str], method: str, path: str, body: Any = None) -> Any:
    with Client(running.url, headers | {"if-match": '"1"'}) as client:
        return client.ask(method, path, body)


@pytest.mark.parametrize("point", sorted(APPLYING))
def test_killed_at_a_named_point(site: Site, community: Community, tmp_path: Path, point: str) -> None:
    headers, rematch_id = bearer_of(site.place.target, "admin"), planned(community)
    running = site.serve(Crashing(point, 1, tmp_path / "evidence"))
    assert running is not None
    path = f"/v1/rematches/{rematch_id}:apply"
    with pytest.raises(CutOffError):
        ask(running, headers, "POST", path)
    assert running.process.wait() == -9
    assert happened(community, rematch_id) == (point == "after-application")
    running = site.serve()
    assert running is not None
    try:
        reply = ask(running, headers, "POST", path)
        assert reply.told == ("applied" if point == "after-application" else "done")
        assert happened(community, rematch_id)
        peers = ask(running, headers, "GET", "/v1/members/i/buddies?k=50").body["peers"]
        assert peers == [], "the index knows that all places are taken"
    finally:
        running.process.kill()
        running.process.wait()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_killed_anywhere(site: Site, community: Community, rounds: int) -> None:
    rng = random.Random(11)
    headers, rematch_id = bearer_of(site.place.target, "admin"), planned(community)
    path, applied = f"/v1/rematches/{rematch_id}:apply", False
    for _ in range(rounds):
        running = site.serve()
        assert running is not None
        killer = threading.Timer(rng.uniform(0.0, 0.08), running.process.kill)
        killer.start()
        try:
            reply = ask(running, headers, "POST", path)
            assert reply.told == ("applied" if applied else "done")
            applied = True
        except CutOffError:
            pass
        killer.join()
        assert running.process.wait() == -9
        done = happened(community, rematch_id)
        assert done or not applied, "what was acknowledged holds"
        applied = done


def test_killed_in_a_swap(site: Site, community: Community, tmp_path: Path) -> None:
    headers, rematch_id = bearer_of(site.place.target, "admin"), planned(community)
    running = site.serve(Crashing("in-swap", 1, tmp_path / "evidence"))
    assert running is not None
    assert ask(running, headers, "POST", f"/v1/rematches/{rematch_id}:apply").told == "done"
    swap = [row for row in rows(community) if row.swap == 0]
    answers = [(row.match_id, row.member(side)) for row in swap for side in SIDES]
    for match_id, name in answers[:-1]:
        assert ask(running, headers, "POST", f"/v1/matches/{match_id}:accept", {"member_id": name}).told == "done"
    last = f"/v1/matches/{answers[-1][0]}:accept", {"member_id": answers[-1][1]}
    with pytest.raises(CutOffError):
        ask(running, headers, "POST", *last)
    assert running.process.wait() == -9
    assert happened(community, rematch_id), "every tie stands"
    running = site.serve()
    assert running is not None
    try:
        assert ask(running, headers, "POST", *last).body["state"] == "accepted"
        found = Counter(row.member(side) for row in rows(community) if row.state == "accepted" for side in SIDES)
        assert found == Counter("".join(PAIRS)), "everybody has one, as before"
        assert sum(row.system_reason == "rematch" for row in rows(community)) == 2
    finally:
        running.process.kill()
        running.process.wait()
