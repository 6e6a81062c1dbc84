"""One thread that stores what many ask for at once: whoever waits when a transaction begins is in it.

A commit waits for the disk, and its statements cost much more than one further member in each of them. So changes that
come at the same time share one transaction (DeWitt and others: Implementation Techniques for Main Memory Database
Systems, 1984, call it group commit), and each is answered when that is committed and the index has followed.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from service.community import Community
from service.precedence import stand_back, standing_back
from service.use_cases.put_member import Done, Put, put_members

MOST_AT_ONCE = 64
"""Members in one transaction: nobody waits for more than so many others."""
STANDS_BACK_S = 0.06
"""So long at most one transaction, and what the index learns of it, wait for gaps between searches."""
APART_S = 0.0003
"""Between two who are told: answering a whole transaction in one go would keep a search waiting for all of it."""


class MemberWriter:
    """Carries out :class:`Put` orders. Those of one member are carried out in the order in which they came."""

    def __init__(self, community: Community) -> None:
        self._community = community
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._changing = threading.Lock()
        self._waiting: list[tuple[Put, Future[Done]]] = []
        self._at_work = False
        self._closing = threading.Event()

    def put(self, order: Put) -> Future[Done]:
        """Hand in an order; the future ends with what :func:`put_member` returns or raises."""
        future: Future[Done] = Future()
        with self._changing:
            self._waiting.append((order, future))
            begins, self._at_work = not self._at_work, True
        if begins:
            self._thread.submit(self._work)
        return future

    def close(self) -> None:
        """Carry out what was handed in, and end."""
        self._closing.set()
        self._thread.shutdown()

    def _work(self) -> None:
        stopwatch, every_s = self._community.settings.stopwatch, self._community.settings.write_every_s
        while batch := self._next():
            began = stopwatch()
            with standing_back(self._community.precedence, STANDS_BACK_S):
                _carry_out(self._community, batch)
            # Where many come, the next ones are waited for: else each would soon have a transaction to itself again.
            # Who comes alone, one change after the other, waits for nobody.
            if len(batch) > 1:
                self._closing.wait(max(0.0, every_s - (stopwatch() - began)))

    def _next(self) -> list[tuple[Put, Future[Done]]]:
        """Who is in the next transaction: those who wait, of each member the first. Nobody: the work ends."""
        batch: dict[str, tuple[Put, Future[Done]]] = {}
        rest: list[tuple[Put, Future[Done]]] = []
        with self._changing:
            for order, future in self._waiting:
                if order.member_id in batch or len(batch) == MOST_AT_ONCE:
                    rest.append((order, future))
                elif future.set_running_or_notify_cancel():
                    batch[order.member_id] = order, future
            self._waiting = rest
            self._at_work = bool(batch)
        return list(batch.values())


def _carry_out(community: Community, batch: list[tuple[Put, Future[Done]]]) -> None:
    try:
        outcomes = put_members(community, [order for order, _ in batch])
    except BaseException as error:  # noqa: BLE001 -- nobody is left waiting
        outcomes = [error if isinstance(error, Exception) else RuntimeError(repr(error)) for _ in batch]
    for number, ((_, future), outcome) in enumerate(zip(batch, outcomes, strict=True)):
        if number:
            time.sleep(APART_S)
            stand_back()
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
