"""``peer-matcher pair``: its tables, its manifest, and one line where something is wrong."""

from __future__ import annotations

import csv
import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pyarrow.parquet as pq
import pytest

from matcher import MemberProfile
from matcher.pairing.solution import Why
from service import cli
from service.commands import pair_tables, pairing
from tests.service.conftest import AS_OF, ndjson

TABLES = ("pairs", "triads", "unmatched", "blocking_pairs")


@dataclass
class Said:
    code: int
    out: str
    err: str


Pair = Callable[..., Said]


@pytest.fixture
def pair(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, people: list[MemberProfile]
) -> Pair:
    """Run the command on 200 members in a folder of its own, results in ``out``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PEER_MATCHER_AS_OF", AS_OF.isoformat())
    (tmp_path / "members.ndjson").write_bytes(ndjson(people[:200]))

    def with_options(*options: object, members: str = "members.ndjson", to: str = "out") -> Said:
        arguments = ["pair", "--members", members, "--out", to, *map(str, options)]
        monkeypatch.setattr("sys.argv", ["peer-matcher", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.app()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return with_options


def manifest_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def rows_of(path: Path) -> list[dict[str, Any]]:
    """A CSV with its cells as the Parquet table of the same name types them."""
    types = {field.name: str(field.type) for field in pq.read_schema(path.with_suffix(".parquet"))}
    read: dict[str, Callable[[str], Any]] = {"double": float, "int32": int, "string": str}
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {name: read[types[name]](cell) if cell else None for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize("kind", ["buddy", "mentor"])
def test_tables_and_manifest(pair: Pair, tmp_path: Path, kind: str) -> None:
    said = pair("--kind", kind, "--triads", "--neighbours", 8)
    assert said.code == 0
    assert "Traceback" not in said.err
    out = tmp_path / "out"
    manifest = manifest_in(out)
    assert {path.name for path in out.iterdir()} == {"manifest.json", *manifest["files"]}
    assert manifest["files"].keys() == {f"{name}.{ending}" for name in TABLES for ending in ("csv", "parquet")}
    for name, told in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == told["sha256"]
    for name in TABLES:
        table = pq.read_table(out / f"{name}.parquet").to_pylist()
        assert table == rows_of(out / f"{name}.csv")
        assert {manifest["files"][f"{name}.{ending}"]["rows"] for ending in ("csv", "parquet")} == {len(table)}
    assert manifest["pairs"] == len(rows_of(out / "pairs.csv")) > 5
    assert manifest["could_have_one"] - manifest["with_a_partner"] == len(rows_of(out / "unmatched.csv"))
    assert (manifest["as_of"], manifest["source"], manifest["members"]) == ("2026-01-01", "members.ndjson", 200)
    assert (manifest["status"], manifest["gap"], manifest["wish"]["kind"]) == ("optimal", 0.0, kind)
    assert manifest["objective"] <= manifest["upper_bound_all_pairs"]


def test_the_summary_is_for_people(pair: Pair, tmp_path: Path) -> None:
    said = pair("--neighbours", 8)
    manifest = manifest_in(tmp_path / "out")
    assert "Pairing of 200 members" in said.out
    assert f"{manifest['with_a_partner']} of {manifest['could_have_one']}" in said.out
    assert "optimal, at most 0.00% below the best" in said.out
    assert "left over: " in said.out
    assert "Searching candidates" in said.err


def test_two_runs_write_the_same_bytes(pair: Pair, tmp_path: Path) -> None:
    assert pair(to="one").code == pair(to="two").code == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_two_workers_write_the_same_tables(pair: Pair, tmp_path: Path) -> None:
    assert pair("--neighbours", 8, to="one").code == 0
    assert pair("--neighbours", 8, "--workers", 2, to="two").code == 0
    assert manifest_in(tmp_path / "one") == manifest_in(tmp_path / "two")


def test_lists_of_pairs_are_read(pair: Pair, tmp_path: Path) -> None:
    assert pair(to="before").code == 0
    made = [(row["member_id"], row["peer_id"]) for row in rows_of(tmp_path / "before" / "pairs.csv")]
    (tmp_path / "locked.csv").write_text("\ufeff{}, {}\r\n\r\n".format(*made[0]), encoding="utf-8")
    (tmp_path / "banned.csv").write_text("{1},{0}\n{2},{3}\n".format(*made[1], *made[2]))
    assert pair("--locked", "locked.csv", "--banned", "banned.csv").code == 0
    after = {(row["member_id"], row["peer_id"]) for row in rows_of(tmp_path / "out" / "pairs.csv")}
    assert made[0] in after
    assert not set(made[1:3]) & after


def expect_refused(said: Said, tmp_path: Path, *words: str) -> None:
    """Exit code 2, the error in the last line, and nothing written."""
    *before, last = said.err.splitlines()
    assert (said.code, said.out) == (2, "")
    assert last.startswith("peer-matcher: ")
    assert all(word in last for word in words), last
    assert all(line.startswith(("Reading", "line ", "0 rows", "1 rows", "Searching")) for line in before), before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"m0000001\n", ("locked, line 1", "1 cells", "two member ids")),
        (b"m0000001,m0000002\nm0000001,m0000002,0.5\n", ("locked, line 2", "3 cells")),
        (b"m0000001,nobody\n", ("'nobody'", "not a member")),
        (b"m0000001,m0000001\n", ("oneself",)),
        (b"\xff\xfe\x00m,\x00n\n", ("locked.csv", "UTF-8")),
        (b'"' + b"m" * 200_000 + b'",b\n', ("locked.csv", "no CSV")),
    ],
)
def test_bad_locks(pair: Pair, tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    (tmp_path / "locked.csv").write_bytes(content)
    expect_refused(pair("--locked", "locked.csv"), tmp_path, *words)


def test_files_that_are_not_there(pair: Pair, tmp_path: Path) -> None:
    expect_refused(pair(members="nowhere.csv"), tmp_path, "nowhere.csv")
    for option in ("--locked", "--banned", "--incumbent"):
        expect_refused(pair(option, "nowhere.csv"), tmp_path, "nowhere.csv")
    expect_refused(pair("--locked", "."), tmp_path, ".")


def test_files_without_members(pair: Pair, tmp_path: Path) -> None:
    for name, content in (
        ("empty.csv", b""),
        ("names.csv", b"member_id,status\n"),
        ("bad.ndjson", b'{"shoe_size": 1}\n'),
    ):
        (tmp_path / name).write_bytes(content)
        expect_refused(pair(members=name), tmp_path, name)
    (tmp_path / "members.txt").write_bytes(b"")
    expect_refused(pair(members="members.txt"), tmp_path, "members.txt")


@pytest.mark.parametrize("option", ["--threshold", "--bonus"])
def test_a_score_that_is_no_number(pair: Pair, tmp_path: Path, option: str) -> None:
    said = pair(option, "nan")
    assert said.code == 2
    assert option in said.err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_rows_that_are_left_out_are_told(pair: Pair, tmp_path: Path, people: list[MemberProfile]) -> None:
    (tmp_path / "mixed.ndjson").write_bytes(ndjson(people[:50]) + b'{"member_id": "b1", "status": "asleep"}\nno\n')
    said = pair(members="mixed.ndjson")
    assert said.code == 0
    assert "line 51: status" in said.err
    assert "2 rows were left out" in said.err
    assert manifest_in(tmp_path / "out")["members"] == 50


def test_a_place_that_cannot_be_written(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    said = pair(to="taken")
    assert said.code == 2
    assert said.err.splitlines()[-1].startswith("peer-matcher: taken")
    assert (tmp_path / "taken").read_text() == "a file"


def test_a_run_that_breaks_while_writing_leaves_no_manifest(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pair().code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    def full(path: Path, **_: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pair_tables, "_csv", full)
    said = pair("--neighbours", 4)
    assert (said.code, said.err.splitlines()[-1]) == (2, "peer-matcher: the system: No space left on device")
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == before.keys() - {"manifest.json"}
    assert (tmp_path / "out" / "pairs.csv").read_bytes() == before["pairs.csv"]


STOPPED = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell may have told us to ignore
from matcher.pairing.solution import Why
from service import cli
from service.use_cases import pair_members

def stop(*arguments, progress, **options):
    def told(*what):
        os.kill(os.getpid(), signal.SIGINT)
        return progress(*what)
    return solve(*arguments, progress=told, **options)

solve, pair_members.solve_pairing = pair_members.solve_pairing, stop
cli.app()
"""


def test_stopped_while_solving(pair: Pair, tmp_path: Path) -> None:
    """Ctrl-C leaves what was there as it was, and no folder where there was none."""
    assert pair(to="before").code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "before").iterdir()}
    for folder in ("before", "out"):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                STOPPED,
                "pair",
                "--members",
                "members.ndjson",
                "--out",
                folder,
                "--neighbours",
                "4",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode in {1, 130, -signal.SIGINT}, done
        assert "Pairing: halves" not in done.stderr
        assert "Traceback" not in done.stderr
        assert "Checked" not in done.stdout
    assert {path.name: path.read_bytes() for path in (tmp_path / "before").iterdir()} == before
    assert not (tmp_path / "out").exists()


def test_every_reason_has_words() -> None:

    assert set(pairing.WHY) == set(get_args(Why))


def test_content_with_less(pair: Pair, tmp_path: Path) -> None:
    assert pair("--gap", "0.05").code == 0
    assert manifest_in(tmp_path / "out")["wish"]["gap"] == 0.05
    assert pair("--gap", "0.2").code == 2
    assert pair("--gap", "-1").code == 2
