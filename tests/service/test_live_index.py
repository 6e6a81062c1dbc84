"""The index follows the database: other processes' writes, other days, other means, damaged snapshots."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from matcher import FacetMeans, MemberIndex, MemberProfile, recommend_buddies
from service import live_index as live_index_module
from service.community import Community
from service.live_index import LiveIndex, NotReadyError
from service.logs import configure_logs
from service.settings import Settings
from service.storage import changes, population
from service.storage.members import remove
from service.use_cases.estimate_population import FEWEST, estimate_population
from service.use_cases.find_buddies import Wish, find_buddies
from service.use_cases.store_members import store_members
from tests.database_places import POSTGRESQL, SQLITE, Place
from tests.service.conftest import AS_OF


@pytest.fixture(scope="session", params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.long)])
def stored_in(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(place: Place) -> Settings:
    return Settings(database=place.target, index_folder=place.index_folder, as_of=AS_OF)


@pytest.fixture
def community(settings: Settings, people: list[MemberProfile]) -> Iterator[Community]:
    opened = Community.open(settings)
    store_members(opened.database, people[:300])
    opened.index.start()
    yield opened
    opened.database.close()


def answers(community: Community, people: list[MemberProfile]) -> list[object]:
    return [find_buddies(community, member.member_id, Wish(5)).found for member in people[:25]]


def fresh_answers(members: list[MemberProfile], as_of: date, asked: list[MemberProfile]) -> list[object]:
    index = MemberIndex.build(members, as_of, means=FacetMeans.default())
    return [recommend_buddies(index, member.member_id, 5) for member in asked[:25]]


def peers_and_scores(found: list[object]) -> list[object]:
    return [[(peer.member_id, peer.score) for peer in one.peers] for one in found]  # type: ignore[attr-defined]


def test_before_its_start_there_is_nothing_to_ask(settings: Settings) -> None:
    opened = Community.open(settings)
    with pytest.raises(NotReadyError, match="not started"):
        find_buddies(opened, "a", Wish())
    opened.close()


def test_another_process_writes(community: Community, settings: Settings, people: list[MemberProfile]) -> None:
    other = Community.open(settings)
    store_members(other.database, people[300:400])
    with other.database.writing() as connection:
        remove(connection, people[0].member_id, changes.now_text())
    other.close()
    answer = find_buddies(community, people[350].member_id, Wish())
    assert answer.as_of_seq == 401
    assert people[0].member_id not in community.index.view().index
    expected = fresh_answers(people[1:400], AS_OF, people[1:])
    assert peers_and_scores(answers(community, people[1:])) == peers_and_scores(expected)


def test_so_much_news_that_a_rebuild_is_cheaper(
    community: Community, people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_index_module, "REBUILD_FROM", 100)
    before = community.index.view().index
    store_members(community.database, people[300:600])
    assert community.index.catch_up().index is not before
    assert peers_and_scores(answers(community, people)) == peers_and_scores(fresh_answers(people, AS_OF, people))


def test_the_day_moves(community: Community, people: list[MemberProfile]) -> None:
    days = iter([date(2026, 1, 2), date(2026, 4, 1), date(2025, 12, 31)])
    for day in days:
        object.__setattr__(community.settings, "as_of", day)
        found = answers(community, people)
        assert all(one.as_of == day for one in found)  # type: ignore[attr-defined]
        assert peers_and_scores(found) == peers_and_scores(fresh_answers(people[:300], day, people))


def test_new_means_come_into_force_at_once_for_everybody(
    community: Community, settings: Settings, people: list[MemberProfile]
) -> None:
    other = Community.open(settings)
    other.index.start()
    assert estimate_population(community)
    assert not estimate_population(community), "nothing has grown since"
    with community.database.reading() as connection:
        row = population.in_force(connection)
    assert row is not None
    means = FacetMeans.parse(msgspec.json.decode(row.means))
    assert means == FacetMeans.estimate(people[:300], AS_OF)
    assert answers(community, people) == answers(other, people)
    assert other.index.view().index.means == community.index.view().index.means == means
    other.close()
    restarted = Community.open(settings)
    restarted.index.start()
    assert restarted.index.view().index.means == means
    restarted.close()


def test_small_communities_keep_the_default(settings: Settings, people: list[MemberProfile]) -> None:
    opened = Community.open(settings)
    store_members(opened.database, people[: FEWEST - 1])
    assert not estimate_population(opened)
    without_consent = [member.model_copy(update={"consent": False}) for member in people]
    store_members(opened.database, without_consent)
    assert not estimate_population(opened), "members who are in no result say nothing about results"
    opened.close()


def snapshot(settings: Settings) -> Path:
    (found,) = settings.snapshots.iterdir()
    return found


def test_a_snapshot_is_a_shortcut(community: Community, settings: Settings, people: list[MemberProfile]) -> None:
    community.index.save()
    first = snapshot(settings)
    expected = answers(community, people)
    store_members(community.database, [people[299].model_copy(update={"status": "paused"})])
    after = answers(community, people)
    restarted = LiveIndex(community.database, settings)
    restarted.start()
    assert restarted.view().seq == 301, "what followed the snapshot is replayed"
    assert answers(dataclasses.replace(community, index=restarted), people) == after
    restarted.save()
    assert snapshot(settings) != first, "older ones are cleared away"
    assert len(expected) == len(after)


@pytest.mark.parametrize("damage", ["cut", "altered", "empty", "folder"])
def test_a_damaged_snapshot_heals(
    community: Community,
    settings: Settings,
    people: list[MemberProfile],
    damage: str,
) -> None:
    community.index.save()
    expected = answers(community, people)
    path = snapshot(settings)
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "altered":
        path.write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
        path.mkdir()
    log = io.StringIO()
    configure_logs(stream=log)
    restarted = LiveIndex(community.database, settings)
    restarted.start()
    assert answers(dataclasses.replace(community, index=restarted), people) == expected
    assert "snapshot_un" in log.getvalue(), "the log tells"
    store_members(community.database, [people[0].model_copy(update={"alias": "other"})])
    restarted.catch_up()
    restarted.save()
    restarted.view()


def test_a_snapshot_of_another_history_is_passed_over(
    community: Community, settings: Settings, tmp_path: Path, people: list[MemberProfile]
) -> None:
    community.index.save()
    ours = snapshot(settings)
    other = Settings(database=tmp_path / "other.db", as_of=AS_OF)
    opened = Community.open(other)
    store_members(opened.database, people[300:600])
    other.snapshots.mkdir()
    os.link(ours, other.snapshots / ours.name)
    opened.index.start()
    assert people[400].member_id in opened.index.view().index
    assert people[0].member_id not in opened.index.view().index
    opened.close()


def test_a_row_that_the_catalogue_no_longer_reads(
    community: Community, settings: Settings, people: list[MemberProfile]
) -> None:
    with community.database.writing() as connection:
        connection.execute(
            text("update members set profile = replace(profile, '\"status\"', '\"mood\"') where member_id = :id"),
            {"id": people[0].member_id},
        )
    restarted = LiveIndex(community.database, settings)
    restarted.start()
    assert people[0].member_id not in restarted.view().index
    assert people[1].member_id in restarted.view().index


def test_the_last_word_is_the_database(community: Community, people: list[MemberProfile]) -> None:
    """A row that changed behind the log's back, as a defect might: the peer is left out all the same."""
    seeker = max(people[:300], key=lambda member: len(find_buddies(community, member.member_id, Wish(20)).found.peers))
    best = find_buddies(community, seeker.member_id, Wish(3)).found.peers[0].member_id
    with community.database.writing() as connection:
        connection.execute(
            text("update members set profile = replace(profile, '\"active\"', '\"held\"') where member_id = :id"),
            {"id": best},
        )
    found = find_buddies(community, seeker.member_id, Wish(3)).found
    assert best not in {peer.member_id for peer in found.peers}
    assert not found.certified, "and the answer does not claim to be complete"
