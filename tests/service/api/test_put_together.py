"""Members who are put at the same time share a transaction, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from service.caller import Acting, acting_as
from service.community import Community
from service.live_index import LiveIndex
from service.own_writes import OwnWrites
from service.problems import RequestError
from service.profile_text import profile_of
from service.settings import Settings
from service.storage import members
from service.storage.database import Database
from service.use_cases import member_writer, put_member
from service.use_cases.answer_match import accept_match
from service.use_cases.audit import everything, wanted_rows
from service.use_cases.find_buddies import Wish, find_at_once, find_buddies
from service.use_cases.get_member import get_member
from service.use_cases.member_writer import MemberWriter
from service.use_cases.preconditions import ALWAYS, Precondition
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.put_member import Done, Put, put_of
from service.use_cases.store_members import store_members
from tests.database_places import Place
from tests.service.conftest import AS_OF
from tests.service.conventions.conftest import person

NAMES = "abcdefgh"
WITHIN_S = 60.0


@pytest.fixture
def community(place: Place) -> Iterator[Community]:
    """Members a to h, who may all meet each other, and their index."""
    opened = Community.open(Settings(place.target, AS_OF, index_folder=place.index_folder))
    store_members(opened.database, [person(name) for name in NAMES])
    opened.index.start()
    yield opened
    opened.close()


@pytest.fixture
def writer(community: Community) -> Iterator[MemberWriter]:
    made = MemberWriter(community)
    yield made
    made.close()


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One entry for every writing transaction that was committed."""
    seen: list[object] = []
    whole = Database.write

    def write(self: Database, work: Callable[[Connection], Any]) -> Any:
        result = whole(self, work)
        seen.append(work)
        return result

    monkeypatch.setattr(Database, "write", write)
    return seen


def put(
    community: Community, writer: MemberWriter, name: str, condition: Precondition = ALWAYS, **fields: object
) -> Future[Done]:
    """Hand in a member with these fields."""
    return writer.put(put_of(community, name, person(name, **fields).model_dump(mode="json"), condition))


@contextmanager
def all_waiting(community: Community, writer: MemberWriter) -> Iterator[None]:
    """Whoever is put within the block is in one transaction at its end: the one before waits for another writer."""
    with community.database.writing() as connection:
        members.remove(connection, "nobody-at-all", community.settings.now())
        first = put(community, writer, "first")
        while not first.running():
            pass
        yield
    first.exception(WITHIN_S)


def stored(community: Community, name: str, what: str) -> object:
    """One field of the index's and the row's profile, which are the same."""
    member = community.index.catch_up().index.member(name)
    assert f'"{what}":' in get_member(community, name).profile
    return getattr(member, what)


def test_who_waits_shares_a_transaction(community: Community, writer: MemberWriter, transactions: list[object]) -> None:
    with all_waiting(community, writer):
        handed_in = [put(community, writer, name, buddy_capacity=3) for name in [*NAMES, "new"]]
    done = [future.result(WITHIN_S) for future in handed_in]
    assert len(transactions) == 2
    assert [created for _, created in done] == [False] * len(NAMES) + [True]
    assert len({row.seq for row, _ in done}) == len(done)
    view = community.index.view()
    assert view.seq >= max(row.seq for row, _ in done), "nobody is answered before the index knows"
    assert {stored(community, name, "buddy_capacity") for name in [*NAMES, "new"]} == {3}


def test_they_are_told_one_after_the_other_and_a_search_may_come_between(
    community: Community, writer: MemberWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, futures = list[int](), list[Future[Done]]()
    monkeypatch.setattr(member_writer, "stand_back", lambda: told.append(sum(future.done() for future in futures)))
    with all_waiting(community, writer):
        futures += [put(community, writer, name, buddy_capacity=7) for name in NAMES[:5]]
    for future in futures:
        future.result(WITHIN_S)
    assert told == [1, 2, 3, 4]


def test_a_refusal_is_nobody_elses(community: Community, writer: MemberWriter, transactions: list[object]) -> None:
    seen = get_member(community, "b").seq
    with all_waiting(community, writer):
        good = [put(community, writer, name, buddy_capacity=3) for name in "ae"]
        as_seen = put(community, writer, "b", Precondition({seen}), buddy_capacity=3)
        changed = put(community, writer, "c", Precondition({seen}), buddy_capacity=3)
        there = put(community, writer, "d", Precondition(absent=True), buddy_capacity=3)
        absent = put(community, writer, "new", Precondition(absent=True), buddy_capacity=3)
        nobody = put(community, writer, "newer", Precondition(present=True), buddy_capacity=3)
    for future in [*good, as_seen, absent]:
        future.result(WITHIN_S)
    refused = {future: future.exception(WITHIN_S) for future in (changed, there, nobody)}
    named = {future: error.details.name for future, error in refused.items() if isinstance(error, RequestError)}
    assert named == {changed: "changed-since", there: "already-there", nobody: "changed-since"}
    assert len(transactions) == 2
    assert {name: stored(community, name, "buddy_capacity") for name in "abcde"} == {
        "a": 3,
        "b": 3,
        "c": 4,
        "d": 4,
        "e": 3,
    }
    assert "newer" not in community.index.view().index


def test_a_row_that_cannot_be_stored_is_nobody_elses(
    community: Community, writer: MemberWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = members.write

    def write(connection: Connection, texts: Mapping[str, str], *rest: Any) -> Any:
        if "c" in texts:
            raise IntegrityError("insert", {}, Exception("a defect"))
        return whole(connection, texts, *rest)

    monkeypatch.setattr(members, "write", write)
    with all_waiting(community, writer):
        handed_in = {name: put(community, writer, name, buddy_capacity=3) for name in "abcde"}
    assert isinstance(handed_in.pop("c").exception(WITHIN_S), IntegrityError)
    for future in handed_in.values():
        future.result(WITHIN_S)
    assert [stored(community, name, "buddy_capacity") for name in "abcde"] == [3, 3, 4, 3, 3]


def test_a_database_that_is_away_is_asked_once_for_all(
    community: Community, writer: MemberWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    whole = put_member._store

    def store(connection: Connection, puts: Sequence[Put], at: str) -> Any:
        if len(puts) == 1 and puts[0].member_id == "first":
            return whole(connection, puts, at)
        asked.append(len(puts))
        raise OperationalError("select", {}, Exception("no answer"))

    with monkeypatch.context() as away:
        away.setattr(put_member, "_store", store)
        with all_waiting(community, writer):
            handed_in = [put(community, writer, name, buddy_capacity=3) for name in "abc"]
        assert all(isinstance(future.exception(WITHIN_S), OperationalError) for future in handed_in)
    assert asked == [3]
    assert put(community, writer, "a", buddy_capacity=3).result(WITHIN_S)
    assert [stored(community, name, "buddy_capacity") for name in "abc"] == [3, 4, 4]


def test_one_members_changes_keep_their_order(community: Community, writer: MemberWriter) -> None:
    with all_waiting(community, writer):
        handed_in = [put(community, writer, "a", buddy_capacity=number) for number in (1, 2, 3, 5, 7)]
        beside = put(community, writer, "b", buddy_capacity=1)
    rows = [future.result(WITHIN_S)[0] for future in handed_in]
    beside.result(WITHIN_S)
    assert [row.seq for row in rows] == sorted({row.seq for row in rows})
    assert [f'"buddy_capacity":{number}' in row.profile for row, number in zip(rows, (1, 2, 3, 5, 7), strict=True)] == [
        True
    ] * 5
    assert stored(community, "a", "buddy_capacity") == 7


def test_the_audit_trail_names_each_caller(community: Community, writer: MemberWriter) -> None:
    for one, other in ("ab", "cd"):
        match_id = propose_match(community, Proposal("buddy", one, other)).match_id
        for name in (one, other):
            accept_match(community, match_id, name)
    with all_waiting(community, writer):
        with acting_as(Acting("key-1", "platform", "request-1")):
            first = put(community, writer, "a", status="withdrawn")
        with acting_as(Acting("key-2", "platform", "request-2")):
            second = put(community, writer, "d", consent=False)
    first.result(WITHIN_S)
    second.result(WITHIN_S)
    closed = {
        (row.key_id, row.request_id, tuple(row.member_ids))
        for row in everything(community, wanted_rows(None, None, None, None))
        if row.action == "close"
    }
    assert closed == {("key-1", "request-1", ("a", "b")), ("key-2", "request-2", ("c", "d"))}


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
    """The index follows a put only when the second event is set; the first tells that something is committed."""
    committed, follow = Event(), Event()
    whole = LiveIndex.reach

    def reach(self: LiveIndex, seq: int, within_s: float, *known: Any) -> bool:
        committed.set()
        assert follow.wait(WITHIN_S)
        return whole(self, seq, within_s, *known)

    monkeypatch.setattr(LiveIndex, "reach", reach)
    yield committed, follow
    follow.set()


def test_a_search_does_not_wait_for_a_change_nobody_was_told_of(
    community: Community, writer: MemberWriter, held_up: tuple[Event, Event]
) -> None:
    before = community.index.view().seq
    changing = put(community, writer, "new")
    assert held_up[0].wait(WITHIN_S)
    wish = Wish(k=10)
    answer = find_buddies(community, "a", wish)
    assert answer.as_of_seq == before
    assert {peer.member_id for peer in answer.found.peers} == set("bcdefgh")
    assert not changing.done()
    if community.database.in_process:
        found = find_at_once(community, "a", wish)
        assert found is not None
        assert found.as_of_seq == before
    held_up[1].set()
    row, created = changing.result(WITHIN_S)
    assert created
    after = find_buddies(community, "a", wish)
    assert after.as_of_seq >= row.seq
    assert "new" in {peer.member_id for peer in after.found.peers}


def test_but_nobody_is_shown_whom_such_a_change_forbids(
    community: Community, writer: MemberWriter, held_up: tuple[Event, Event]
) -> None:
    changing = put(community, writer, "c", status="withdrawn")
    blocking = put(community, writer, "a", blocked=["d"])
    assert held_up[0].wait(WITHIN_S)
    assert find_at_once(community, "a", Wish(k=10)) is None
    for one, nobody in (("a", {"c"}), ("d", {"c"}), ("b", {"c"})):
        assert not nobody & {peer.member_id for peer in find_buddies(community, one, Wish(k=10)).found.peers}
    held_up[1].set()
    changing.result(WITHIN_S)
    blocking.result(WITHIN_S)
    assert {peer.member_id for peer in find_buddies(community, "a", Wish(k=10)).found.peers} == set("befgh")


def test_a_change_of_another_process_is_always_followed(community: Community) -> None:
    elsewhere = Community.open(community.settings)
    (row,) = store_members(elsewhere.database, [person("new")])
    elsewhere.database.close()
    assert row.row is not None
    assert find_at_once(community, "a", Wish(k=10)) is None
    answer = find_buddies(community, "a", Wish(k=10))
    assert answer.as_of_seq == row.row.seq
    assert "new" in {peer.member_id for peer in answer.found.peers}


def test_what_is_committed_stays_when_the_index_cannot_follow(
    community: Community, writer: MemberWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reach(*_: object) -> bool:
        raise RuntimeError

    with monkeypatch.context() as failing:
        failing.setattr(LiveIndex, "reach", reach)
        with all_waiting(community, writer):
            new = put(community, writer, "new", Precondition(absent=True))
            refused = put(community, writer, "a", Precondition(absent=True))
        assert isinstance(new.exception(WITHIN_S), RuntimeError)
        assert isinstance(refused.exception(WITHIN_S), RequestError)
    assert "new" in {peer.member_id for peer in find_buddies(community, "a", Wish(k=10)).found.peers}
    assert put(community, writer, "newer").result(WITHIN_S)[1], "the writer goes on"


def test_numbers_of_a_transaction_that_failed_are_not_ours() -> None:
    own = OwnWrites()

    def lines(mark: str) -> Callable[[int], str]:
        return lambda line: f"{mark}-{line}"

    own.begin(10, 12, "ours-12")
    assert own.are_all(10, 12, lines("ours"))
    assert not own.are_all(10, 12, lines("theirs")), "another process has taken the numbers"
    assert not own.are_all(11, 12, lines("ours")), "no view stands within a transaction"
    own.committed(12)
    assert own.are_all(10, 12, lines("not asked"))
    own.begin(12, 13, "ours-13")
    assert own.are_all(10, 13, lines("ours"))
    own.given_up(13)
    assert not own.are_all(10, 13, lines("ours"))
    assert not own.are_all(9, 12, lines("ours"))
    for number in range(13, 200):
        own.begin(number, number + 1, "")
        own.committed(number + 1)
    assert own.are_all(190, 200, lines("not asked"))
    assert not own.are_all(12, 200, lines("not asked")), "what is long ago is forgotten"


def test_the_index_takes_in_what_the_rows_say(community: Community, writer: MemberWriter) -> None:
    """Profiles that were just stored are not read again: they are to be the ones that reading would have given."""
    with all_waiting(community, writer):
        handed_in = [put(community, writer, name, alias="Zoë", interests=["quilts"], blocked=["c"]) for name in "ab"]
    for name, future in zip("ab", handed_in, strict=True):
        stored, _ = future.result(WITHIN_S)
        assert community.index.view().index.member(name) == profile_of(stored.profile)
