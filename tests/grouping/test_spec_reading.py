"""Spec files: TOML and JSON say the same, and what cannot be read is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matcher.errors import InvalidProblem, ReadingError
from matcher.grouping import spec_reading
from matcher.grouping.spec_reading import read_spec

TOML = """
name = "Spring"
together = [["a", "b"]]

[size]
min = 3
attendance = 0.75

[meeting]
time_zone = "Europe/Lisbon"
start_date = 2026-03-01

[[meeting.window]]
day = "tue"
start = "18:00"
end = "21:00"

[[mix]]
attribute = "stage_band"
rule = "alike"
"""
JSON = {
    "name": "Spring",
    "together": [["a", "b"]],
    "size": {"min": 3, "attendance": 0.75},
    "meeting": {
        "time_zone": "Europe/Lisbon",
        "start_date": "2026-03-01",
        "window": [{"day": "tue", "start": "18:00", "end": "21:00"}],
    },
    "mix": [{"attribute": "stage_band", "rule": "alike"}],
}


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml, as_json = written(tmp_path, "a.toml", TOML), written(tmp_path, "a.JSON", json.dumps(JSON))
    assert read_spec(toml) == read_spec(as_json)
    assert read_spec(str(toml)).size.min == 3
    assert read_spec(written(tmp_path, "b.toml", b"\xef\xbb\xbf" + TOML.encode())) == read_spec(toml)
    assert read_spec(written(tmp_path, "c.toml", TOML.replace("\n", "\r\n"))) == read_spec(toml)


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("a.yaml", "size: 4", "is of no known kind"),
        ("a", "", "is of no known kind"),
        ("a.toml", b"name = '\xff'", "is not UTF-8 at byte 9"),
        ("a.toml", TOML.encode("utf-16"), "is not UTF-8 at byte 1"),
        ("a.toml", "name = \n", "is not TOML: Invalid value (at line 1"),
        ("a.toml", "name = 'a'\nname = 'b'\n", "is not TOML: Cannot overwrite a value (at line 2"),
        ("a.toml", "churn = " + "9" * 5000, "out of range"),
        ("a.toml", "start = 2026-02-30", "is not TOML"),
        ("a.toml", "a = " + "[" * 100_000, "nested too deeply"),
        ("a.json", "", "is not JSON: Expecting value (at line 1, column 1)"),
        ("a.json", '{"name": "a",\n}', "is not JSON"),
        ("a.json", "[1]", "is no object"),
        ("a.json", "null", "is no object"),
        ("a.json", '{"name": "a", "name": "b"}', "a key stands there twice"),
        ("a.json", '{"churn": NaN}', "NaN is no JSON number"),
        ("a.json", '{"churn": ' + "9" * 5000 + "}", "too many digits"),
        ("a.json", "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str, text: str | bytes, what: str) -> None:
    path = written(tmp_path, name, text)
    with pytest.raises(ReadingError) as caught:
        read_spec(path)
    assert what in caught.value.what
    assert caught.value.source == str(path)


def test_what_is_read_is_validated(tmp_path: Path) -> None:
    with pytest.raises(InvalidProblem, match=r"size\.min"):
        read_spec(written(tmp_path, "a.toml", "[size]\nmin = 0"))
    with pytest.raises(InvalidProblem, match=r"meeting\.window\[0\]\.start"):
        read_spec(written(tmp_path, "b.toml", TOML.replace('start = "18:00"', "start = 18:00:00")))


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="no such file"):
        read_spec(tmp_path / "none.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ReadingError, match="directory"):
        read_spec(tmp_path / "folder.toml")


def test_a_huge_file_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spec_reading, "LARGEST_FILE", 1000)
    path = written(tmp_path, "a.toml", "#" * 1001)
    with pytest.raises(ReadingError, match="too large"):
        read_spec(path)
    assert read_spec(written(tmp_path, "b.toml", "#" * 1000)).name == "groups"
