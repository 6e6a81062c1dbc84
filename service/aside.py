"""Work on an index that nobody waits for, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

_log = structlog.get_logger(__name__)


def in_a_thread(work: Callable[[], None]) -> None:
    """Begin ``work`` and return; a failure is logged. Answers are right without it, only slower."""
    threading.Thread(target=_done, args=(work,), name="arrange", daemon=True).start()


def _done(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 -- it is tried again with the next change
        _log.error("arranging_failed", error=type(error).__name__)
