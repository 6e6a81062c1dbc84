"""Some members whom one client alone speaks for, so that every answer about them is known beforehand.

Members of an island meet in person in a region of their own: nobody elsewhere is eligible for them, whatever else the
service does at the same time. The model of matches (:mod:`tests.service.matches.model`) takes every step that the
service has acknowledged. A step that was cut off has been taken or not; a look at all members tells which, and
whatever else is seen is a defect.
"""

from __future__ import annotations

import copy
import itertools
import random
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from matcher import MemberProfile
from matcher.members.vocabulary import KINDS
from service.storage.database import Database
from service.storage.tables import feedback
from tests.faults.http_client import Client, Reply
from tests.faults.launcher import CHUNK_LINES
from tests.service.matches.conftest import START, person
from tests.service.matches.model import Model, RefusedError

SIZE = 8
STEPS = 160
"""After so many the island is left to itself and another one is settled: pairs do not meet twice."""
DOORS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {"status": "paused"},
    {"status": "held"},
    {"status": "withdrawn"},
    {"consent": False},
    {"birth_year": 2010},
    {"buddy_capacity": 1},
    {"buddy_capacity": 0},
    {"buddy_capacity": 4},
    {"mentor_capacity": 1},
    {"mentor_approved": False},
    {"gender": "woman", "only_genders": ["woman"]},
    {"clinic": "north", "avoid_same_clinic": True},
)
WEIGHTS = {
    "put": 12,
    "get": 5,
    "remove": 0.7,
    "load": 3,
    "propose": 20,
    "accept": 16,
    "decline": 6,
    "end": 3,
    "say": 4,
    "block": 1,
    "buddies": 16,
    "search": 3,
    "list": 10,
}
Taking = Callable[[Model], None]
Views = dict[str, tuple[str, str | None]]
Said = dict[tuple[str, str], tuple[int, bool]]
"""Feedback by match and member."""


@dataclass
class Step:
    """Something that was asked and has no answer: the models of which one must hold by now."""

    asked: str
    after: list[Taking]
    """What each of its parts does; a prefix of them has been done."""
    again: dict[str, str] | None = None
    """Of a block, what is asked: it is asked again, as a block of somebody who was removed shows nowhere until they
    come back."""


class Island:
    """The members, the client's model of them, and its next steps."""

    def __init__(self, name: str, seed: int, feedback: Callable[[], Said]) -> None:
        self._name = name
        self._random = random.Random(f"{name} {seed}")
        self._feedback = feedback
        self._numbers = itertools.count()
        self._steps = 0
        self._open: Step | None = None
        self.model = Model([], START, None)
        self.said: Said = {}
        self._removed: set[str] = set()
        self.left: list[tuple[Model, Said]] = []
        """The islands before this one, which nobody changes any more."""
        self.outcomes: Counter[str] = Counter()
        self._settle_anew()

    def _settle_anew(self) -> None:
        if self.model.members:
            self.left.append((self.model, self.said))
        number = len(self.left)
        self.ids = [f"{self._name}-{number}-{letter}" for letter in "abcdefghijklmnop"[:SIZE]]
        self.region = f"{self._name}-{number}"
        self.model, self.said, self._steps = Model([], START, None), {}, 0

    def step(self, client: Client) -> None:
        """Take one step, and compare the answer with the model's.

        Raises:
            CutOffError: if no answer came; :meth:`settle` finds out what has been done.
        """
        if self._steps == STEPS:
            self._settle_anew()
        name = "load" if self._steps == 0 else self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        getattr(self, f"_{name}")(client)
        self._steps += 1

    def settle(self, client: Client) -> None:
        """See what of the last step has been done, and compare every member with the model.

        Raises:
            CutOffError: as :meth:`step`.
        """
        seen, said = self._seen(client), self._feedback()
        if self._open is None:
            self._compare(seen, said, self.model, self.said)
        elif self._open.again is not None and self._may_be_either(seen, said):
            self._compare_told(client.ask("POST", "/v1/blocks", self._open.again), self._open.after[0])
        else:
            candidates = self._candidates(self._open, seen)
            found = next((one for one in candidates if self._fits(seen, said, *one)), None)
            if found is None:
                print("neither done nor not done:", self._open.asked, [one[0].__dict__ for one in candidates], seen)
                self._compare(seen, said, *candidates[-1])
            assert found is not None
            self.model, self.said = found
            self._open = None
        for member_id in self.model.members:
            self._check_buddies(client, member_id)

    def look_back(self, client: Client) -> None:
        """Compare all islands that were left with what is stored of them now."""
        said = self._feedback()
        for model, told in self.left:
            for member_id, profile in model.members.items():
                assert self._same(_profile(client, member_id), profile)
                assert _views(client, member_id) == _told(model, member_id)
            assert {key: said.get(key) for key in told} == told

    # What is asked

    def _profile(self, member_id: str) -> MemberProfile:
        changed = self._random.choice(DOORS)
        unique = f"v{next(self._numbers)}-{self._name}"
        fixed = {"region": self.region, "channels": ["in_person"], "interests": [unique]}
        return person(member_id, **fixed, **changed)

    def _put(self, client: Client) -> None:
        member = self._profile(self._someone())
        body = member.model_dump(mode="json", exclude_defaults=True)
        self._change(client, "PUT", f"/v1/members/{member.member_id}", body, lambda model: model.put(member))

    def _load(self, client: Client) -> None:
        size = SIZE if self._steps == 0 else self._random.randint(2, SIZE)
        members = [self._profile(member_id) for member_id in self._random.sample(self.ids, size)]
        chunks = [members[first : first + CHUNK_LINES] for first in range(0, size, CHUNK_LINES)]

        def taking(chunk: list[MemberProfile]) -> Taking:
            return lambda model: model.put(*chunk)

        self._open = Step(f"import {members}", [taking(chunk) for chunk in chunks])
        body = [member.model_dump(mode="json", exclude_defaults=True) for member in members]
        reply = client.ask("POST", "/v1/members:import", body)
        assert reply.status == 200, reply
        assert [line["status"] for line in reply.body] == ["stored"] * size
        for take in self._open.after:
            take(self.model)
        self._open = None

    def _get(self, client: Client) -> None:
        member_id = self._someone()
        assert self._same(_profile(client, member_id), self.model.members.get(member_id))

    def _remove(self, client: Client) -> None:
        member_id = self._someone()
        self._removed.add(member_id)
        if self._change(client, "DELETE", f"/v1/members/{member_id}", None, lambda model: model.remove(member_id)):
            self.said = _kept(self.said, self.model, {member_id})

    def _propose(self, client: Client) -> None:
        asker, peer = self._random.sample(self.ids, 2)
        kind, accepted = self._random.choice(KINDS), self._random.random() < 0.7
        body = {"kind": kind, "member_id": asker, "peer_id": peer, "accepted": accepted}
        name = ["?"]
        take: Taking = lambda model: model.propose(name[0], kind, asker, peer, accepted)  # noqa: E731
        self._open = Step(f"propose {body}", [take])
        reply = client.ask("POST", "/v1/matches", body)
        if reply.status == 201:
            name[0] = reply.body["match_id"]
        self._compare_told(reply, take)

    def _accept(self, client: Client) -> None:
        match_id, member_id = self._some_match()
        path = f"/v1/matches/{match_id}:accept"
        self._change(client, "POST", path, {"member_id": member_id}, lambda model: model.accept(match_id, member_id))

    def _decline(self, client: Client) -> None:
        match_id, member_id = self._some_match()
        path = f"/v1/matches/{match_id}:decline"
        self._change(client, "POST", path, {"member_id": member_id}, lambda model: model.decline(match_id, member_id))

    def _end(self, client: Client) -> None:
        match_id, member_id = self._some_match()
        path = f"/v1/matches/{match_id}:end"
        self._change(client, "POST", path, {"member_id": member_id}, lambda model: model.end(match_id, member_id))

    def _block(self, client: Client) -> None:
        one, other = self._random.sample(self.ids, 2)
        body = {"member_id": one, "blocked": other}
        take: Taking = lambda model: model.block(one, other)  # noqa: E731
        self._open = Step(f"block {body}", [take], body)
        self._compare_told(client.ask("POST", "/v1/blocks", body), take)

    def _say(self, client: Client) -> None:
        match_id, member_id = self._some_match()
        fit, keep = self._random.randint(1, 5), self._random.random() < 0.5
        self._doubt(match_id, member_id)
        body = {"match_id": match_id, "member_id": member_id, "fit": fit, "keep": keep}
        told = client.ask("POST", "/v1/feedback", body).told
        match = self.model.matches.get(match_id)
        expected = "done"
        if match is None or member_id not in match.pair():
            expected = "unknown-match"
        elif match.seen(member_id, self.model.now) not in {"accepted", "ended"}:
            expected = "match-not-accepted"
        assert told == expected
        if told == "done":
            self.said[match_id, member_id] = (fit, keep)

    def _buddies(self, client: Client) -> None:
        self._check_buddies(client, self._someone())

    def _search(self, client: Client) -> None:
        member_id, kind = self._someone(), self._random.choice(KINDS)
        reply = client.ask("POST", "/v1/buddies:search", {"member_id": member_id, "kind": kind, "k": 50})
        self._check_peers(reply, member_id, kind)

    def _list(self, client: Client) -> None:
        member_id = self._someone()
        assert _views(client, member_id) == _told(self.model, member_id)

    # How it is compared

    def _change(self, client: Client, method: str, path: str, body: Any, take: Taking) -> bool:
        self._open = Step(f"{method} {path} {body}", [take])
        return self._compare_told(client.ask(method, path, body), take) == "done"

    def _compare_told(self, reply: Reply, take: Taking) -> str:
        expected = _outcome(self.model, take)
        self._open = None
        self.outcomes[expected] += 1
        assert reply.told == expected, (reply.status, reply.body)
        return expected

    def _check_buddies(self, client: Client, member_id: str) -> None:
        kind = self._random.choice(KINDS)
        reply = client.ask("GET", f"/v1/members/{member_id}/buddies?k=50&kind={kind}")
        self._check_peers(reply, member_id, kind)

    def _check_peers(self, reply: Reply, member_id: str, kind: Any) -> None:
        if member_id not in self.model.members:
            assert reply.told == "unknown-member"
            return
        assert reply.status == 200, reply
        assert reply.body["certified"]
        found = [peer["member_id"] for peer in reply.body["peers"]]
        assert sorted(found) == sorted(self.model.peers(member_id, kind))

    def _candidates(self, step: Step, seen: dict[str, tuple[MemberProfile | None, Views | None]]) -> list[Any]:
        """The model after each prefix of a step's parts, and feedback with them."""
        known = self.model.matches.keys()
        new = {name for _, views in seen.values() for name in views or () if name not in known}
        assert len(new) <= 1, new
        found: list[tuple[Model, Said]] = [(self.model, self.said)]
        for take in step.after:
            model = copy.deepcopy(found[-1][0])
            _outcome(model, take)
            if "?" in model.matches and new:
                (name,) = new
                model.matches = {name if old == "?" else old: match for old, match in model.matches.items()}
                model.matches[name].name = name
            gone = self.model.members.keys() - model.members.keys()
            found.append((model, _kept(found[-1][1], model, gone)))
        return found

    def _seen(self, client: Client) -> dict[str, tuple[MemberProfile | None, Views | None]]:
        return {one: (_profile(client, one), _views(client, one)) for one in self.ids}

    def _may_be_either(self, seen: Any, said: Said) -> bool:
        """Whether what is seen does not tell if the last step has been done."""
        assert self._open is not None
        return sum(self._fits(seen, said, *one) for one in self._candidates(self._open, seen)) > 1

    def _fits(self, seen: Any, said: Said, model: Model, told: Said) -> bool:
        try:
            self._compare(seen, said, model, told)
        except AssertionError:
            return False
        return True

    def _compare(self, seen: Any, said: Said, model: Model, told: Said) -> None:
        for one in self.ids:
            profile, views = seen[one]
            assert self._same(profile, model.members.get(one)), one
            assert views == _told(model, one), one
        assert {key: said.get(key) for key in told} == told

    def _same(self, found: MemberProfile | None, expected: MemberProfile | None) -> bool:
        """Whether two profiles are the same but for blocks of somebody who was removed: those count without being
        shown, and whether they count the lists of buddies tell."""
        if found is None or expected is None:
            return found is expected
        shown = [
            one.model_copy(update={"blocked": tuple(sorted(set(one.blocked) - self._removed))})
            for one in (found, expected)
        ]
        return shown[0] == shown[1]

    # Whom it is about

    def _someone(self) -> str:
        return self._random.choice(self.ids)

    def _some_match(self) -> tuple[str, str]:
        newest = list(self.model.matches.values())[-6:]
        if not newest or self._random.random() < 0.02:
            return "0" * 24, self._someone()
        match = self._random.choice(newest)
        stranger = self._random.random() < 0.05
        return match.name, self._random.choice(self.ids if stranger else sorted(match.pair() & set(self.ids)))

    def _doubt(self, match_id: str, member_id: str) -> None:
        """Feedback that is about to be replaced is not known until the answer comes."""
        self.said.pop((match_id, member_id), None)


def _kept(said: Said, model: Model, gone: Collection[str]) -> Said:
    """Feedback less that of members who were removed, and that on matches nobody is left in."""
    return {key: told for key, told in said.items() if key[1] not in gone and key[0] in model.matches}


def _outcome(model: Model, take: Taking) -> str:
    try:
        take(model)
    except RefusedError as error:
        return str(error)
    return "done"


def _profile(client: Client, member_id: str) -> MemberProfile | None:
    reply = client.ask("GET", f"/v1/members/{member_id}")
    if reply.told == "unknown-member":
        return None
    assert reply.status == 200, reply
    return MemberProfile.parse(reply.body)


def _views(client: Client, member_id: str) -> Views | None:
    reply = client.ask("GET", f"/v1/members/{member_id}/matches?limit=200")
    if reply.told == "unknown-member":
        return None
    assert reply.status == 200, reply
    return {one["match_id"]: (one["state"], one["your_answer"]) for one in reply.body["matches"]}


def _told(model: Model, member_id: str) -> Views | None:
    if member_id not in model.members:
        return None
    words = {"yes": "accepted", "no": "declined"}
    views = model.views(member_id)
    return {name: (state, words.get(model.matches[name].said.get(member_id, ""))) for name, state in views.items()}


def all_feedback(database: Database) -> Said:
    """Everybody's feedback as stored; no call shows it."""
    columns = (feedback.c.match_id, feedback.c.member_id, feedback.c.fit, feedback.c.keep)
    with database.reading() as connection:
        return {(row[0], row[1]): (row[2], bool(row[3])) for row in connection.execute(select(*columns))}
