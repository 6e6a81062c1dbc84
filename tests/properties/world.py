"""A community that is changed step by step, in the index and in plain dictionaries, and compared with the oracle."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from matcher import (
    FacetMeans,
    FacetWeights,
    MemberIndex,
    MemberProfile,
    Recommendations,
    recommend_buddies,
    recommend_for_profile,
)
from matcher.members.vocabulary import Kind
from tests.oracle import rules
from tests.oracle.compare import disagreements
from tests.oracle.score import MEANS, score

MEANS_OF_ALL = FacetMeans(**dict(zip(MEANS, (0.15, 0.3, 0.6, 0.1, 0.45, 0.65, 0.6, 0.05, 0.5), strict=True)))
TieState = Literal["matched", "closed"]


class World:
    """The index under test beside what it should know."""

    def __init__(self, members: list[MemberProfile], day: datetime.date) -> None:
        self.index = MemberIndex.build(members, day, means=MEANS_OF_ALL)
        self.members = {member.member_id: member for member in members}
        self.day = day
        self.ties: dict[frozenset[str], TieState] = {}
        self.loads: dict[str, rules.Load] = {}

    def upsert(self, member: MemberProfile) -> None:
        self.index.upsert(member)
        self.members[member.member_id] = member

    def change(self, member_id: str, **fields: object) -> None:
        self.upsert(self.members[member_id].model_copy(update=fields))

    def block(self, one: str, other: str) -> None:
        self.change(one, blocked=tuple(dict.fromkeys((*self.members[one].blocked, other))))

    def remove(self, member_id: str) -> None:
        self.index.remove(member_id)
        del self.members[member_id]

    def set_load(self, member_id: str, buddies: int, mentees: int) -> None:
        self.index.set_load(member_id, buddies=buddies, mentees=mentees)
        self.loads[member_id] = rules.Load(buddies, mentees)

    def set_tie(self, one: str, other: str, state: TieState | None) -> None:
        self.index.set_tie(one, other, state)
        self.ties.pop(frozenset((one, other)), None)
        if state is not None:
            self.ties[frozenset((one, other))] = state

    def advance(self, days: int) -> None:
        self.day += datetime.timedelta(days)
        self.index.advance(self.day)

    def save_and_load(self, path: Path) -> None:
        self.index.save(path)
        self.index = MemberIndex.load(path)

    def eligible(self, seeker: MemberProfile, kind: Kind) -> list[MemberProfile]:
        """Whom the oracle's rules leave."""
        return [
            other
            for other in self.members.values()
            if other.member_id != seeker.member_id
            and not rules.broken_rules(seeker, other, self.day, kind, ties=self.ties, loads=self.loads)
        ]

    def check(
        self,
        seeker: MemberProfile,
        k: int,
        kind: Kind,
        weights: Mapping[str, float] | None,
        *,
        every_score: bool = True,
        stored: bool = True,
    ) -> None:
        """Ask, and compare with the oracle: whom, how many, in which order, with which scores."""
        asked = None if weights is None else FacetWeights.parse(weights)
        answer: Recommendations = (
            recommend_buddies(self.index, seeker.member_id, k, kind, asked)
            if stored
            else recommend_for_profile(self.index, seeker, k, kind, asked)
        )
        peers = [(peer.member_id, peer.score) for peer in answer.peers]
        allowed = self.eligible(seeker, kind)
        names = {other.member_id for other in allowed}
        assert {name for name, _ in peers} <= names
        assert len(peers) == min(k, len(names)) == len({name for name, _ in peers})
        assert answer.funnel.eligible == len(names)
        assert answer.funnel.population == len(self.members.keys() - {seeker.member_id})
        assert (answer.certified, answer.as_of) == (True, self.day)
        assert len(self.index) == len(self.members)
        if every_score:
            preset = FacetWeights.mentor() if kind == "mentor" else FacetWeights.buddy()
            used = dataclasses.asdict(preset) if weights is None else weights
            means = dataclasses.asdict(MEANS_OF_ALL)
            truth = [(other.member_id, score(seeker, other, self.day, used, means, kind)) for other in allowed]
            assert disagreements(peers, truth, k) == []
