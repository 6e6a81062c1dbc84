"""Folders for a while: gone however the process ends, never while one is in use."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from matcher.passing_folder import passing_folder, sweep
from service.reports.whole_folder import check_place

ROOT = Path(__file__).parents[1]
IN_USE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from service import cli
from matcher.executors.crew import hired
from service.reports.whole_folder import aside_of

@cli.commands.command("wait")
def wait(out: Path) -> None:
    with ThreadPoolExecutor(1) as pool, hired("everybody", pool), aside_of(out, ("table.csv",)) as aside:
        (aside / "table.csv").write_text("who,whom")
        print("there", flush=True)
        sys.stdin.read()

cli.app()
"""


@contextmanager
def waiting(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A command in the middle of its work, with data of members on disk; temporary files go to ``folder``, too."""
    process = subprocess.Popen(
        [sys.executable, "-c", IN_USE, "wait", str(folder / "out")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"TMPDIR": str(folder)},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        yield process


def held_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_a_command_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    with waiting(tmp_path) as process:
        assert held_in(tmp_path) == {"thing", "table.csv"}
        process.terminate()
        assert process.wait() == 128 + signal.SIGTERM
    assert not any(tmp_path.iterdir())


def test_what_a_killed_command_leaves_goes_with_the_next(tmp_path: Path) -> None:
    with waiting(tmp_path) as process:
        check_place(tmp_path / "out", ("table.csv",), ())
        assert held_in(tmp_path) == {"thing", "table.csv"}, "in use"
        process.kill()
    assert held_in(tmp_path) == {"thing", "table.csv"}
    check_place(tmp_path / "out", ("table.csv",), ())
    assert not any(tmp_path.iterdir())


def test_nothing_else_is_swept(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / ".peer-matcher-passing-link").symlink_to(mine)
    (tmp_path / ".peer-matcher-passing-file").touch()
    (tmp_path / ".out-old").mkdir()
    before = set(tmp_path.iterdir())
    with passing_folder(tmp_path) as folder:
        assert sweep(tmp_path) == 0
        assert set(tmp_path.iterdir()) == before | {folder}
        assert folder.stat().st_mode & 0o077 == 0
    assert set(tmp_path.iterdir()) == before
    assert sweep(tmp_path / "not-there") == 0


def test_a_folder_that_is_renamed_stays(tmp_path: Path) -> None:
    with passing_folder(tmp_path) as folder:
        folder.rename(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_one_that_is_swept_before_it_is_locked_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = tempfile.mkdtemp
    swept: list[int] = []

    def slow(**named: str) -> str:
        made = make(**named)
        if len(swept) == 0:
            Path(made).rmdir()
            swept.append(-1)
        elif len(swept) == 1:
            swept.append(os.open(made, os.O_RDONLY))
            fcntl.flock(swept[1], fcntl.LOCK_EX)
        return made

    monkeypatch.setattr(tempfile, "mkdtemp", slow)
    with passing_folder(tmp_path) as folder:
        assert folder.is_dir()
    os.close(swept[1])
    assert sweep(tmp_path) == 1
