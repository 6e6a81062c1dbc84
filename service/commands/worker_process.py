"""Workers that live and die with the process that started them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from service.database_url import DatabaseTarget
from service.jobs.runner import GRACE_S
from service.settings import Settings

AGAIN_AFTER_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""A worker that ends by itself is started again after a while, which grows."""
_NICE = 5
_log = structlog.get_logger(__name__)


@contextmanager
def workers(settings: Settings, count: int, *, quiet: bool) -> Iterator[None]:
    """Keep ``count`` workers running until the block ends; they have stopped then.

    Each holds the reading end of a pipe whose other end nobody has but this process: if it is killed, the system closes
    the pipe, and the workers stop.
    """
    stop = threading.Event()
    keepers = [threading.Thread(target=_keep, args=(settings, stop, quiet), name="worker") for _ in range(count)]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        stop.set()
        for keeper in keepers:
            keeper.join()


def _keep(settings: Settings, stop: threading.Event, quiet: bool) -> None:
    starts = 0
    while not stop.is_set():
        process = _started(settings, quiet)
        while process.poll() is None and not stop.wait(0.2):
            pass
        if stop.is_set():
            _stop(process)
            return
        wait_s = AGAIN_AFTER_S[min(starts, len(AGAIN_AFTER_S) - 1)]
        _log.error("worker_ended", exit_code=process.returncode, again_in_s=wait_s)
        starts += 1
        stop.wait(wait_s)


def _started(settings: Settings, quiet: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "service.cli", "work", "--with-parent", *(["--quiet"] if quiet else [])]
    return subprocess.Popen(
        [*_politely(), *command],
        env=os.environ | _variables(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=os.fspath(Path(__file__).parents[2]),  # where the packages are, wherever the caller stands
    )


def _politely() -> list[str]:
    """Requests go before jobs where both want the processor."""
    return ["nice", "-n", str(_NICE)] if os.name == "posix" else []


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(GRACE_S * 2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _variables(settings: Settings) -> dict[str, str]:
    """In the environment, not among the arguments: a URL may hold a password."""
    target: DatabaseTarget = settings.database
    text = str(target.absolute()) if isinstance(target, Path) else target.secret_text
    found = {"PEER_MATCHER_DATABASE": text, "PEER_MATCHER_JOBS_FOLDER": str(settings.jobs.absolute())}
    if settings.as_of is not None:
        found["PEER_MATCHER_AS_OF"] = settings.as_of.isoformat()
    if settings.repeat_after_days is not None:
        found["PEER_MATCHER_REPEAT_AFTER_DAYS"] = str(settings.repeat_after_days)
    return found
