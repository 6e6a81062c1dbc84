"""The folder of a rematch is whole or has no manifest, whatever happens while it is written."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from matcher import form_groups, sample_members
from matcher.grouping.plan_file import read_plan
from matcher.grouping.spec_reading import read_spec
from matcher.rematch.config import RematchConfig
from service.reports import rematch_files
from service.reports.rematch_files import FILES, check_rematch_place, write_rematch
from service.reports.rematch_tables import COLUMNS, GROUP_TABLES
from service.reports.whole_folder import MANIFEST
from tests.service.conftest import AS_OF
from tests.service.rematch.plans import INPUTS, a_plan

ROOT = Path(__file__).parents[3]
PLAIN = {f"{name}.{ending}" for name in COLUMNS for ending in ("csv", "parquet")} | {"report.html", MANIFEST}
GROUPS = {f"{name}.{ending}" for name in GROUP_TABLES for ending in ("csv", "parquet")}
GROUPS |= {"groups.html", "groups_plan.json", "groups_spec.next.toml"}


def write(folder: Path, **changed: Any) -> dict[str, Any]:
    return write_rematch(folder, a_plan(**changed), RematchConfig(), INPUTS)


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def is_whole(folder: Path) -> bool:
    """Whether a folder looks whole; if it does, it has to be."""
    if not (folder / MANIFEST).exists():
        return False
    files = json.loads((folder / MANIFEST).read_bytes())["files"]
    for name, told in files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == told["sha256"], name
    return True


def test_files_and_manifest(tmp_path: Path) -> None:
    told = write(tmp_path / "out")
    assert bytes_in(tmp_path / "out").keys() == PLAIN
    assert is_whole(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_bytes())
    assert manifest["files"].keys() == PLAIN - {MANIFEST} == told["files"].keys()
    assert manifest["counts"] == {
        "pairs": 40, "mentors": 1, "kept": 20, "new": 21, "broken": 3, "void": 2, "triads": 1, "unmatched": 33,
        "affected": 3,
    }  # fmt: skip
    assert manifest["unmatched"] == {"buddy": {}, "mentor": {"outcompeted": 20, "no_candidates": 13}}
    assert manifest["members"] == {"source": "members.csv", "sha256": "aa", "hash": "3e3b", "count": 120}
    assert manifest["certificates"][0]["upper_bound"] == 38.0
    assert (manifest["churn"]["limit"], manifest["churn"]["broken"], manifest["churn"]["score"]) == (5, 3, 26.0)
    assert RematchConfig.parse(manifest["config"]["says"]) == RematchConfig()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "out").iterdir())
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_equal_plans_give_equal_bytes(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two", timings={"pairing": 99.0})
    assert bytes_in(tmp_path / "one") == bytes_in(tmp_path / "two")


def test_groups_come_with_their_page_and_go_with_it(tmp_path: Path) -> None:
    members = sample_members(60, seed=5, as_of=AS_OF)
    config = RematchConfig.parse({"ties": ["buddy", "group"], "groups": {"spec": {"name": "Circles"}}})
    assert config.groups is not None
    groups = form_groups(members, config.groups.spec, AS_OF, 1, 60.0, iterations=1, diagnose=False)
    plan = dataclasses.replace(a_plan(), groups=groups)
    told = write_rematch(tmp_path / "out", plan, config, INPUTS, {one.member_id: one for one in members})
    assert bytes_in(tmp_path / "out").keys() == PLAIN | GROUPS == set(FILES)
    assert told["groups"]["placed"] == groups.terms.placed > 0
    assert read_plan(tmp_path / "out" / "groups_plan.json") == groups
    assert len(read_spec(tmp_path / "out" / "groups_spec.next.toml").groups) == len(groups.groups)
    assert "Circles" in (tmp_path / "out" / "groups.html").read_text(encoding="utf-8")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert f"{len(groups.groups)} groups with {groups.terms.placed} members" in page
    (tmp_path / "out" / "notes.txt").write_text("mine")
    write(tmp_path / "out")
    assert bytes_in(tmp_path / "out").keys() == PLAIN | {"notes.txt"}


def test_the_spec_of_the_next_groups_keeps_apart_whom_the_history_does(tmp_path: Path) -> None:
    members = sample_members(60, seed=5, as_of=AS_OF)
    one, other, third = sorted(member.member_id for member in members)[:3]
    config = RematchConfig.parse({"ties": ["group"], "groups": {"spec": {"apart": [[other, third]]}}})
    assert config.groups is not None
    groups = form_groups(members, config.groups.spec, AS_OF, 1, 60.0, iterations=1, diagnose=False)
    write_rematch(tmp_path, dataclasses.replace(a_plan(), groups=groups), config, INPUTS, apart=[(one, third)])
    assert read_spec(tmp_path / "groups_spec.next.toml").apart == ((other, third), (one, third))


def test_a_run_that_breaks_while_writing_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "out")
    before = bytes_in(tmp_path / "out")

    def full(path: Path, *_: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rematch_files, "write_csv", full)
    for folder in ("out", "new"):
        with pytest.raises(OSError, match="No space left"):
            write(tmp_path / folder, seed=9)
    assert bytes_in(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


WRITER = """
import os, resource, signal, sys
from pathlib import Path
from service.reports import rematch_files, whole_folder
from tests.service.rematch.plans import INPUTS, a_plan
from matcher.rematch.config import RematchConfig

folder, what, after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if what == "room":
    import service.reports.rematch_report  # what is read or compiled beforehand is not limited
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, after))
else:
    def dying(place, name):
        function, left = getattr(place, name), after
        def call(*arguments, **named):
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return function(*arguments, **named)
        setattr(place, name, call)
    dying(*{"table": (rematch_files, "write_csv"), "manifest": (rematch_files, "write_json"),
            "placing": (Path, "replace"), "renaming": (Path, "rename")}[what])
rematch_files.write_rematch(folder, a_plan(seed=9), RematchConfig(), INPUTS)
"""


def written_by_another(folder: Path, what: str, after: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WRITER, str(folder), what, str(after)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("what", "after", "stays"),
    [
        ("table", 5, True),
        pytest.param("manifest", 0, True, marks=pytest.mark.long),
        ("placing", 0, False),
        pytest.param("placing", len(PLAIN) - 1, False, marks=pytest.mark.long),
    ],
)
def test_killed_while_writing(tmp_path: Path, what: str, after: int, stays: bool) -> None:
    """An earlier run stays as it was, or has no manifest; and the next run puts it right."""
    folder = tmp_path / "out"
    write(folder)
    before = {name: held for name, held in bytes_in(folder).items() if name in FILES}
    assert written_by_another(folder, what, after).returncode == -signal.SIGKILL
    assert is_whole(folder) == stays
    if stays:
        assert {name: (folder / name).read_bytes() for name in before} == before
    write(folder, seed=9)
    assert is_whole(folder)
    assert json.loads((folder / MANIFEST).read_bytes())["seed"] == 9
    assert {path.name for path in folder.iterdir()} == PLAIN


@pytest.mark.parametrize(("what", "after"), [("table", 5), pytest.param("renaming", 0, marks=pytest.mark.long)])
def test_killed_before_a_new_folder_is_there(tmp_path: Path, what: str, after: int) -> None:
    assert written_by_another(tmp_path / "out", what, after).returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    assert any(tmp_path.iterdir())
    check_rematch_place(tmp_path / "out", [])
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("room", [0, 4096])
def test_a_full_disk(tmp_path: Path, room: int) -> None:
    write(tmp_path / "there")
    before = bytes_in(tmp_path / "there")
    for folder in ("there", "new"):
        done = written_by_another(tmp_path / folder, "room", room)
        assert done.returncode == 1
        assert "OSError" in done.stderr
        assert "File too large" in done.stderr
    assert bytes_in(tmp_path / "there") == before
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
