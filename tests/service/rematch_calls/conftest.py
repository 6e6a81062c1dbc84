"""A small community that is served, and an analyst who asks it; and plans made by hand, to be applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from matcher import MemberProfile
from matcher.rematch.config import RematchConfig
from service import job_folders
from service.caller import Caller
from service.community import Community
from service.settings import Settings
from service.storage import rematches
from service.storage.rematches import RematchRow
from service.use_cases.answer_match import accept_match
from service.use_cases.apply_rematch import apply_rematch
from service.use_cases.jobs import new_id, queue
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.rematch_store import Changes, PlannedTie, write_changes
from service.use_cases.rematches import SeenRematch
from service.use_cases.store_members import store_members
from tests.database_places import POSTGRESQL, SQLITE, Place
from tests.service.conftest import Serve, Served, bearer, do_all_jobs
from tests.service.matches.conftest import Clock, person

ANALYST = Caller("0123456789ab", "analyst")
Ties = Sequence[tuple[str, str, str]]


@pytest.fixture(scope="session", params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.long)])
def stored_in(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def community(place: Place, tmp_path: Path, clock: Clock) -> Iterator[Community]:
    """Nobody yet."""
    opened = Community.open(
        Settings(place.target, index_folder=place.index_folder, jobs_folder=tmp_path / "jobs", clock=clock)
    )
    opened.index.start()
    yield opened
    opened.database.close()


def store(community: Community, names: str, **fields: object) -> None:
    """Members of one letter each."""
    store_members(community.database, [person(name, **fields) for name in names])


def tie(community: Community, kind: str, one: str, other: str) -> str:
    """A tie that both have accepted; its id."""
    match = propose_match(community, Proposal(kind, one, other))  # type: ignore[arg-type]
    assert accept_match(community, match.match_id, other).state == "accepted"
    return match.match_id


def by_hand(
    community: Community,
    new: Ties,
    broken: Ties = (),
    *,
    limit: int | None = None,
    triads: Ties = (),
    **config: Any,
) -> str:
    """A plan that makes and breaks these ties; its id."""
    row = RematchRow(new_id(), new_id(), ANALYST.key_id, community.settings.now())
    planned = [tuple(PlannedTie(*one) for one in ties) for ties in (new, broken)]  # type: ignore[arg-type]
    asked = RematchConfig.parse(config).model_dump(mode="json")
    changes = Changes(asked, 0, limit, (), planned[0], planned[1], tuple(triads), {})
    folder = f"{row.job_id}/attempt-1"
    with job_folders.filling(community.settings.jobs, folder) as filled:
        write_changes(filled, changes)

    def put(connection: Any) -> None:
        queue(connection, "by-hand", row.owner, {}, row.created_at, row.job_id)
        rematches.add(connection, row)
        assert rematches.put_plan(connection, row.rematch_id, folder, row.created_at)

    community.database.write(put)
    return row.rematch_id


def apply(community: Community, rematch_id: str, revision: int = 1) -> SeenRematch:
    return apply_rematch(community, ANALYST, rematch_id, revision)


def applied(community: Community, new: Ties, broken: Ties = (), **more: Any) -> dict[str, Any]:
    """Apply a plan made by hand; how many of its changes were made."""
    seen = apply(community, by_hand(community, new, broken, **more))
    assert seen.applied is not None
    return seen.applied


@dataclass
class Rematches:
    """A service, and an analyst who asks it."""

    served: Served
    key: dict[str, str]

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        return self.served.client.request(method, path, headers=self.key | (headers or {}), **more)

    def work(self) -> None:
        """Do every job that waits."""
        do_all_jobs(self.served.community)

    def plan(self, **config: Any) -> tuple[str, dict[str, Any]]:
        """A plan that is worked out: its address, and what is told of it."""
        reply = self.ask("POST", "/v1/rematches", json={"config": config})
        assert reply.status_code == 202, reply.text
        self.work()
        address = reply.headers["location"]
        return address, self.ask("GET", address).json()

    def apply(self, address: str, revision: int = 1) -> httpx.Response:
        return self.ask("POST", f"{address}:apply", {"if-match": f'"{revision}"'})

    def tie(self, kind: str, one: str, other: str) -> None:
        client = self.served.client
        body = {"kind": kind, "member_id": one, "peer_id": other}
        made = client.post("/v1/matches", json=body)
        assert made.status_code == 201, made.text
        match_id = made.json()["match_id"]
        assert client.post(f"/v1/matches/{match_id}:accept", json={"member_id": other}).json()["state"] == "accepted"


def drawn(count: int) -> list[MemberProfile]:
    """Members who all may meet, unlike each other."""
    seeks = ["buddy", "mentor"]
    return [
        person(
            f"m{number:02}",
            birth_year=1950 + number,
            buddy_capacity=1,
            interests=[f"tag-{number % 5}"],
            needs=[["emotional", "informational", "companionship"][number % 3]],
            offers=[["emotional", "informational", "companionship"][number % 2]],
            seeks=[*seeks[: 1 + number % 2], "group"],
            mentor_approved=number % 4 == 0,
        )
        for number in range(count)
    ]


@pytest.fixture
def asking(serve: Serve, tmp_path: Path, clock: Clock) -> Iterator[Rematches]:
    with serve(jobs_folder=tmp_path / "jobs", as_of=None, clock=clock) as served:
        yield Rematches(served, bearer(served.community, "analyst"))
