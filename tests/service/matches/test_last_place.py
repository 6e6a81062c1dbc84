"""The last place of a mentor goes to exactly one, however many reach for it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from sqlalchemy import Connection

from matcher.members.profile import MAX_CAPACITY
from service.community import Community
from service.settings import moved
from service.storage import matches
from service.storage.match_row import MatchRow
from service.use_cases.list_matches import list_matches
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.store_members import store_members
from tests.database_places import KINDS
from tests.service.conftest import Serve, Served
from tests.service.matches.conftest import person


@pytest.fixture(scope="session", params=KINDS)
def stored_in(request: pytest.FixtureRequest) -> str:
    """Each kind in turn, always: the databases decide who gets a place."""
    return str(request.param)


SIZES = [(20, 5), pytest.param((200, 50), marks=pytest.mark.long)]
"""How many reach for a place at once, and how many times."""
ALL_AT_ONCE_S = 120.0
PATIENT: dict[str, object] = {"queue_target_s": ALL_AT_ONCE_S, "queue_burst_s": ALL_AT_ONCE_S}
"""Nobody is turned away for want of time: this is about places."""


def posted(served: Served, wanted: Sequence[tuple[str, dict[str, object]]]) -> Counter[tuple[int, str]]:
    """Status and problem of requests that are all under way at once."""
    start = Barrier(len(wanted))
    everybody = httpx.Limits(max_connections=len(wanted))
    with (
        httpx.Client(
            base_url=served.client.base_url, headers=served.client.headers, timeout=120, limits=everybody
        ) as client,
        ThreadPoolExecutor(len(wanted)) as pool,
    ):

        def post(path: str, body: dict[str, object]) -> tuple[int, str]:
            start.wait(ALL_AT_ONCE_S)
            reply = client.post(path, json=body)
            told = reply.json()
            return reply.status_code, told.get("type", told.get("state")).rpartition(":")[2]

        return Counter(pool.map(lambda one: post(*one), wanted))


def standing_proposals(community: Community, mentor: str, seekers: Sequence[str], round_: int) -> list[str]:
    """A proposal of each seeker to one mentor, as stored: no mentor has so many places, but a defect, a restored backup
    or another program may leave such rows behind, and acceptance must hold by itself."""
    now = community.settings.now()
    until = moved(now, 14)
    rows = [
        MatchRow(f"{round_:08x}{number:016x}", "mentor", seeker, mentor, "proposed", now, until, "yes", now)
        for number, seeker in enumerate(seekers)
    ]

    def add(connection: Connection) -> None:
        matches.add(connection, rows)
        matches.announce(connection, {mentor, *seekers}, now)

    community.database.write(add)
    return [row.match_id for row in rows]


def accepted_of(community: Community, mentor: str) -> int:
    page = list_matches(community, mentor, 1000)
    return sum(match.state == "accepted" for match in page.matches)


@pytest.mark.parametrize("size", SIZES)
def test_of_many_accepts_one_makes_a_match(serve: Serve, size: tuple[int, int]) -> None:
    many, rounds = size
    seekers = [f"seeker-{number}" for number in range(many)]
    with serve(**PATIENT) as served:
        community = served.community
        store_members(community.database, [person(seeker, buddy_capacity=50) for seeker in seekers])
        for round_ in range(rounds):
            mentor = f"mentor-{round_}"
            store_members(community.database, [person(mentor, mentor_capacity=1)])
            standing = standing_proposals(community, mentor, seekers, round_)
            yes: dict[str, object] = {"member_id": mentor}
            outcome = posted(served, [(f"/v1/matches/{match_id}:accept", yes) for match_id in standing])
            assert outcome == {(200, "accepted"): 1, (409, "no-place-left"): many - 1}
            assert accepted_of(community, mentor) == 1
            assert community.index.catch_up().index.relations.load(mentor).mentees == many, "the rest expire"


@pytest.mark.parametrize("size", SIZES)
def test_of_many_proposals_one_gets_the_place(serve: Serve, size: tuple[int, int]) -> None:
    many, rounds = size
    seekers = [f"seeker-{number}" for number in range(many)]
    with serve(open_proposals=rounds, **PATIENT) as served:
        community = served.community
        store_members(community.database, [person(seeker) for seeker in seekers])
        for round_ in range(rounds):
            mentor = f"mentor-{round_}"
            store_members(community.database, [person(mentor, mentor_capacity=1)])
            asked: list[tuple[str, dict[str, object]]] = [
                ("/v1/matches", {"kind": "mentor", "member_id": seeker, "peer_id": mentor}) for seeker in seekers
            ]
            assert posted(served, asked) == {(201, "proposed"): 1, (409, "no-place-left"): many - 1}
            assert community.index.catch_up().index.relations.load(mentor).mentees == 1


def test_after_a_capacity_was_lowered_one_accept_wins(serve: Serve) -> None:
    """The same by the calls alone: as many proposals as a mentor can have, and then one place."""
    seekers = [f"seeker-{number}" for number in range(MAX_CAPACITY)]
    with serve(**PATIENT) as served:
        community = served.community
        wide = person("mentor", mentor_capacity=MAX_CAPACITY)
        store_members(community.database, [*(person(seeker) for seeker in seekers), wide])
        standing = [propose_match(community, Proposal("mentor", seeker, "mentor")).match_id for seeker in seekers]
        served.put(wide, mentor_capacity=1)
        yes: dict[str, object] = {"member_id": "mentor"}
        outcome = posted(served, [(f"/v1/matches/{match_id}:accept", yes) for match_id in standing])
        assert outcome == {(200, "accepted"): 1, (409, "no-place-left"): MAX_CAPACITY - 1}
        assert accepted_of(community, "mentor") == 1


def test_a_yes_and_a_no_at_once(serve: Serve) -> None:
    """One of the two comes first, and what both are told fits that."""
    with serve() as served:
        community = served.community
        store_members(community.database, [person("a", buddy_capacity=50), person("b", buddy_capacity=50)])
        for round_ in range(6):
            peer = f"peer-{round_}"
            store_members(community.database, [person(peer)])
            made = propose_match(community, Proposal("buddy", "a", peer)).match_id
            outcome = posted(
                served,
                [
                    (f"/v1/matches/{made}:accept", {"member_id": peer}),
                    (f"/v1/matches/{made}:decline", {"member_id": "a"}),
                ],
            )
            assert outcome in (
                {(200, "accepted"): 1, (409, "match-not-open"): 1},
                {(200, "proposed"): 1, (200, "declined"): 1},
            )
