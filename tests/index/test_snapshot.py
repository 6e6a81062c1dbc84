"""A snapshot gives back the same index."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import FacetWeights, MemberIndex, MemberProfile, recommend_buddies, recommend_for_profile
from matcher.embedding.encoder import Encoder
from matcher.errors import SnapshotError
from tests.index.conftest import HALF, answers, member
from tests.oracle import strategies

DAY = datetime.date(2026, 1, 1)


@pytest.fixture(scope="module")
def lived_in(members: list[MemberProfile]) -> MemberIndex:
    """An index with dark slots, late ones, loads, ties, blocks and free tags."""
    index = MemberIndex.build(members[:250], DAY, FacetWeights.activity_group())
    for one in members[250:300]:
        index.upsert(one)
    for one in members[:20]:
        index.remove(one.member_id)
    for one, other in zip(members[20:40], members[40:60], strict=True):
        index.upsert(one.model_copy(update={"blocked": (other.member_id, "somebody-to-come"), "alias": "Zoë 東"}))
        index.set_tie(one.member_id, members[100].member_id, "matched")
        index.set_tie(other.member_id, members[101].member_id, "closed")
        index.set_load(other.member_id, buddies=2, mentees=1)
    index.upsert(member("free", interests=["ἀρετή-club", "c++", "running"]))
    index.upsert(member("free-too", interests=["ἀρετή-club"]))
    return index


def test_a_round_trip_keeps_every_answer(lived_in: MemberIndex, tmp_path: Path) -> None:
    names = sorted(lived_in.member_ids())
    before = answers(lived_in, names[::3])
    lived_in.save(tmp_path / "index")
    assert answers(lived_in, names[::3]) == before
    back = MemberIndex.load(tmp_path / "index")
    assert answers(back, names[::3]) == before
    assert sorted(back.member_ids()) == names
    assert (back.as_of, back.weights, back.means, back.means_given) == (
        lived_in.as_of,
        lived_in.weights,
        lived_in.means,
        lived_in.means_given,
    )
    assert back.relations == lived_in.relations
    for name in names[::10]:
        assert back.member(name) == lived_in.member(name)


def test_what_is_read_back_lives_on_alike(
    lived_in: MemberIndex, members: list[MemberProfile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.index.member_index.LATE_LIMIT", 8)
    for number in range(2):
        lived_in.save(tmp_path / f"{number}")
    pair = [MemberIndex.load(tmp_path / f"{number}") for number in range(2)]
    once_more = tmp_path / "again"
    pair[1].save(once_more)
    pair[1] = MemberIndex.load(once_more)
    for index in pair:
        for one in members[300:340]:
            index.upsert(one)
        index.upsert(member("somebody-to-come", interests=["c++", "brand-new"]))
        index.remove(members[60].member_id)
        index.set_load(members[40].member_id)
        index.set_tie(members[20].member_id, members[100].member_id, None)
        index.advance(DAY + datetime.timedelta(45))
    names = sorted(pair[0].member_ids())
    assert answers(pair[0], names[::5]) == answers(pair[1], names[::5])
    found = recommend_buddies(pair[1], "somebody-to-come", 500, weights=FacetWeights.parse({"interests": 1})).peers
    assert members[20].member_id not in {peer.member_id for peer in found}
    assert found[0].member_id == "free"


@settings(strategies.UNHURRIED, max_examples=20)
@given(strategies.populations(0, 6), strategies.days(), st.booleans())
def test_any_members_come_back(
    tmp_path_factory: pytest.TempPathFactory, members: list[MemberProfile], day: datetime.date, given_means: bool
) -> None:
    path = tmp_path_factory.mktemp("any") / "index"
    index = MemberIndex.build(members, day, means=HALF if given_means else None)
    index.save(path)
    back = MemberIndex.load(path)
    names = [one.member_id for one in members]
    assert answers(back, names) == answers(index, names)
    assert back.means_given == given_means
    stranger = member("stranger", topics=strategies.topic_names(), interests=strategies.interest_names())
    assert recommend_for_profile(back, stranger) == recommend_for_profile(index, stranger)


def test_only_its_owner_may_read_it(lived_in: MemberIndex, tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        lived_in.save(tmp_path / "index")
    finally:
        os.umask(mask)
    assert (tmp_path / "index").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("where", ["vectors", "sync", "interrupted"])
def test_a_write_that_fails_leaves_the_old_file(
    lived_in: MemberIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    path = tmp_path / "index"
    MemberIndex.build([member("a"), member("b")], DAY).save(path)
    old = path.read_bytes()
    raised: type[BaseException] = KeyboardInterrupt if where == "interrupted" else OSError

    def fail(*_: Any) -> Any:
        raise raised(28, "No space left on device")

    if where == "sync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Encoder, "items", fail)
        monkeypatch.setattr("matcher.index.shelves.Shelves.arrange", lambda *_, **__: lived_in._shelves)
    with pytest.raises(KeyboardInterrupt if where == "interrupted" else SnapshotError):
        lived_in.save(path)
    monkeypatch.undo()
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["index"]
    assert len(MemberIndex.load(path)) == 2


def test_it_replaces_what_was_there(lived_in: MemberIndex, tmp_path: Path) -> None:
    path = tmp_path / "index"
    path.write_bytes(b"something else")
    with pytest.raises(SnapshotError):
        MemberIndex.load(path)
    lived_in.save(str(path))
    assert len(MemberIndex.load(str(path))) == len(lived_in)


def test_a_folder_that_is_not_there_is_one_clear_error(lived_in: MemberIndex, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be written"):
        lived_in.save(tmp_path / "nowhere" / "index")
