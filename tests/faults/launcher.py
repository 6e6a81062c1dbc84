"""``peer-matcher`` as often as a test wants it, each in a process of its own, without importing everything anew.

As a program: imports the command line once, and forks a process for every line of JSON on standard input that asks for
one. It ends, and all that it has started is killed, when standard input does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from service.commands.options import settings_of
from service.settings import Settings

ROOT = Path(__file__).parents[2]
CHUNK_LINES = 4
"""Lines that an import stores in one transaction here: few members are enough to see what a broken chunk leaves."""
SNAPSHOT_AFTER = 120
"""Changes after which an import saves a snapshot here."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""A process that forks must not have threads."""


@dataclass(frozen=True)
class Crashing:
    """A process shall die at a named point (:mod:`tests.faults.crash_points`), the ``number``-th time it is there."""

    point: str
    number: int
    evidence: Path
    """A file that is there once it has died so."""


@dataclass
class Forked:
    """A process that the launcher has started."""

    launcher: Launcher
    pid: int
    out: Path
    log: Path
    status: int | None = field(default=None)

    def ended(self) -> bool:
        """Whether it has ended, of itself or killed."""
        if self.status is None:
            self.status = self.launcher.ask({"do": "look", "pid": self.pid})
        return self.status is not None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal, SIGKILL if none is named; nothing happens to one that has ended."""
        if self.status is None:  # until its status is read nobody else can have its number
            os.kill(self.pid, number)

    def wait(self) -> int:
        """Wait until it has ended; returns its status, negative for a signal."""
        if self.status is None:
            self.status = self.launcher.ask({"do": "wait", "pid": self.pid})
        assert self.status is not None
        return self.status


class Launcher:
    """Asks the program for processes. Use :func:`launcher`. One thread at a time."""

    def __init__(self, into: IO[str], answers: IO[str]) -> None:
        self._into = into
        self._answers = answers

    def start(
        self,
        arguments: list[str],
        environment: dict[str, str],
        folder: Path,
        crashing: Crashing | None = None,
        name: str = "",
    ) -> Forked:
        """Run a command; what it says goes into files of ``folder``, whose names begin with ``name``."""
        out, log = folder / f"{name}out", folder / f"{name}log"
        out.unlink(missing_ok=True)
        asked: dict[str, Any] = {"do": "start", "arguments": arguments, "environment": environment}
        asked |= {"out": str(out), "log": str(log)}
        if crashing is not None:
            asked |= {"crash": [crashing.point, crashing.number, str(crashing.evidence)]}
        pid = self.ask(asked)
        assert pid is not None
        return Forked(self, pid, out, log)

    def ask(self, what: dict[str, Any]) -> int | None:
        """The program's answer."""
        self._into.write(json.dumps(what) + "\n")
        self._into.flush()
        answer: int | None = json.loads(self._answers.readline())
        return answer


@contextmanager
def launcher() -> Iterator[Launcher]:
    """Start the program, and end it with all that it has started."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.launcher"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Launcher(process.stdin, process.stdout)


def _run(asked: dict[str, Any]) -> None:
    """In the forked process: become ``peer-matcher`` with these arguments."""
    from service import cli
    from service.commands import serving, working
    from tests.faults.crash_points import EVERYWHERE, killing_at
    from tests.service.jobs.kinds import count

    for number, path in ((0, os.devnull), (1, asked["out"]), (2, asked["log"])):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        os.dup2(os.open(path, flags, 0o600), number)
    os.environ.update(asked["environment"])
    serving.settings_of = working.settings_of = _small_settings  # type: ignore[attr-defined, assignment]
    working.job_kinds = lambda: {"count": count}  # type: ignore[attr-defined]
    if "crash" in asked:
        point, number, evidence = asked["crash"]
        EVERYWHERE[point](killing_at(number, Path(evidence)))
    sys.argv = ["peer-matcher", *asked["arguments"]]
    cli.app()


def _small_settings(*args: Any) -> Settings:
    found = settings_of(*args)
    return replace(found, import_chunk_lines=CHUNK_LINES, snapshot_after_changes=SNAPSHOT_AFTER)


def _forked(asked: dict[str, Any]) -> int:
    """The new process never returns from here: it ends as any program does, with its status or its traceback."""
    pid = os.fork()
    if not pid:
        _run(asked)
        sys.exit()
    return pid


def main() -> None:
    """Answer line by line until standard input ends."""
    import service.cli  # noqa: F401 - what takes long, once for all
    import tests.faults.crash_points  # noqa: F401

    launcher_pid, running = os.getpid(), set[int]()
    try:
        for line in sys.stdin:
            asked = json.loads(line)
            if asked["do"] == "start":
                answer: int | None = _forked(asked)
                running.add(answer or 0)
            else:
                pid, status = os.waitpid(asked["pid"], os.WNOHANG if asked["do"] == "look" else 0)
                answer = os.waitstatus_to_exitcode(status) if pid else None
                running -= {pid}
            print(json.dumps(answer), flush=True)
    finally:
        for pid in running if os.getpid() == launcher_pid else ():
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
