"""The rules of matches in plain words and dictionaries, written from their definition and not from the service."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field

from matcher import MemberProfile
from matcher.members.vocabulary import Kind
from tests.oracle import rules

DAYS_OPEN = 14


class RefusedError(Exception):
    """A step that is not taken; the name of the problem."""


@dataclass
class Match:
    """One proposal: what each side has said, and when both had said yes."""

    name: str
    kind: Kind
    asker: str
    peer: str
    until: datetime.datetime
    said: dict[str, str] = field(default_factory=dict)
    both: bool = False
    over: bool = False

    def pair(self) -> frozenset[str]:
        return frozenset((self.asker, self.peer))

    def rename(self, member: str, name: str) -> None:
        self.asker, self.peer = (name if one == member else one for one in (self.asker, self.peer))
        if member in self.said:
            self.said[name] = self.said.pop(member)

    def seen(self, by: str, now: datetime.datetime) -> str:
        if self.said.get(by) == "no":
            return "declined"
        if self.said.get(by) == "left":
            return "expired"
        if self.both:
            return "ended" if self.over else "accepted"
        return "proposed" if now < self.until else "expired"


class Model:
    """A community in plain dictionaries."""

    def __init__(self, members: list[MemberProfile], now: datetime.datetime, repeat_after: int | None) -> None:
        self.repeat_after = repeat_after
        self.members = {member.member_id: member for member in members}
        self.blocks: set[tuple[str, str]] = set()
        self.matches: dict[str, Match] = {}
        self.now = now

    def views(self, member: str) -> dict[str, str]:
        return {m.name: m.seen(member, self.now) for m in self.matches.values() if member in m.pair()}

    def loads(self, *, only_accepted: bool = False) -> dict[str, rules.Load]:
        taken: dict[str, list[int]] = {}
        kept = {"accepted"} if only_accepted else {"accepted", "proposed"}
        for match in self.matches.values():
            for member in match.pair():
                if member.startswith("erased "):
                    continue
                if match.seen(member, self.now) in kept and (match.kind == "buddy" or member == match.peer):
                    taken.setdefault(member, [0, 0])[match.kind == "mentor"] += 1
        return {member: rules.Load(*counts) for member, counts in taken.items()}

    def ties(self) -> rules.Ties:
        """For recommendations: an open proposal counts as a tie while either side sees one."""
        ties: dict = {}  # type: ignore[type-arg]
        for match in self.matches.values():
            stands = {match.seen(member, self.now) for member in match.pair()} & {"accepted", "proposed"}
            if any(name.startswith("erased ") for name in match.pair()):
                continue
            if stands:
                ties[match.pair()] = "matched"
            elif match.both or not self._comes_back(match):
                ties.setdefault(match.pair(), "closed")
        return ties

    def _comes_back(self, match: Match) -> bool:
        return self.repeat_after is not None and self.now >= match.until + datetime.timedelta(self.repeat_after)

    def broken(self, one: str, other: str, kind: Kind, ties: rules.Ties, loads: rules.Loads) -> set[str]:
        day = self.now.date()
        return rules.broken_rules(self.members[one], self.members[other], day, kind, ties=ties, loads=loads)

    def peers(self, member: str, kind: Kind) -> set[str]:
        ties, loads = self.ties(), self.loads()
        others = self.members.keys() - {member}
        return {other for other in others if not self.broken(member, other, kind, ties, loads)}

    def propose(self, name: str, kind: Kind, asker: str, peer: str, accepted: bool) -> None:
        if not {asker, peer} <= self.members.keys():
            raise RefusedError("unknown-member")
        seen = {m.seen(asker, self.now) for m in self.matches.values() if m.pair() == {asker, peer}}
        if seen & {"accepted", "proposed"}:
            raise RefusedError("already-matched")
        self._refuse(self.broken(asker, peer, kind, self.ties(), self.loads()))
        match = Match(name, kind, asker, peer, self.now + datetime.timedelta(DAYS_OPEN))
        if accepted:
            match.said[asker] = "yes"
        self.matches[name] = match

    def accept(self, name: str, member: str) -> None:
        match = self._mine(name, member)
        seen = match.seen(member, self.now)
        if seen == "accepted":
            return
        if seen != "proposed":
            raise RefusedError("match-not-open")
        (other,) = match.pair() - {member}
        if match.said.get(other) == "yes":
            self._refuse(self.broken(match.asker, match.peer, match.kind, {}, self.loads(only_accepted=True)))
            match.both = True
        match.said[member] = "yes"

    def decline(self, name: str, member: str) -> None:
        match = self._mine(name, member)
        seen = match.seen(member, self.now)
        if seen not in {"proposed", "declined"}:
            raise RefusedError("match-not-open")
        match.said[member] = "no"

    def end(self, name: str, member: str) -> None:
        match = self._mine(name, member)
        if match.seen(member, self.now) not in {"accepted", "ended"}:
            raise RefusedError("match-not-accepted")
        match.over = True

    def put(self, *together: MemberProfile) -> None:
        for member in together:
            self._store(member)
        for member in together:
            self._part_age_pools(member.member_id)

    def _store(self, member: MemberProfile) -> None:
        name = member.member_id
        standing = {other for blocker, other in self.blocks if blocker == name}
        for other in set(member.blocked) - standing:
            gone = set() if other in self.members else {f"erased {other}"}  # what is open with them is over as well
            self._step_out(name, {other} | gone, ends=True)
            self.blocks.add((name, other))
        stored = member.model_copy(update={"blocked": tuple(sorted(standing | set(member.blocked)))})
        self.members[name] = stored
        if stored.status == "withdrawn" or not stored.consent:
            self._step_out(name, None, ends=True)
        if stored.status == "held":
            self._step_out(name, None, ends=False)

    def _part_age_pools(self, name: str) -> None:
        for match in self._of(name):
            mine, theirs = (self.members.get(member) for member in match.pair())
            if match.both and mine and theirs and self._pool(mine) != self._pool(theirs):
                match.over = True

    def _pool(self, member: MemberProfile) -> str | None:
        return rules.age_pool(member, self.now.date())

    def remove(self, member: str) -> None:
        if member not in self.members:
            raise RefusedError("unknown-member")
        del self.members[member]
        self._step_out(member, None, ends=True)
        for match in list(self._of(member)):
            match.rename(member, f"erased {member}")
            if all(name.startswith("erased ") for name in match.pair()):
                del self.matches[match.name]

    def block(self, member: str, other: str) -> None:
        if member not in self.members:
            raise RefusedError("unknown-member")
        own = self.members[member]
        self.put(own.model_copy(update={"blocked": (*own.blocked, other)}))

    def _step_out(self, member: str, others: set[str] | None, *, ends: bool) -> None:
        for match in self._of(member):
            if others is not None and not match.pair() & others:
                continue
            if match.seen(member, self.now) == "proposed":
                match.said[member] = "left"
            elif match.both and ends:
                match.over = True

    def _of(self, member: str) -> Iterator[Match]:
        return (match for match in self.matches.values() if member in match.pair())

    def _mine(self, name: str, member: str) -> Match:
        match = self.matches.get(name)
        if match is None or member not in match.pair():
            raise RefusedError("unknown-match")
        return match

    @staticmethod
    def _refuse(broken: set[str]) -> None:
        if broken == {"capacity"}:
            raise RefusedError("no-place-left")
        if broken:
            raise RefusedError("not-eligible")
