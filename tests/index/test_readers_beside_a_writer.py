"""Readers go on while somebody writes: every answer holds under profiles that stood while it was made."""

from __future__ import annotations

import datetime
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from matcher import MemberIndex, MemberProfile, Recommendations, recommend_buddies, sample_members
from matcher.errors import UnknownMember
from matcher.index import search_plan
from tests.oracle.rules import broken_rules

DAY = datetime.date(2026, 1, 1)
FEWEST_WRITES, MOST_WRITES = 800, 20_000
READERS = 3
ANSWERS = 60
"""From each reader; on a busy machine the writer goes on until they have them."""


@dataclass(slots=True)
class Version:
    """A profile and when it stood: from the moment its writing began to the moment the next one's was done."""

    profile: MemberProfile | None
    since: float
    until: float = float("inf")


@dataclass(slots=True)
class History:
    """Every version of every member. The index forgets; the judge must not."""

    versions: defaultdict[str, list[Version]] = field(default_factory=lambda: defaultdict(list))

    def begin(self, member_id: str, profile: MemberProfile | None) -> None:
        self.versions[member_id].append(Version(profile, time.monotonic()))

    def done(self, member_id: str) -> None:
        if len(self.versions[member_id]) > 1:
            self.versions[member_id][-2].until = time.monotonic()

    def stood(self, member_id: str, start: float, end: float) -> list[MemberProfile]:
        """Profiles of a member that stood at some moment of an interval."""
        return [
            version.profile
            for version in self.versions[member_id]
            if version.profile is not None and version.since <= end and version.until >= start
        ]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, and between which moments it was made."""

    answer: Recommendations
    start: float
    end: float


def _write(
    index: MemberIndex, history: History, members: list[MemberProfile], rng: random.Random, said: list[list[Said]]
) -> None:
    names = [one.member_id for one in members]
    current = {one.member_id: one for one in members}
    for number in range(MOST_WRITES):
        if number >= FEWEST_WRITES and min(map(len, said)) >= ANSWERS:
            break
        name = rng.choice(names)
        turn = rng.random()
        if name in current and turn < 0.2:
            history.begin(name, None)
            index.remove(name)
            history.done(name)
            del current[name]
            continue
        fields: dict[str, object] = {"member_id": name, "blocked": tuple(rng.sample(names, rng.choice((0, 2, 40))))}
        if turn < 0.4:
            fields["status"] = "paused"
        profile = rng.choice(members).model_copy(update=fields)
        history.begin(name, profile)
        index.upsert(profile)
        history.done(name)
        current[name] = profile


def _read(
    index: MemberIndex,
    names: list[str],
    rng: random.Random,
    stop: threading.Event,
    said: list[Said],
    failed: list[object],
) -> None:
    try:
        while not stop.is_set():
            start = time.monotonic()
            try:
                answer = recommend_buddies(index, rng.choice(names), rng.choice((3, 10, 50)))
            except UnknownMember:
                continue
            said.append(Said(answer, start, time.monotonic()))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the test is to fail with it
        failed.append(error)


def test_readers_beside_a_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.index.member_index.LATE_LIMIT", 20)
    monkeypatch.setattr(search_plan, "GATHER_LIMIT", 50)
    monkeypatch.setattr(search_plan, "SEED_ROWS", 20)
    drawn = sample_members(600, seed=41)
    members = [one for one in drawn if one.consent and one.status == "active" and "en" in one.languages][:250]
    names = [one.member_id for one in members]
    index, history = MemberIndex.build(members, DAY), History()
    for one in members:
        history.begin(one.member_id, one)
    said: list[list[Said]] = [[] for _ in range(READERS)]
    stop, failed = threading.Event(), list[object]()
    readers = [
        threading.Thread(target=_read, args=(index, names, random.Random(number), stop, said[number], failed))
        for number in range(READERS)
    ]
    for reader in readers:
        reader.start()
    try:
        _write(index, history, members, random.Random(50), said)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert failed == []
    answers = [each for part in said for each in part]
    assert sum(bool(each.answer.peers) for each in answers) > ANSWERS
    for each in answers:
        seekers = history.stood(each.answer.member_id, each.start, each.end)
        assert len({peer.member_id for peer in each.answer.peers}) == len(each.answer.peers)
        for peer in each.answer.peers:
            peers = history.stood(peer.member_id, each.start, each.end)
            assert any(not broken_rules(a, b, DAY) for a in seekers for b in peers), (each.answer.member_id, peer)
    fresh = {name: history.versions[name][-1].profile for name in names}
    for name, profile in fresh.items():
        assert (name in index) == (profile is not None)


def test_days_that_turn_beside_readers() -> None:
    members = sample_members(300, seed=42)
    index = MemberIndex.build(members, DAY)
    days = [DAY + datetime.timedelta(step) for step in range(8)]
    truth: dict[datetime.date, dict[str, Recommendations]] = {}
    names = [one.member_id for one in members[:40]]
    for day in days:
        index.advance(day)
        truth[day] = {name: recommend_buddies(index, name) for name in names}
    stop, said, failed = threading.Event(), list[Said](), list[object]()
    reader = threading.Thread(target=_read, args=(index, names, random.Random(3), stop, said, failed))
    reader.start()
    try:
        for day in days[::-1] * 6:
            index.advance(day)
    finally:
        stop.set()
        reader.join()
    assert failed == []
    for one in said:
        if one.answer.k == 10:
            assert one.answer == truth[one.answer.as_of][one.answer.member_id]
