"""Processes of this machine that are replaced when one of them dies."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def _end_with_parent() -> None:
    """A worker waits for work at a pipe that it holds open itself, so it would wait for ever, with all that it holds,
    for a parent that was killed."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


class LocalProcesses(Executor):
    """A pool of processes. One that dies takes its pool with it, and what the pool had to do fails with
    ``BrokenProcessPool``; the next call finds a fresh pool, so that whoever asked may ask again.

    Args:
        workers: how many; they start anew rather than fork, so that they share no lock or thread with this process.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._changing = threading.Lock()
        self._pool = self._fresh()

    def _fresh(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), initializer=_end_with_parent)

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Have a process call ``fn``."""
        with self._changing:
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = self._fresh()
                return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes."""
        with self._changing:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)
