"""Who goes first where two threads want one interpreter: a thread that stores stands back while searches are answered.

A thread at work beside an event loop takes half of the loop's time, and every step of an answer that gives the
interpreter back for a moment waits for a turn of that thread. What is stored may come a moment later, and an event loop
has gaps: so the thread waits for them between its statements, but not for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LOOK_AGAIN_S = 0.0003
"""A third of what an answer takes."""
_Standing = tuple[Callable[[], bool], float]
_STANDING: ContextVar[_Standing | None] = ContextVar("standing_back", default=None)


class Precedence:
    """Knows whether anybody is being answered at the moment who goes first. Whoever serves says how."""

    def __init__(self) -> None:
        self.taken: Callable[[], bool] = lambda: False


@contextmanager
def standing_back(precedence: Precedence, at_most_s: float) -> Iterator[None]:
    """Within the block this thread waits at each :func:`stand_back` while precedence is taken, until ``at_most_s``
    seconds after the beginning of the block: from then on it goes on whatever comes."""
    token = _STANDING.set((precedence.taken, time.monotonic() + at_most_s))
    try:
        yield
    finally:
        _STANDING.reset(token)


def stand_back() -> None:
    """Wait, if this thread stands back for others at the moment; else next to nothing."""
    standing = _STANDING.get()
    if standing is None:
        return
    taken, until = standing
    while taken() and time.monotonic() < until:
        time.sleep(LOOK_AGAIN_S)
