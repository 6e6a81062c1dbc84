"""What differs between two rematches, from their files."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import pytest

from matcher.errors import ReadingError
from matcher.rematch.config import RematchConfig
from matcher.rematch.plan import PlannedTie
from service.reports.rematch_diff import DIFF_FILES, KindCounts, diff_runs, write_diff
from service.reports.rematch_files import write_rematch
from tests.service.conftest import Run
from tests.service.rematch.plans import INPUTS, a_plan, metrics


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Two runs: in the second one pair is another, and the mentor is gone."""
    plan = a_plan()
    pairs = (*plan.pairs[1:], PlannedTie("buddy", "a000", "c001", 0.75, "new"))
    rows = {**plan.metrics, "plan": (metrics("buddy", 0.72, 90), metrics("all", 0.72, 90))}
    other = dataclasses.replace(plan, pairs=pairs, mentors=(), metrics=rows, config_hash="other", seed=4)
    for name, one in (("one", plan), ("two", other)):
        write_rematch(tmp_path / name, one, RematchConfig(), INPUTS)
    return tmp_path / "one", tmp_path / "two"


def test_ties_members_and_figures(runs: tuple[Path, Path]) -> None:
    diff = diff_runs(*runs)
    assert diff.kinds == (KindCounts("buddy", 39, 1, 1, 3), KindCounts("mentor", 0, 1, 0, 2))
    assert [(row["member_id"], row["with_first"], row["with_second"]) for row in diff.members] == [
        ("a000", "b000", "c001"), ("b000", "a000", ""), ("c001", "", "a000"),
        ("a007", "c003", ""), ("c003", "a007", ""),
    ]  # fmt: skip
    only = [row for row in diff.ties if row["in"] != "both"]
    assert [(row["member_id"], row["peer_id"], row["in"]) for row in only] == [
        ("a000", "b000", "first"), ("a000", "c001", "second"), ("c003", "a007", "first"),
    ]  # fmt: skip
    assert (only[1]["score_first"], only[1]["score_second"]) == (None, 0.75)
    figures = {(row["plan"], row["kind"], row["metric"]): row for row in diff.metrics}
    assert figures["plan", "all", "score_mean"]["difference"] == pytest.approx(0.02)
    assert figures["random", "all", "score_mean"]["difference"] == 0
    assert figures["plan", "mentor", "score_mean"] | {"first": 0.7} == {
        "plan": "plan", "kind": "mentor", "metric": "score_mean", "first": 0.7, "second": None, "difference": None,
    }  # fmt: skip
    assert diff.notes == ("the config is not the same", "the seed is not the same")


def test_a_run_and_itself(runs: tuple[Path, Path]) -> None:
    diff = diff_runs(runs[0], runs[0])
    assert diff.kinds == (KindCounts("buddy", 40, 0, 0, 0), KindCounts("mentor", 1, 0, 0, 0))
    assert (diff.members, diff.notes) == ((), ())
    assert {row["difference"] for row in diff.metrics if row["difference"] is not None} == {0.0}


def test_written_tables(runs: tuple[Path, Path], tmp_path: Path) -> None:
    diff = diff_runs(*runs)
    write_diff(tmp_path / "diff", diff)
    assert {path.name for path in (tmp_path / "diff").iterdir()} == set(DIFF_FILES)
    with (tmp_path / "diff" / "ties.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(diff.ties) == 42
    manifest = json.loads((tmp_path / "diff" / "manifest.json").read_bytes())
    assert manifest["kinds"][0] == {"kind": "buddy", "both": 39, "first": 1, "second": 1, "members": 3}
    assert (manifest["first"]["seed"], manifest["second"]["seed"]) == (3, 4)
    with pytest.raises(ReadingError, match="is not of a rematch"):
        diff_runs(runs[0], tmp_path / "diff")


def test_folders_that_are_no_runs(runs: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "nowhere"):
        with pytest.raises(ReadingError, match=r"holds no manifest\.json"):
            diff_runs(runs[0], tmp_path / folder)
    (runs[1] / "ties.parquet").write_bytes(b"other")
    with pytest.raises(ReadingError, match="is not the file that the manifest tells of"):
        diff_runs(*runs)
    (runs[1] / "manifest.json").write_bytes(b"[1")
    with pytest.raises(ReadingError, match="is no JSON"):
        diff_runs(*runs)
    manifest = json.loads((runs[0] / "manifest.json").read_bytes())
    (runs[0] / "manifest.json").write_text(json.dumps({**manifest, "version": 99}))
    with pytest.raises(ReadingError, match="another version"):
        diff_runs(runs[0], runs[0])


def test_the_command(run: Run, runs: tuple[Path, Path], tmp_path: Path) -> None:
    said = run("rematch-diff", "one", "two", "--out", "diff")
    assert said.code == 0, said.err
    assert "Note: the config is not the same." in said.out
    lines = [" ".join(part for part in line.split() if part not in "│┃") for line in said.out.splitlines()]
    assert "Buddies 39 1 1 3" in lines
    assert "Buddies and mentors together mean score 0.700 0.720 +0.020" in lines
    assert (tmp_path / "diff" / "members.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("one", "nowhere"), "nowhere: holds no manifest.json"),
        (("one", "two", "--out", "one"), "would be overwritten"),
        (("one", "two", "--out", "one/ties.csv"), "is a file"),
    ],
)
def test_errors_are_one_line(run: Run, runs: tuple[Path, Path], arguments: tuple[str, ...], words: str) -> None:
    before = {path: path.read_bytes() for folder in runs for path in folder.iterdir()}
    said = run("rematch-diff", *arguments)
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert said.err.startswith("peer-matcher: ")
    assert words in said.err
    assert {path: path.read_bytes() for folder in runs for path in folder.iterdir()} == before
