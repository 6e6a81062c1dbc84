"""A snapshot that is cut, altered or of another make is refused, by one error that names both values."""

from __future__ import annotations

import dataclasses
import datetime
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher import MemberIndex, MemberProfile
from matcher.catalog import default_catalog
from matcher.embedding.encoder import Encoder
from matcher.errors import SnapshotError

DAY = datetime.date(2026, 1, 1)
CUTS = 150
VERSION_AT = 8


@pytest.fixture(scope="module")
def whole(members: list[MemberProfile], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    index = MemberIndex.build(members[:40], DAY)
    index.set_load(members[0].member_id, buddies=1)
    index.set_tie(members[0].member_id, members[1].member_id, "closed")
    path = tmp_path_factory.mktemp("whole") / "index"
    index.save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "index"


def refused(path: Path) -> SnapshotError:
    """What is raised on reading: a SnapshotError that names the file, the value found and the value expected."""
    with pytest.raises(SnapshotError) as caught:
        MemberIndex.load(path)
    error = caught.value
    assert error.source == str(path)
    assert error.found
    assert error.expected
    assert error.found != error.expected
    for part in (error.source, error.what, error.found, error.expected):
        assert part in str(error)
    return error


def test_the_whole_file_is_accepted(whole: bytes, file: Path) -> None:
    file.write_bytes(whole)
    assert len(MemberIndex.load(file)) == 40


def test_cut_short_anywhere(whole: bytes, file: Path) -> None:
    lengths = {*range(0, len(whole), max(1, len(whole) // CUTS)), *range(60), *range(len(whole) - 30, len(whole))}
    for length in sorted(lengths):
        file.write_bytes(whole[:length])
        refused(file)


@pytest.mark.parametrize("more", [b"\0", b"\n", b"x" * 1000])
def test_with_something_after_its_end(whole: bytes, file: Path, more: bytes) -> None:
    file.write_bytes(whole + more)
    refused(file)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_byte_altered(whole: bytes, file: Path, data: st.DataObject) -> None:
    ends = st.one_of(st.integers(0, 80), st.integers(len(whole) - 3000, len(whole) - 1))
    place = data.draw(st.one_of(st.integers(0, len(whole) - 1), ends))
    damaged = bytearray(whole)
    damaged[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(damaged)
    refused(file)


def test_every_byte_of_the_preamble_altered(whole: bytes, file: Path) -> None:
    for place in range(44):
        for flip in (1, 0x80, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= flip
            file.write_bytes(damaged)
            refused(file)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_other_file(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    refused(file)
    file.write_bytes(b"PEERMTCH\x01\0\0\0" + content)
    refused(file)


def test_another_version(whole: bytes, file: Path) -> None:
    (ours,) = struct.unpack_from("<I", whole, VERSION_AT)
    for other in (0, ours + 1, 2**32 - 1):
        damaged = bytearray(whole)
        struct.pack_into("<I", damaged, VERSION_AT, other)
        file.write_bytes(damaged)
        error = refused(file)
        assert "version" in error.what
        assert (error.found, error.expected) == (str(other), str(ours))


def test_another_catalogue(whole: bytes, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = default_catalog()
    other = dataclasses.replace(ours, fingerprint="0" * 64)
    monkeypatch.setattr("matcher.index.snapshot_file.default_catalog", lambda: other)
    file.write_bytes(whole)
    error = refused(file)
    assert "catalogue" in error.what
    assert (error.found, error.expected) == (ours.fingerprint, other.fingerprint)


def test_another_encoder(members: list[MemberProfile], file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = MemberIndex.build(members[:10], DAY)
    monkeypatch.setattr(Encoder, "fingerprint", property(lambda _: "f" * 32))
    index.save(file)
    monkeypatch.undo()
    error = refused(file)
    assert "encoder" in error.what
    assert error.found == "f" * 32


def test_another_number_of_dimensions(whole: bytes, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.index.snapshot_file.DIMENSIONS", 64)
    file.write_bytes(whole)
    error = refused(file)
    assert "dimensions" in error.what
    assert (error.found, error.expected) == ("129", "64")


def test_no_file_an_empty_one_a_folder(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"")
    assert "cut short" in refused(file).what
    for path in (tmp_path, tmp_path / "missing", tmp_path / "missing" / "deeper", file / "below-a-file"):
        refused(path)
