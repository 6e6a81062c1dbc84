"""Work that nobody waits for: in a thread of its own, and giving way to those who answer."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import structlog

from service.precedence import stand_back

AT_A_TIME = 200
"""Steps after which a long loop rests: some tenths of a millisecond, which no answer notices."""
REST_S = 0.001
LAST = 10
"""The niceness of such a thread."""
Item = TypeVar("Item")
_log = structlog.get_logger(__name__)


def giving_way(items: Iterable[Item], at_a_time: int = AT_A_TIME) -> Iterator[Item]:
    """``items``, with rests between them in which other threads have the interpreter.

    A long loop beside an event loop takes half of its time: they take turns. So it is better to be slow, and within
    :func:`~service.precedence.standing_back` to go on when nobody is being answered.
    """
    for number, item in enumerate(items, 1):
        yield item
        if number % at_a_time == 0:
            time.sleep(REST_S)
            stand_back()


def in_a_thread(work: Callable[[], None]) -> None:
    """Begin ``work`` and return; a failure is logged. Answers are right without it, only slower.

    Where threads have priorities of their own (Linux), it has the processors when nobody else wants them.
    """
    threading.Thread(target=_done, args=(work,), name="arrange", daemon=True).start()


def _done(work: Callable[[], None]) -> None:
    if sys.platform == "linux":  # elsewhere it would be the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), max(LAST, os.getpriority(os.PRIO_PROCESS, 0)))
    try:
        work()
    except Exception as error:  # noqa: BLE001 -- it is tried again with the next change
        _log.error("arranging_failed", error=type(error).__name__)
