"""``peer-matcher group``: its files, its manifest, stopping it, and one line where something is wrong."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from matcher import MemberProfile, sample_members
from matcher.errors import VerificationError
from matcher.grouping.plan import GroupPlan
from matcher.grouping.plan_file import read_plan
from matcher.grouping.spec_reading import read_spec
from matcher.verification.grouping import verify_groups
from service import cli
from service.reports import group_files, group_tables
from service.reports.group_files import FILES
from service.use_cases import form_groups as use_case
from tests.service.conftest import AS_OF, ndjson

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SPEC = """
name = "Circles"
[size]
min = 3
target = 4
max = 5
[meeting]
time_zone = "America/New_York"
start_date = 2026-03-02
unknown_availability = "assumed"
[facilitation]
per_group = 1
[[facilitation.staff]]
name = "Rita"
time_zone = "America/New_York"
availability = [{ day = "tue", start = "17:00", end = "22:00" }, { day = "sat", start = "08:00", end = "22:00" }]
most_groups = 8
[[mix]]
attribute = "procedure_domain"
rule = "alike"
"""


@dataclass
class Said:
    code: int
    out: str
    err: str


Group = Callable[..., Said]


@pytest.fixture(scope="module")
def community() -> list[MemberProfile]:
    return sample_members(120, seed=7, as_of=AS_OF)


@pytest.fixture
def group(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, community: list[MemberProfile]
) -> Group:
    """Run the command in a folder of its own, results in ``out``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PEER_MATCHER_AS_OF", AS_OF.isoformat())
    (tmp_path / "people.ndjson").write_bytes(ndjson(community))
    (tmp_path / "spec.toml").write_text(SPEC)

    def with_options(
        *options: object, members: str = "people.ndjson", spec: str = "spec.toml", to: str = "out", rounds: int = 2
    ) -> Said:
        arguments = ["group", "--members", members, "--spec", spec, "--out", to, "--iterations", rounds, *options]
        monkeypatch.setattr("sys.argv", ["peer-matcher", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.app()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return with_options


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, community: list[MemberProfile]) -> Path:
    """A folder with the results of one run, and its inputs beside it."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "people.ndjson").write_bytes(ndjson(community))
    (folder / "spec.toml").write_text(SPEC)
    command = [sys.executable, "-m", "service.cli", "group", "--members", "people.ndjson", "--spec", "spec.toml"]
    options = ["--out", "out", "--iterations", "2", "--as-of", AS_OF.isoformat()]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "200"}
    done = subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout)
    return folder


def manifest_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def plan_in(folder: Path) -> GroupPlan:
    return read_plan(folder / "plan.json")


def rows_of(path: Path) -> list[dict[str, Any]]:
    """A CSV with its cells as the Parquet table of the same name types them."""
    types = {field.name: str(field.type) for field in pq.read_schema(path.with_suffix(".parquet"))}
    read: dict[str, Callable[[str], Any]] = {
        "double": float, "int32": int, "string": str, "bool": lambda cell: cell == "true",
    }  # fmt: skip
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: read[types[name]](cell) for name, cell in row.items() if cell} for row in csv.DictReader(file)]


def test_tables_and_manifest(written: Path) -> None:
    out, plan = written / "out", plan_in(written / "out")
    manifest = manifest_in(out)
    assert {path.name for path in out.iterdir()} == set(FILES)
    assert manifest["files"].keys() == set(FILES) - {"manifest.json", "timings.json"}
    for name, told in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == told["sha256"]
        assert (out / name).stat().st_mode & 0o077 == 0
    for name in group_tables.TABLES:
        table = pq.read_table(out / f"{name}.parquet").to_pylist()
        shown = [{key: value for key, value in row.items() if value not in (None, "")} for row in table]
        assert shown == rows_of(out / f"{name}.csv")
        assert {manifest["files"][f"{name}.{ending}"]["rows"] for ending in ("csv", "parquet")} == {len(table)}
    assert (manifest["groups"], manifest["placed"]) == (len(plan.groups), plan.terms.placed)
    assert len(plan.groups) > 2
    assert [row["group"] for row in rows_of(out / "groups.csv")] == [one.name for one in plan.groups]
    placed = {row["member_id"]: row["group"] for row in rows_of(out / "members.csv")}
    assert placed == plan.group_of()
    assert [row["member_id"] for row in rows_of(out / "unplaced.csv")] == [one.member_id for one in plan.unplaced]
    assert sum(manifest["unplaced"].values()) == len(plan.unplaced)
    assert manifest["terms"]["total"] == plan.terms.total <= manifest["upper_bound"]
    for name, source in (("members", "people.ndjson"), ("spec", "spec.toml")):
        assert manifest[name]["sha256"] == hashlib.sha256((written / source).read_bytes()).hexdigest()
    assert set(json.loads((out / "timings.json").read_text())) == {"reading_s", "solving_s", "checking_s"}


def test_the_plan_is_valid(written: Path, community: list[MemberProfile]) -> None:
    verify_groups(community, read_spec(written / "spec.toml"), plan_in(written / "out"))


def test_the_page(written: Path) -> None:
    page = (written / "out" / "report.html").read_text(encoding="utf-8")
    for group in plan_in(written / "out").groups:
        assert group.name in page
    assert "Rita (staff)" in page


def test_the_summary_is_for_people(written: Path) -> None:
    said, plan = (written / "said.txt").read_text(), plan_in(written / "out")
    for words in (
        "Circles",
        "Field of medicine alike",
        "Without a place",
        f"at most {plan.gap:.1%} below the best possible score",
        "Checked by code that shares nothing with the search",
        "Read out/report.html",
    ):
        assert words in said, words


def test_two_runs_write_the_same_bytes(group: Group, tmp_path: Path, written: Path) -> None:
    """On any number of threads, in any process."""
    assert group("--threads", 1).code == 0
    for name in set(FILES) - {"timings.json"}:
        assert (tmp_path / "out" / name).read_bytes() == (written / "out" / name).read_bytes(), name


def test_a_plan_can_be_kept_and_solved_again(
    group: Group, tmp_path: Path, written: Path, community: list[MemberProfile]
) -> None:
    """Locked groups stay to the letter, others may change; a locked plan comes out as it went in."""
    before = plan_in(written / "out")
    text = (written / "out" / "spec.next.toml").read_text()
    first = before.groups[0]
    parts = text.split("[[groups]]")
    parts[1] = parts[1].replace("locked = false", "locked = true", 1)
    (tmp_path / "again.toml").write_text("[[groups]]".join(parts))
    assert group(spec="again.toml").code == 0
    again = plan_in(tmp_path / "out").group(first.name)
    assert (again.member_ids, again.facilitators, again.locked) == (first.member_ids, first.facilitators, True)
    assert again.slot is not None
    assert again.slot == first.slot
    (tmp_path / "kept.toml").write_text(text.replace("locked = false", "locked = true"))
    assert group("--seed", 5, spec="kept.toml", to="kept").code == 0
    kept = plan_in(tmp_path / "kept")
    assert kept.moved == ()
    assert {one.name: one.member_ids for one in before.groups}.items() <= {
        one.name: one.member_ids for one in kept.groups
    }.items()


def test_the_next_spec_is_easy_to_edit(written: Path) -> None:
    """Every group has one table, so that a line may be added anywhere in it."""
    text = (written / "out" / "spec.next.toml").read_text()
    assert "[groups." not in text
    for one, planned in zip(tomllib.loads(text)["groups"], plan_in(written / "out").groups, strict=True):
        assert (one["name"], tuple(one["members"])) == (planned.name, planned.member_ids)
        assert planned.slot is not None
        assert one["slot"] == {"day": planned.slot.day, "start": planned.slot.start}
        assert (one["locked"], one["locked_members"]) == (False, [])


def expect_refused(said: Said, tmp_path: Path, *words: str) -> None:
    """Exit code 2, the error in the last line, and nothing written."""
    *before, last = said.err.splitlines()
    assert (said.code, said.out) == (2, "")
    assert last.startswith("peer-matcher: ")
    assert all(word in last for word in words), last
    phases = ("Reading", "Bounding", "Making", "Improving", "Describing", "Diagnosing")
    assert all(line.startswith((*phases, "line ", "0 rows", "1 rows")) for line in before), before
    assert not (tmp_path / "out").exists()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("[meeting]\ntime_zone = 'Mars/Base'\nstart_date = 2026-03-02", ("meeting.time_zone", "IANA")),
        ("[[mix]]\nattribute = 'shoe_size'\nrule = 'alike'", ("mix[0].attribute", "no such attribute")),
        ("[who]\nmember_ids = ['m0000001']", ("1",)),
        ("[who]\ninterests = ['nobody-has-this']", ("no members can be placed",)),
        ("together = [['m0000001', 'stranger']]", ("stranger",)),
        ("[[facilitation.staff]]\nname = ''", ("facilitation.staff[0].name",)),
        ("[size]\nmin = 9", ("sizes out of order",)),
        ("size = ", ("spec.toml", "TOML")),
        ("colour = 'red'", ("colour", "keys of a group spec")),
    ],
)
def test_bad_specs(group: Group, tmp_path: Path, spec: str, words: tuple[str, ...]) -> None:
    (tmp_path / "spec.toml").write_text(spec)
    expect_refused(group(), tmp_path, *words)


def test_files_that_are_not_there(group: Group, tmp_path: Path) -> None:
    expect_refused(group(members="nowhere.csv"), tmp_path, "nowhere.csv")
    expect_refused(group(spec="nowhere.toml"), tmp_path, "nowhere.toml")
    expect_refused(group(spec="."), tmp_path, "accepted")
    (tmp_path / "empty.csv").write_text("")
    expect_refused(group(members="empty.csv"), tmp_path, "empty.csv")


def test_a_place_that_cannot_be_written(group: Group, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    said = group(to="taken")
    assert said.code == 2
    assert said.err == "peer-matcher: --out: taken is a file (accepted: a folder, which need not exist yet)\n"
    said = group(to="taken/below")
    assert said.code == 2
    assert said.err.startswith("peer-matcher: ")
    assert (tmp_path / "taken").read_text() == "a file"


def test_inputs_are_never_overwritten(group: Group, tmp_path: Path, community: list[MemberProfile]) -> None:
    (tmp_path / "members.csv").write_text("precious")
    said = group(members="members.csv", to=".")
    assert said.code == 2
    assert "members.csv would be overwritten" in said.err
    assert (tmp_path / "members.csv").read_text() == "precious"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "spec.next.toml").write_text(SPEC)
    said = group(spec="out/spec.next.toml")
    assert said.code == 2
    assert "another folder than that of the inputs" in said.err


def test_a_closed_folder_is_found_before_any_work(
    group: Group, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(**options: Any) -> str:
        raise PermissionError(13, "Permission denied", str(options["dir"]))

    monkeypatch.setattr("tempfile.mkdtemp", closed)
    said = group(to="closed/out")
    assert (said.code, said.out) == (2, "")
    assert said.err == f"peer-matcher: {tmp_path}: Permission denied\n"


def test_a_run_that_breaks_while_writing_leaves_the_earlier_one(
    group: Group, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(group_files, "write_csv", full)
        expect_refused(group(), tmp_path, "No space left on device")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    assert group().code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert before.keys() == {*FILES, "notes.txt"}
    monkeypatch.setattr(group_files, "write_csv", full)
    assert group("--seed", 3).code == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_plan_that_breaks_a_rule_is_not_written(
    group: Group, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise VerificationError("group 'group-001': block")

    monkeypatch.setattr(use_case, "verify_groups", refuse)
    said = group()
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[-1] == "peer-matcher: group 'group-001': block"
    assert not (tmp_path / "out").exists()


STOPPED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell may have told us to ignore
from service import cli
from service.use_cases import form_groups as use_case

times = int(sys.argv.pop(1))
def stop(*arguments, progress, cancel, **options):
    def told(far):
        for _ in range(times if not cancel() else 0):
            os.kill(os.getpid(), signal.SIGINT)
        return progress(far)
    return solve(*arguments, progress=told, cancel=cancel, **options)

solve, use_case.form_groups = use_case.form_groups, stop
cli.app()
"""


@pytest.mark.parametrize("times", [1, 2])
def test_stopped_while_searching(group: Group, tmp_path: Path, times: int, community: list[MemberProfile]) -> None:
    """Ctrl-C writes the best plan so far; twice, nothing."""
    arguments = ["group", "--members", "people.ndjson", "--spec", "spec.toml", "--out", "out", "--time-limit", "300"]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(times), *arguments],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert time.monotonic() - began < 200
    assert "Traceback" not in done.stderr
    if times == 1:
        assert done.returncode == 0, done.stderr
        assert "the best plan so far will be written" in done.stderr
        plan = plan_in(tmp_path / "out")
        assert plan.status == manifest_in(tmp_path / "out")["status"] == "cancelled"
        assert "stopped by hand" in done.stdout
        verify_groups(community, read_spec(tmp_path / "spec.toml"), plan)
    else:
        assert done.returncode in {130, -signal.SIGINT}, done
        assert not (tmp_path / "out").exists()
        assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("groups*.toml")))
def test_examples_are_solved(group: Group, tmp_path: Path, example: str) -> None:
    everybody = sample_members(500, seed=1, as_of=AS_OF)
    (tmp_path / "many.ndjson").write_bytes(ndjson(everybody))
    said = group(members="many.ndjson", spec=str(EXAMPLES / example), rounds=1)
    assert said.code == 0, said.err
    assert plan_in(tmp_path / "out").groups
