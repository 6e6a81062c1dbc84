"""Snapshots of other processes go with a member who is erased, however such a process comes level again."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import msgspec
import pytest

from matcher import FacetMeans, recommend_buddies
from service import live_index, snapshots
from service.community import Community
from service.live_index import LiveIndex
from service.settings import Settings
from service.storage import population
from service.use_cases.erase_member import erase_member
from service.use_cases.store_members import store_members
from tests.database_places import Place
from tests.service.matches.conftest import person
from tests.service.privacy.test_erasure import NAME

DAY = date(2026, 1, 1)


@pytest.fixture
def community(place: Place) -> Iterator[Community]:
    """Somebody who is to be erased, among others."""
    opened = Community.open(Settings(place.target, DAY, index_folder=place.index_folder))
    store_members(opened.database, [person(name) for name in (NAME, "a", "b")])
    opened.index.start()
    yield opened
    opened.database.close()


@pytest.fixture
def elsewhere(community: Community, tmp_path: Path) -> tuple[LiveIndex, Path]:
    """The index of another process, with a snapshot of its own that holds the member."""
    settings = replace(community.settings, index_folder=tmp_path / "elsewhere")
    other = LiveIndex(community.database, settings)
    other.start()
    other.save()
    assert list(settings.snapshots.glob("*.index"))
    return other, settings.snapshots


def other_means(community: Community) -> None:
    people = [person(f"member-{number}", birth_year=1940 + number) for number in range(9)]
    means = msgspec.json.encode(asdict(FacetMeans.estimate(people, DAY))).decode()
    community.database.write(
        lambda connection: population.put_in_force(connection, means, DAY, 3, community.settings.now())
    )


@pytest.mark.parametrize("why", ["much is new", "other means"])
def test_where_the_index_is_made_anew(
    community: Community, elsewhere: tuple[LiveIndex, Path], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    other, folder = elsewhere
    before = other.view().index
    if why == "other means":
        other_means(community)
    else:
        monkeypatch.setattr(live_index, "REBUILD_FROM", 1)
        store_members(community.database, [person(name, alias="new") for name in "abc"])
    erase_member(community, NAME)
    assert other.catch_up().index is not before
    assert NAME not in other.view().index
    assert not list(folder.glob("*.index")), "it held the member"
    other.save()
    assert list(folder.glob("*.index")), "written anew"


def test_where_a_snapshot_is_not_used_at_the_start(community: Community, elsewhere: tuple[LiveIndex, Path]) -> None:
    _, folder = elsewhere
    other_means(community)
    erase_member(community, NAME)
    settings = replace(community.settings, index_folder=folder)
    assert list(folder.glob("*.index"))
    LiveIndex(community.database, settings).start()
    assert not list(folder.glob("*.index"))


def test_a_folder_that_cannot_be_cleared_keeps_nobody_from_starting(
    community: Community, elsewhere: tuple[LiveIndex, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = elsewhere
    other_means(community)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "unlink", refused)
    again = LiveIndex(community.database, replace(community.settings, index_folder=folder))
    again.start()
    assert again.ready


@pytest.mark.parametrize("why", ["somebody is erased meanwhile", "no room"])
def test_a_snapshot_that_cannot_be_written_is_no_failure_of_who_asked(
    elsewhere: tuple[LiveIndex, Path], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """What a request was to do is done before; the database is the truth."""
    other, folder = elsewhere
    (saved,) = folder.glob("*.index")
    sync = os.fsync

    def halfway(descriptor: int) -> None:
        if why == "no room":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        snapshots.forget(folder)
        sync(descriptor)

    store_members(other._database, [person("c")])
    other.catch_up()
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", halfway)
        other.save()
    assert list(folder.iterdir()) == ([saved] if why == "no room" else []), "nothing half-written is left"
    other.save()
    assert [path.name.partition("-")[0] for path in folder.iterdir()] == [str(other.view().seq)]


def test_who_is_erased_and_comes_back_is_there_once(community: Community, elsewhere: tuple[LiveIndex, Path]) -> None:
    """Another process hears of both at the same time. A second self would be shown whatever the first one does."""
    other, _ = elsewhere
    erase_member(community, NAME)
    store_members(community.database, [person(NAME, alias="again")])
    index = other.catch_up().index
    assert [peer.member_id for peer in recommend_buddies(index, "a", 10).peers].count(NAME) == 1
    store_members(community.database, [person(NAME, status="paused")])
    index = other.catch_up().index
    assert [peer.member_id for peer in recommend_buddies(index, "a", 10).peers] == ["b"]
    erase_member(community, NAME)
    index = other.catch_up().index
    assert sorted(index.member_ids()) == ["a", "b"]
    assert [peer.member_id for peer in recommend_buddies(index, "a", 10).peers] == ["b"]
