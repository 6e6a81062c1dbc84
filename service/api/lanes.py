"""A lane: so many requests at once, a few more who wait for a short time, and a quick no for all others.

Who may wait, and for how long, is the business of :mod:`service.api.patience`.

An answer that is worked out in the event loop keeps the loop from seeing who has come meanwhile. So only so many
requests begin in each turn of the loop, one where each takes milliseconds: between two turns everybody who comes is
seen, and waits from then on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from service.api.patience import Patience, Waits


class Lane:
    """The requests of one kind of work. Only ever used from the event loop's thread.

    Args:
        places: how many are let in at once.
        most_waiting: how many wait at most.
        patience: for how long.
        stopwatch: seconds that only ever rise.
        a_turn: how many begin in one turn of the loop.
    """

    def __init__(
        self, places: int, most_waiting: int, patience: Patience, stopwatch: Callable[[], float], a_turn: int = 1
    ) -> None:
        self._places = places
        self._a_turn = a_turn
        self._begun = 0
        """How many were let in since the turn before."""
        self._most_waiting = most_waiting
        self._patience = patience
        self._stopwatch = stopwatch
        self._queue: deque[tuple[float, asyncio.Future[bool]]] = deque()
        self._waits = Waits(patience, stopwatch)
        self._let_in_at: float | None = None
        """When the last one was let in, until it is seen that nobody waits."""
        self._stepping = False
        self._sweep: asyncio.TimerHandle | None = None
        self.inside = 0
        """How many are let in at the moment."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    async def enter(self) -> bool:
        """Wait for a place; False if there will be none in time. Whoever is let in has to :meth:`leave`."""
        if not self._queue and self.inside < self._places and self._begun < self._a_turn:
            self._let_in()
            return True
        if len(self._queue) >= self._most_waiting or not self._waits.may_join(len(self._queue)):
            return False
        loop = asyncio.get_running_loop()
        let_in: asyncio.Future[bool] = loop.create_future()
        self._queue.append((self._stopwatch(), let_in))
        if self._sweep is None:
            self._sweep = loop.call_later(self._patience.burst_s, self._send_away_and_look_again)
        if self.inside < self._places:
            self._step_soon()
        try:
            return await let_in
        except asyncio.CancelledError:
            if let_in.done() and not let_in.cancelled() and let_in.result():
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place back."""
        self.inside -= 1
        if self._queue:
            self._step_soon()

    def _let_in(self) -> None:
        self.inside += 1
        self._begun += 1
        self._let_in_at = self._stopwatch()
        self._step_soon()

    def _step_soon(self) -> None:
        if not self._stepping:
            self._stepping = True
            asyncio.get_running_loop().call_soon(self._step)

    def _step(self) -> None:
        """The next turn of the loop: let in those who wait."""
        self._stepping = False
        begun, self._begun = self._begun, 0
        if not self._queue:
            self._let_in_at = None
            return
        if self._let_in_at is not None and self.inside < self._places:
            self._waits.moved((self._stopwatch() - self._let_in_at) / max(1, begun))
            self._let_in_at = None
        self._send_away()
        while self._queue and self.inside < self._places and self._begun < self._a_turn:
            _, let_in = self._queue.popleft()
            if not let_in.done():
                let_in.set_result(True)
                self._let_in()

    def _send_away(self) -> None:
        """Tell those at the head of the queue who have waited too long."""
        now = self._stopwatch()
        while self._queue:
            came, let_in = self._queue[0]
            if not let_in.done():
                if self._waits.may_stay(now - came):
                    return
                let_in.set_result(False)
            self._queue.popleft()

    def _send_away_and_look_again(self) -> None:
        """While all places are taken, nobody else does."""
        self._send_away()
        self._sweep = None
        if self._queue:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(self._patience.burst_s / 4, self._send_away_and_look_again)
