"""Kinds of jobs that tests give to workers; as a program, a worker of them."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from pathlib import Path

from matcher.errors import InvalidProblem, Problem, VerificationError
from service.community import Community
from service.database_url import database_target
from service.jobs.worker import Worker
from service.logs import configure_logs
from service.settings import Settings
from service.use_cases.job_claims import Outcome, Task

LEASE_S = 3.0
READY = "ready"
"""What the program says once it can be told to stop; before that a SIGTERM would kill it."""


def note(task: Task, what: str) -> None:
    """Leave a line that outlives everything."""
    line = f"{what} {task.job_id} {task.folder_name.rpartition('-')[2]} {os.getpid()}\n"
    descriptor = os.open(task.asks["evidence"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line.encode())
    os.close(descriptor)


def count(_: Community, task: Task) -> Outcome:
    """Write a file a step, and stop when told to."""
    note(task, "began")
    steps = int(task.asks.get("steps", 1))
    for step in range(steps):
        if task.stopped():
            break
        (task.folder / f"step-{step}.txt").write_text("x" * 1000)
        task.report({"share_done": (step + 1) / steps})
        time.sleep(task.asks.get("pause_s", 0.0))
    note(task, "ended")
    return Outcome({"steps": steps})


def deaf(_: Community, task: Task) -> Outcome:
    """Go on for a while, whatever anybody says."""
    note(task, "began")
    time.sleep(task.asks["pause_s"])
    (task.folder / "late.txt").write_text("late")
    return Outcome()


def refuse(_: Community, task: Task) -> Outcome:
    """Find that it cannot be done."""
    (task.folder / "half.txt").write_text("half")
    raise InvalidProblem([Problem("spec.size", "is too large", "less"), Problem("spec.who", "is nobody", "somebody")])


def fill_up(_: Community, task: Task) -> Outcome:
    """Find the disk full."""
    (task.folder / "half.txt").write_text("half")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(task.folder / "half.txt"))


def break_a_promise(_: Community, __: Task) -> Outcome:
    """Be wrong, and find it out."""
    raise VerificationError("group 'A': fit: m1 has cancer")


def stumble(_: Community, task: Task) -> Outcome:
    """Meet what nobody foresaw."""
    note(task, "began")
    raise RuntimeError("m1 has cancer")


WORK = {
    "count": count,
    "deaf": deaf,
    "refuse": refuse,
    "fill-up": fill_up,
    "break-a-promise": break_a_promise,
    "stumble": stumble,
}


if __name__ == "__main__":
    configure_logs()
    settings = Settings(
        database_target(os.environ["PEER_MATCHER_DATABASE"]),
        jobs_folder=Path(os.environ["PEER_MATCHER_JOBS_FOLDER"]),
        job_lease_s=LEASE_S,
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    print(READY, flush=True)
    Worker(Community.open(settings), WORK).run(stop)
