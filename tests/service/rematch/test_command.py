"""``peer-matcher rematch``: the same bytes every time, nothing half-written, one line where something is wrong."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from matcher import MemberProfile
from matcher.rematch.config_reading import read_config
from matcher.rematch.history_reading import read_history
from matcher.rematch.rematch import PHASES
from service.commands.rematch_progress import phases_shown
from service.reports.rematch_files import FILES
from service.reports.rematch_words import PHASE_WORDS
from tests.service.conftest import AS_OF, Run, Said, ndjson
from tests.service.rematch.plans import some_history, write_history
from tests.service.rematch.test_files import PLAIN, bytes_in, is_whole

ROOT = Path(__file__).parents[3]
CONFIG = """
ties = ["buddy", "mentor"]
[buddies]
neighbours = 8
[mentors]
neighbours = 8
[churn]
share = 0.25
sweep = [0.5]
"""
OPTIONS = ("rematch", "--members", "people.ndjson", "--history", "history.csv", "--config", "rematch.toml", "--out")


@pytest.fixture(scope="module")
def community(people: list[MemberProfile]) -> list[MemberProfile]:
    return people[:150]


@pytest.fixture(scope="module")
def given(community: list[MemberProfile]) -> Callable[[Path], None]:
    """Puts the inputs into a folder."""
    ties = some_history(community)

    def put(folder: Path) -> None:
        (folder / "people.ndjson").write_bytes(ndjson(community))
        (folder / "rematch.toml").write_text(CONFIG, encoding="utf-8")
        write_history(folder / "history.csv", ties)

    return put


def in_a_process(folder: Path, *options: str, first: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, after the lines of ``first``."""
    environment = {**os.environ, "COLUMNS": "200", "PEER_MATCHER_AS_OF": AS_OF.isoformat(), "PYTHONPATH": str(ROOT)}
    code = f"from service import cli\n{first}\nif __name__ == '__main__':\n    cli.app()\n"
    (folder / "start.py").write_text(code, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "start.py", *OPTIONS, *options],
        capture_output=True, text=True, check=False, cwd=folder, env=environment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, given: Callable[[Path], None]) -> Path:
    """A folder with inputs, the results of a run in ``out``, and what it said."""
    folder = tmp_path_factory.mktemp("written")
    given(folder)
    done = in_a_process(folder, "out", "--workers", "2")
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout, encoding="utf-8")
    (folder / "progress.txt").write_text(done.stderr, encoding="utf-8")
    return folder


@pytest.fixture
def rematch(run: Run, tmp_path: Path, given: Callable[[Path], None]) -> Callable[..., Said]:
    given(tmp_path)

    def with_options(*options: object, to: str = "out") -> Said:
        return run(*OPTIONS, to, *options)

    return with_options


def test_files(written: Path) -> None:
    out = written / "out"
    assert bytes_in(out).keys() == PLAIN < set(FILES)
    assert is_whole(out)
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert (manifest["as_of"], manifest["seed"], manifest["reproducible"]) == ("2026-01-01", 0, True)
    assert manifest["history"]["source"] == "history.csv"
    ties = pq.read_table(out / "ties.parquet").to_pylist()
    assert len(ties) == manifest["counts"]["pairs"] + manifest["counts"]["mentors"] > 20
    history = read_history(written / "history.csv")
    in_force = {tie.pair for tie in history.ties if tie.state == "current"}
    kept = {(row["member_id"], row["peer_id"]) for row in ties if row["standing"] == "kept"}
    broken = pq.read_table(out / "broken.parquet").to_pylist()
    void = pq.read_table(out / "void.parquet").to_pylist()
    assert len(kept) + len(broken) + len(void) == len(in_force)
    assert len(broken) <= manifest["churn"]["limit"] == manifest["churn"]["could_stand"] // 4
    assert [row["rules"] for row in void] == ["gone"]


def test_the_summary_is_for_people(written: Path) -> None:
    said = (written / "said.txt").read_text(encoding="utf-8")
    for words in (
        "who could have a buddy or a mentor tie get somebody",
        "ties in force are ended to get there",
        "This plan",
        "By procedure alone",
        "1 tie in force cannot stand: see void.csv.",
        "Rules, limits and sums were checked again by code that the search does not use",
        "Read out/report.html",
    ):
        assert words in said, words
    told = (written / "progress.txt").read_text(encoding="utf-8")
    places = [told.index(PHASE_WORDS[phase]) for phase in PHASES if phase != "groups"]
    assert places == sorted(places)


def test_two_runs_write_the_same_bytes(rematch: Callable[..., Said], tmp_path: Path, written: Path) -> None:
    """With one process or two, in any process."""
    said = rematch("--workers", 1)
    assert said.code == 0, said.err
    assert bytes_in(tmp_path / "out") == bytes_in(written / "out")


ERRORS: list[tuple[str, str, tuple[str, ...]]] = [
    ("rematch.toml", "colour = 'red'", ("colour", "keys of a rematch config")),
    ("rematch.toml", "ties = ", ("rematch.toml", "TOML")),
    ("rematch.toml", "[churn]\nlimit = 1\nshare = 0.5", ("churn", "one of the two")),
    ("history.csv", "kind,member_id,peer_id\nbuddy,a,a\n", ("history.csv", "line 2")),
    ("history.csv", "kind,member_id,peer_id,state\nbuddy,a,b,asleep\n", ("history.csv", "line 2", "state")),
    ("history.csv", "kind,member_id,peer_id\nbuddy,a,b\nbuddy,b,a\n", ("history.csv", "line 3", "line 2")),
    ("history.csv", "member_id,peer_id\na,b\n", ("history.csv", "kind")),
    ("people.ndjson", "", ("people.ndjson", "holds no rows")),
]


@pytest.mark.parametrize(("name", "text", "words"), ERRORS)
def test_bad_input(rematch: Callable[..., Said], tmp_path: Path, name: str, text: str, words: tuple[str, ...]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    expect_refused(rematch(), tmp_path, *words)


def expect_refused(said: Said, tmp_path: Path, *words: str) -> None:
    """Exit code 2, the error in the last line, and nothing written."""
    last = said.err.splitlines()[-1]
    assert (said.code, said.out) == (2, "")
    assert last.startswith("peer-matcher: ")
    assert all(word in last for word in words), last
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name", ["people.ndjson", "history.csv", "rematch.toml"])
def test_files_that_are_not_there(rematch: Callable[..., Said], tmp_path: Path, name: str) -> None:
    (tmp_path / name).unlink()
    expect_refused(rematch(), tmp_path, name)


def test_inputs_are_never_overwritten(rematch: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "history.csv").rename(tmp_path / "ties.csv")
    before = bytes_in(tmp_path)
    said = rematch("--history", "ties.csv", to=".")
    assert said.code == 2
    assert "ties.csv would be overwritten" in said.err
    assert bytes_in(tmp_path) == before
    (tmp_path / "taken").write_text("a file")
    said = rematch(to="taken")
    assert said.err == "peer-matcher: --out: taken is a file (accepted: a folder, which need not exist yet)\n"


@pytest.mark.long
def test_a_cluster_that_does_not_answer(rematch: Callable[..., Said], tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        expect_refused(rematch("--cluster", f"tcp://127.0.0.1:{nobody.getsockname()[1]}"), tmp_path, "cluster tcp://")


STOPPED = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell may have told us to ignore
from service.commands import rematching

def stop(*arguments):
    *before, executor, tell = arguments
    def told(phase, share):
        tell(phase, share)
        if phase == {phase!r}:
            os.kill(os.getpid(), signal.SIGINT)
    return rematch(*before, executor, told)

rematch, rematching.rematch = rematching.rematch, stop
"""


@pytest.mark.parametrize("phase", ["candidates", "checking"])
def test_stopped(tmp_path: Path, given: Callable[[Path], None], phase: str) -> None:
    """Ctrl-C leaves what was there as it was, and no folder where there was none."""
    given(tmp_path)
    done = in_a_process(tmp_path, "out", "--workers", "1", first=STOPPED.format(phase=phase))
    assert done.returncode in {1, 130, -signal.SIGINT}, done
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert {path.name for path in tmp_path.iterdir()} == {
        "people.ndjson", "history.csv", "rematch.toml", "start.py",
    }  # fmt: skip


FULL = """
import resource, signal
from service.commands import rematching

def on_a_full_disk(*arguments):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
    return write(*arguments)

write, rematching.write_rematch = rematching.write_rematch, on_a_full_disk
"""


def test_a_full_disk_is_one_line(tmp_path: Path, given: Callable[[Path], None]) -> None:
    given(tmp_path)
    done = in_a_process(tmp_path, "out", "--workers", "1", first=FULL)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("peer-matcher: ")
    assert "File too large" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "out").exists()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def shown(terminal: bool, told: list[tuple[str, float]]) -> str:
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=120, highlight=False)
    with phases_shown(console) as tell:
        for phase, share in told:
            tell(phase, share)
    return written.getvalue()


def test_progress_by_phase() -> None:
    told = [("reading", 0.0), ("reading", 1.0), ("candidates", 0.0), ("candidates", 0.4)]
    bars = shown(True, told)
    for words in (PHASE_WORDS["reading"], "100%", PHASE_WORDS["candidates"], "40%", "left"):
        assert words in bars
    lines = shown(False, told)
    assert lines.splitlines() == [PHASE_WORDS["reading"], PHASE_WORDS["candidates"]]


def test_the_example_runs(run: Run, tmp_path: Path, people: list[MemberProfile]) -> None:
    """The config and the history of the documentation, on a community in which most of its members are not."""
    examples = ROOT / "docs" / "examples"
    (tmp_path / "people.ndjson").write_bytes(ndjson(people[:80]))
    config: Any = read_config(examples / "rematch.toml")
    assert config.churn.share == 0.2
    assert len(read_history(examples / "history.csv").ties) == 4
    options = ("--history", examples / "history.csv", "--config", examples / "rematch.toml", "--out", "out")
    said = run("rematch", "--members", "people.ndjson", *options)
    assert said.code == 0, said.err
    assert is_whole(tmp_path / "out")
