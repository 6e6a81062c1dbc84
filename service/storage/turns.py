"""Turns that are taken in the order in which they were asked for."""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """One thread of this process has the turn; others wait, and whoever has waited longest is next."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def take(self, within_s: float) -> bool:
        """Wait for the turn; whether it came in time."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        try:
            mine.wait(within_s)
        except BaseException:
            if self._left(mine):
                self.give()
            raise
        return self._left(mine)

    def give(self) -> None:
        """End the turn: it is the next one's."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False

    def _left(self, mine: threading.Event) -> bool:
        """Wait no more; whether the turn had come."""
        with self._guard:
            if not mine.is_set():
                self._waiting.remove(mine)
            return mine.is_set()
