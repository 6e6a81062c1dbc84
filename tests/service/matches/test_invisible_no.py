"""A no of one side is seen in nothing that the other side can be answered, byte for byte, before or after it expires.

Two communities live through the same days. In one of them a member says no; in the other that member has not answered
yet, and somebody who has nothing to do with it changes their profile instead, so that the change log is as long. Ids
and the clock are the same in both, so nothing at all has to be left out of the comparison.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from matcher import MemberProfile
from service.app import create_app
from service.community import Community
from service.settings import Settings
from service.use_cases.export_member import export_member
from service.use_cases.store_members import store_members
from tests.database_places import place_of
from tests.service.conftest import bearer
from tests.service.matches.conftest import START, person

SILENT, OTHER, STRANGER = "silent-or-not", "other", "stranger"
FULL = 19
"""Members without a place: with the silent one they are 20, without 19, and figures are rounded down to tens."""


def everybody() -> list[MemberProfile]:
    full = [person(f"full-{number:02}", buddy_capacity=0, mentor_capacity=0) for number in range(FULL)]
    free = [person(f"free-{number}") for number in range(4)]
    pair = [person(SILENT, buddy_capacity=1, mentor_capacity=1), person(OTHER)]
    return [*full, *free, *pair, person(STRANGER, consent=False)]


class World:
    """One community, what is said in it, and everything that the other side was answered."""

    def __init__(self, settings: Settings, clock: list[datetime]) -> None:
        self.community = Community.open(settings)
        store_members(self.community.database, everybody(), settings.now)
        self.community.index.start()
        self.clock = clock
        self.told: list[tuple[str, int, dict[str, str], str]] = []
        transport = httpx.ASGITransport(create_app(self.community))
        key = bearer(self.community)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=key)
        self._runner = asyncio.Runner()

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
        self.community.database.close()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, json=body))

    def said(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """What is done in this world, whether or not the other side is answered anything."""
        reply = self.ask(method, path, body)
        assert reply.status_code in {200, 201}, reply.text
        return reply

    def other_asks(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        reply = self.ask(method, path, body)
        self.told.append((f"{method} {path}", reply.status_code, dict(reply.headers), reply.text))

    def look_around(self, match_id: str) -> None:
        """Everything that the other side can ask without changing what comes after."""
        own = f"/v1/members/{OTHER}"
        profile = person(OTHER).model_dump(mode="json")
        for path in ("", "/matches", "/matches?limit=1", f"/matches/{match_id}"):
            self.other_asks("GET", own + path)
        for kind, k in itertools.product(("buddy", "mentor"), (1, 1000)):
            self.other_asks("GET", f"{own}/buddies?kind={kind}&k={k}")
            self.other_asks("POST", "/v1/buddies:search", {"profile": profile, "kind": kind, "k": k})
            self.other_asks("POST", "/v1/buddies:search", {"member_id": OTHER, "kind": kind, "weights": {"age": 1}})
            for one, another in ((OTHER, SILENT), (OTHER, "full-00"), (OTHER, OTHER)):
                self.other_asks("POST", "/v1/matches", {"kind": kind, "member_id": one, "peer_id": another})
        self.other_asks("POST", f"/v1/matches/{match_id}:end", {"member_id": OTHER})
        self.other_asks("POST", "/v1/feedback", {"match_id": match_id, "member_id": OTHER, "fit": 3, "keep": True})
        self.told.append(("export", 200, {}, json.dumps(export_member(self.community, OTHER))))


@contextmanager
def worlds(
    kind: str, folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> Iterator[Callable[[], World]]:
    """Makes worlds with clocks and ids of their own."""
    with ExitStack() as open_ones:

        def make() -> World:
            number = itertools.count(1)
            monkeypatch.setattr("secrets.token_hex", lambda size: f"{next(number):0{2 * size}x}")
            monkeypatch.setattr("secrets.token_bytes", bytes)  # cursors are signed alike
            inside = folder / str(next(folders))
            inside.mkdir()
            place = open_ones.enter_context(place_of(kind, inside, lambda: request.getfixturevalue("postgresql")))
            clock = [START]
            chosen = Settings(place.target, index_folder=place.index_folder, clock=lambda: clock[0], **settings)
            world = World(chosen, clock)
            open_ones.callback(world.close)
            return world

        folders = itertools.count()
        yield make


def propose(world: World, asker: str, kind: str, accepted: bool) -> str:
    peer = OTHER if asker == SILENT else SILENT
    body = {"kind": kind, "member_id": asker, "peer_id": peer, "accepted": accepted}
    match_id: str = world.said("POST", "/v1/matches", body).json()["match_id"]
    return match_id


HOW = ("decline", "block", "hold")
"""A no in so many words, and steps that amount to one."""


def say_no(world: World, how: str, match_id: str) -> None:
    if how == "decline":
        world.said("POST", f"/v1/matches/{match_id}:decline", {"member_id": SILENT, "reason": "no_fit"})
    elif how == "block":
        world.said("POST", "/v1/blocks", {"member_id": SILENT, "blocked": OTHER})
    else:
        held = person(SILENT, buddy_capacity=1, mentor_capacity=1, status="held")
        world.said("PUT", f"/v1/members/{SILENT}", held.model_dump(mode="json"))


def lived(
    world: World, no: bool, asker: str, kind: str, answer: str | None, for_both: bool, how: str = "decline"
) -> World:
    """A life of the pair: proposed, perhaps a no, what the other side does then, and all it is told to the end.

    Who asks for both has not answered; who asks for themself and then says no takes a yes back.
    """
    match_id = propose(world, asker, kind, accepted=not for_both and (asker == OTHER or no))
    world.look_around(match_id)
    world.clock[0] += timedelta(days=1)
    if no:
        say_no(world, how, match_id)
    else:
        for alias in ("new", "newer")[: 1 if how == "decline" else 2]:  # as many lines in the log
            fields = person(STRANGER, consent=False, alias=alias).model_dump(mode="json")
            world.said("PUT", f"/v1/members/{STRANGER}", fields)
    world.clock[0] += timedelta(hours=1)  # no two steps fall on one moment
    world.look_around(match_id)
    if answer is not None:
        for _ in range(2):
            world.other_asks("POST", f"/v1/matches/{match_id}:{answer}", {"member_id": OTHER})
            world.look_around(match_id)
    for peer in ("free-0", "free-1"):  # until no place is left
        world.other_asks("POST", "/v1/matches", {"kind": "buddy", "member_id": OTHER, "peer_id": peer})
    for days in (12, 1, 0, 1, 400):
        world.clock[0] += timedelta(days=days)
        world.look_around(match_id)
    for late in ("accept", "decline"):
        world.other_asks("POST", f"/v1/matches/{match_id}:{late}", {"member_id": OTHER})
    world.other_asks("POST", "/v1/blocks", {"member_id": OTHER, "blocked": SILENT})
    world.look_around(match_id)
    return world


LIVES = [
    (OTHER, "buddy", None, False),
    (OTHER, "mentor", None, False),
    (OTHER, "buddy", "accept", False),
    (OTHER, "buddy", "decline", False),
    (OTHER, "buddy", "accept", True),
    (SILENT, "buddy", "accept", False),
    (SILENT, "mentor", "accept", False),
    (SILENT, "buddy", "accept", True),
    (SILENT, "buddy", "decline", False),
    (SILENT, "buddy", None, False),
]


ALWAYS = [(life, None) for life in LIVES[2:6:3]] + [(LIVES[0], 365)]
"""Lives and windows of the default suite."""


@pytest.mark.parametrize(
    ("life", "repeat_after_days"),
    [
        pytest.param(life, days, marks=() if (life, days) in ALWAYS else pytest.mark.long)
        for life in LIVES
        for days in (None, 365)
    ]
    + [
        pytest.param((*life, how), None, marks=() if (life, how) == (LIVES[2], "block") else pytest.mark.long)
        for life in LIVES
        for how in HOW[1:]
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_a_no_is_in_no_answer(
    stored_in: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    life: Any,
    repeat_after_days: int | None,
) -> None:
    with worlds(stored_in, tmp_path, request, monkeypatch, repeat_after_days=repeat_after_days) as make:
        with_no = lived(make(), True, *life)
        without = lived(make(), False, *life)
    for told, expected in zip(with_no.told, without.told, strict=True):
        assert told == expected, (told[0], told[3], expected[3])
    texts = [text for _, status, _, text in without.told if status == 200]
    assert any('"state":"expired"' in text for text in texts) or "decline" in life


def test_the_one_who_said_no_is_free_at_once_and_sees_it(
    stored_in: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the comparison above has something to find: the two worlds do differ, for the one and for third members."""
    with worlds(stored_in, tmp_path, request, monkeypatch) as make:
        world = make()
        match_id = propose(world, OTHER, "buddy", accepted=True)

        def listed(member_id: str) -> set[str]:
            text = world.said("GET", f"/v1/members/{member_id}/buddies?k=50").text
            return {peer["member_id"] for peer in json.loads(text)["peers"]}

        assert SILENT not in listed("free-0")
        assert listed(SILENT) == set()
        world.said("POST", f"/v1/matches/{match_id}:decline", {"member_id": SILENT})
        assert SILENT in listed("free-0")
        assert listed(SILENT) == {"free-0", "free-1", "free-2", "free-3"}
        seen = world.said("GET", f"/v1/members/{SILENT}/matches").json()["matches"][0]
        assert (seen["state"], seen["your_answer"]) == ("declined", "declined")
        with_other = world.ask("POST", "/v1/matches", {"kind": "buddy", "member_id": SILENT, "peer_id": OTHER})
        assert with_other.json()["type"].endswith(":not-eligible")
