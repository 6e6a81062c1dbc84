"""A lane: so many requests at once, a few more who wait for a short time, and a quick no for all others.

Who may wait, and for how long, is the business of :mod:`service.api.patience`.

An answer that is worked out in the event loop keeps the loop from seeing who has come meanwhile. So only so many
requests begin in each turn of the loop, one where each takes milliseconds: between two turns everybody who comes is
seen, and waits from then on.

A lane may give way to another one: while anybody waits there, nobody begins here, until he has waited for so long
himself. Work that may come a moment later then takes the gaps that the other leaves, and a short halt of the machine is
made up for by the work that nobody is in a hurry for.

And it may leave a reserve (:mod:`service.api.reserve`): then nobody begins who would take of that. While more may be
asked there than can be answered, and it is not known yet, the newest goes first (Maurer: Fail at Scale, 2015): those
who wait will be sent away, and in the order in which they came everybody who is let in would be late.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from service.api.patience import Patience, Waits
from service.api.reserve import Reserve


@dataclass(frozen=True, slots=True)
class GivesWay:
    """To whom a lane gives way, and how long a request does.

    Attributes:
        to: nobody begins while requests wait in this lane,
        at_most_s: or until the first of those who would have waited for so long.
    """

    to: Lane
    at_most_s: float


class Lane:
    """The requests of one kind of work. Only ever used from the event loop's thread.

    Args:
        places: how many are let in at once.
        most_waiting: how many wait at most.
        patience: for how long.
        stopwatch: seconds that only ever rise.
        a_turn: how many begin in one turn of the loop.
        gives_way: to another lane. Its time counts against the patience.
        reserve: what is left to others.
    """

    def __init__(
        self,
        places: int,
        most_waiting: int,
        patience: Patience,
        stopwatch: Callable[[], float],
        a_turn: int = 1,
        gives_way: GivesWay | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        self._places = places
        self._a_turn = a_turn
        self._begun = 0
        """How many were let in since the turn before."""
        self._most_waiting = most_waiting
        self._patience = patience
        self._stopwatch = stopwatch
        self._queue: deque[tuple[float, asyncio.Future[bool]]] = deque()
        self._waits = (
            Waits(patience, stopwatch) if reserve is None else Waits(patience, stopwatch, reserve.is_asked_too_much)
        )
        self._let_in_at: float | None = None
        """When the last one was let in, until it is seen that nobody waits."""
        self._stepping = False
        self._sweep: asyncio.TimerHandle | None = None
        self._gives_way = gives_way
        self._reserve = reserve
        self._later: asyncio.TimerHandle | None = None
        self._behind: list[Lane] = []
        """Those that give way to this one."""
        if gives_way is not None:
            gives_way.to._behind.append(self)
        self.inside = 0
        """How many are let in at the moment."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @property
    def presses(self) -> bool:
        """Whether anybody waits who could begin: while the lane keeps to its reserve, it is the turn of others."""
        return bool(self._queue) and self._later is None

    def busy(self) -> bool:
        """Whether anybody is in it or could be. May be asked from any thread."""
        return self.inside > 0 or self.presses

    async def enter(self) -> bool:
        """Wait for a place; False if there will be none in time. Whoever is let in has to :meth:`leave`."""
        if self._reserve is not None:
            self._reserve.came()
        if not self._queue and self.inside < self._places and self._begun < self._a_turn and not self._waits_for():
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
        if self._reserve is not None:
            self._reserve.began()
        self._step_soon()

    def _step_soon(self) -> None:
        if not self._stepping:
            self._stepping = True
            asyncio.get_running_loop().call_soon(self._step)

    def _step(self) -> None:
        """The next turn of the loop: let in those who wait."""
        self._stepping = False
        begun, self._begun = self._begun, 0
        rest_s = self._rests_for(begun)
        if not self._queue:
            self._let_in_at = None
            self._let_those_behind()
            return
        if self._let_in_at is not None and self.inside < self._places:
            self._waits.moved((self._stopwatch() - self._let_in_at) / max(1, begun) + rest_s)
            self._let_in_at = None
        self._send_away()
        while self._queue and self.inside < self._places and self._begun < self._a_turn:
            first = -1 if self._reserve is not None and self._reserve.may_be_asked_too_much() else 0
            came, let_in = self._queue[first]
            if wait_s := self._waits_for(came):
                self._look_again_in(wait_s)
                self._let_those_behind()
                return
            if self._later is not None:
                self._later.cancel()
                self._later = None
            del self._queue[first]
            if not let_in.done():
                let_in.set_result(True)
                self._let_in()

    def _rests_for(self, begun: int) -> float:
        """Seconds for which nobody begins, after so many did in the turn that ends."""
        if self._reserve is None:
            return 0.0
        if self._let_in_at is not None and begun:
            self._reserve.took(self._stopwatch() - self._let_in_at, begun)
        return self._reserve.wait_s()

    def _waits_for(self, came: float | None = None) -> float:
        """Seconds for which one who came then, or comes now, has to wait whatever places there are; 0: none."""
        gives_way_s = self._gives_way_for(came)
        return gives_way_s if self._reserve is None else max(gives_way_s, self._reserve.wait_s())

    def _gives_way_for(self, came: float | None = None) -> float:
        """Seconds for which one who came then, or comes now, lets others go first; 0: none."""
        if self._gives_way is None or not self._gives_way.to.presses:
            return 0.0
        waited = 0.0 if came is None else self._stopwatch() - came
        return max(0.0, self._gives_way.at_most_s - waited)

    def _look_again_in(self, wait_s: float) -> None:
        """Or before, if the other lane is empty then."""
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(wait_s, self._look_again)

    def _look_again(self) -> None:
        self._later = None
        self._step_soon()

    def _let_those_behind(self) -> None:
        """Nobody here comes before them."""
        for lane in self._behind:
            if lane.waiting:
                lane._step_soon()

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
        else:
            self._let_those_behind()
