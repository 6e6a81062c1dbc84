"""Whatever a profile holds, each file form brings it back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import InvalidRequest
from matcher.members.cells import cells_of, fields_of, join_list, split_list
from matcher.members.profile import MemberProfile
from matcher.members.reading import SUFFIXES, read_members, read_valid
from matcher.members.sample import sample_members
from matcher.members.writing import write_members
from tests.members.profiles import profiles

AS_OF = date(2026, 1, 1)


@pytest.mark.parametrize("suffix", [".csv", ".ndjson", ".parquet"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=st.lists(profiles(), min_size=1, max_size=5, unique_by=lambda member: member.member_id))
def test_profiles_survive_each_form(tmp_path: Path, suffix: str, members: list[MemberProfile]) -> None:
    path = tmp_path / f"members{suffix}"
    assert write_members(members, path) == len(members)
    assert read_valid(path, AS_OF) == members


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_sample_survives_each_form(tmp_path: Path, suffix: str) -> None:
    members = sample_members(500, seed=5)
    path = tmp_path / f"members{suffix}"
    assert write_members(iter(members), path) == 500
    assert [result.member for result in read_members(path, AS_OF)] == members


@given(profiles())
@settings(max_examples=40, deadline=None)
def test_cells_are_read_as_written(member: MemberProfile) -> None:
    fields, problems = fields_of(cells_of(member))
    assert problems == ()
    assert MemberProfile.parse(fields) == member


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool)))
def test_lists_split_as_joined(items: list[str]) -> None:
    assert split_list(join_list(items)) == items


@pytest.mark.parametrize("suffix", [".csv.gz", ".ndjson.gz", ".parquet"])
def test_the_same_members_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    members = sample_members(200)
    one, other = tmp_path / f"one{suffix}", tmp_path / f"other{suffix}"
    write_members(members, one)
    write_members(members, other)
    assert one.read_bytes() == other.read_bytes()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "members.ndjson"
    write_members(sample_members(3), path)
    before = path.read_bytes()

    def broken() -> object:
        yield sample_members(1)[0]
        raise KeyError("source broke")

    with pytest.raises(KeyError):
        write_members(broken(), path)  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["members.txt", "members", "nowhere/members.csv"])
def test_places_that_cannot_be_written_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest, match="path"):
        write_members([], tmp_path / name)
