"""Members at whom all clients reach at once: what was acknowledged stays, and no place is given twice.

Who comes first nobody can foretell here. But what the service has once said of a match holds from then on: it is there,
it is accepted, it has ended, this member has declined it.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from tests.faults.http_client import Client
from tests.service.matches.conftest import person

MENTORS, SEEKERS, BUDDIES = 3, 8, 6
STEPS = 60
"""After so many others take their place: pairs do not meet twice."""
PLACES = 1
"""Of every mentor, and of everybody as a buddy."""


@dataclass(frozen=True)
class Fact:
    """What the service has said of a match."""

    kind: str
    asker: str
    peer: str
    accepted: bool = False
    ended: bool = False
    declined: frozenset[str] = frozenset()

    def fits(self, seen_by: str, state: str) -> bool:
        """Whether a view goes together with it, now or later."""
        if seen_by in self.declined:
            return state == "declined"
        if self.ended:
            return state == "ended"
        return not self.accepted or state in {"accepted", "ended"}


class Arena:
    """Members of all clients. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generation = -1
        self._steps = STEPS
        self._facts: dict[str, Fact] = {}
        self._left: dict[str, Fact] = {}
        self.outcomes: Counter[str] = Counter()

    def step(self, client: Client, rng: random.Random) -> None:
        """Do one thing to somebody.

        Raises:
            CutOffError: if no answer came; then nothing is known of it.
        """
        with self._lock:
            if self._steps >= STEPS:
                self._bring_in(client)
            self._steps += 1
        what = rng.choices(["propose", "accept", "decline", "end", "list"], [8, 8, 2, 2, 4])[0]
        if what == "propose":
            self._propose(client, rng)
        elif what == "list":
            self.check(client, rng.choice(self._people()))
        else:
            self._answer(client, rng, what)

    def check(self, client: Client, member_id: str, facts: dict[str, Fact] | None = None) -> None:
        """Compare a member's view with all that is known, and with the places that the member has."""
        with self._lock:
            known = dict(self._facts if facts is None else facts)
        reply = client.ask("GET", f"/v1/members/{member_id}/matches?limit=200")
        assert reply.status == 200, reply
        seen = {one["match_id"]: one for one in reply.body["matches"]}
        for match_id, fact in known.items():
            if member_id in {fact.asker, fact.peer}:
                assert match_id in seen, fact
                assert fact.fits(member_id, seen[match_id]["state"]), (fact, seen[match_id])
        standing = [one for one in seen.values() if one["state"] in {"proposed", "accepted"}]
        assert sum(one["kind"] == "buddy" for one in standing) <= PLACES
        assert sum(one["kind"] == "mentor" and not one["asked"] for one in standing) <= PLACES

    def check_all(self, client: Client) -> None:
        """The same for everybody whom anything is known of."""
        with self._lock:
            known = self._left | self._facts
        for member_id in sorted({one for fact in known.values() for one in (fact.asker, fact.peer)}):
            self.check(client, member_id, known)

    def _bring_in(self, client: Client) -> None:
        number = self._generation + 1
        fixed: dict[str, Any] = {"region": f"arena-{number}", "channels": ["in_person"], "mentor_capacity": PLACES}
        fixed |= {"buddy_capacity": PLACES}
        everybody = [person(member_id, **fixed) for member_id in _people(number)]
        body = [member.model_dump(mode="json", exclude_defaults=True) for member in everybody]
        reply = client.ask("POST", "/v1/members:import", body)
        assert [line["status"] for line in reply.body] == ["stored"] * len(everybody)
        self._left |= self._facts
        self._generation, self._steps, self._facts = number, 0, {}

    def _people(self) -> list[str]:
        return _people(max(self._generation, 0))

    def _propose(self, client: Client, rng: random.Random) -> None:
        people = self._people()
        if rng.random() < 0.7:
            kind, asker, peer = "mentor", rng.choice(people[MENTORS : MENTORS + SEEKERS]), rng.choice(people[:MENTORS])
        else:
            kind, (asker, peer) = "buddy", rng.sample(people[-BUDDIES:], 2)
        body = {"kind": kind, "member_id": asker, "peer_id": peer}
        reply = client.ask("POST", "/v1/matches", body)
        self._count(reply.told, {"done", "already-matched", "no-place-left", "not-eligible"})
        if reply.status == 201:
            with self._lock:
                self._facts[reply.body["match_id"]] = Fact(kind, asker, peer)

    def _answer(self, client: Client, rng: random.Random, what: str) -> None:
        with self._lock:
            newest = list(self._facts.items())[-8:]
        if not newest:
            return
        match_id, fact = rng.choice(newest)
        member_id = fact.peer if rng.random() < 0.8 else fact.asker
        reply = client.ask("POST", f"/v1/matches/{match_id}:{what}", {"member_id": member_id})
        self._count(reply.told, {"done", "match-not-open", "match-not-accepted", "no-place-left", "not-eligible"})
        if reply.status == 200:
            assert fact.fits(member_id, reply.body["state"]), (fact, reply.body)
            with self._lock:
                self._learn(match_id, member_id, reply.body["state"])

    def _learn(self, match_id: str, member_id: str, state: str) -> None:
        facts = self._facts if match_id in self._facts else self._left
        fact = facts[match_id]
        facts[match_id] = replace(
            fact,
            accepted=fact.accepted or state in {"accepted", "ended"},
            ended=fact.ended or state == "ended",
            declined=fact.declined | {member_id} if state == "declined" else fact.declined,
        )

    def _count(self, told: str, foreseen: set[str]) -> None:
        assert told in foreseen
        with self._lock:
            self.outcomes[told] += 1


def _people(generation: int) -> list[str]:
    return [f"arena-{generation}-{number}" for number in range(MENTORS + SEEKERS + BUDDIES)]
