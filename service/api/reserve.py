"""A reserve: a lane takes at most a share of the time, and the rest is for others and for slow moments.

A service that is asked as much as it can answer has a queue at every moment at which the machine is a little slower,
and whatever else it has to do waits, too. So work that comes all the time is let in no faster than takes this share of
the time in the long run: whoever asks for more learns so early, and everybody who is let in is answered as fast as
ever. What is not taken of the share may be taken later, up to a burst.

What one takes is measured all the time, and counts as it was at the machine's best in the last minutes: in a slow
moment more of the time goes to as many, because the reserve is there for that, and nobody is refused for its sake.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from service.api.demand import Demand

IN_A_ROW = 100
"""The mean of so many says how fast the machine was: a sixth of a second, in which it seldom changes."""
KNOWN_FROM, REMEMBERED = 20, 1_000
"""Of so many means, at least and at most, the lowest counts: with some hundreds of searches a second, those of seconds
and of minutes."""


@dataclass(frozen=True, slots=True)
class Share:
    """So much of the time a lane may take.

    Attributes:
        of_time: above 0, at the machine's best.
        burst_s: seconds of work that may be made up for when nobody came for a while.
        excess_s: seconds of work that may be asked beyond the share before more is asked than can be answered.
    """

    of_time: float
    burst_s: float
    excess_s: float = math.inf


class Reserve:
    """Says when the next one may begin.

    Args:
        share: of the time.
        stopwatch: seconds that only ever rise.
    """

    def __init__(self, share: Share, stopwatch: Callable[[], float]) -> None:
        self._share = share
        self._stopwatch = stopwatch
        self._in_a_row = 0
        self._took_s = 0.0
        self._means: deque[float] = deque(maxlen=REMEMBERED)
        self._each_s = 0.0
        self._left_s = share.burst_s
        self._as_of = stopwatch()
        self._demand = Demand(share.of_time, share.excess_s, stopwatch)

    def came(self) -> None:
        """Somebody wants to begin."""
        self._demand.came(self._each_s)

    def is_asked_too_much(self) -> bool:
        """Whether more come than the share is enough for: then whoever cannot begin at once is better told so."""
        return self._demand.is_too_much()

    def may_be_asked_too_much(self) -> bool:
        """Whether that is likely: then whoever comes is better answered before those who wait already."""
        return self._demand.may_be_too_much()

    def took(self, seconds: float, count: int) -> None:
        """So long ``count`` took, one after the other."""
        self._in_a_row += count
        self._took_s += seconds
        if self._in_a_row >= IN_A_ROW:
            self._means.append(self._took_s / self._in_a_row)
            self._each_s = min(self._means) if len(self._means) >= KNOWN_FROM else 0.0
            self._in_a_row, self._took_s = 0, 0.0

    def began(self) -> None:
        """One has begun."""
        self._pass()
        self._left_s -= self._each_s
        self._demand.began(self._each_s)

    def wait_s(self) -> float:
        """Seconds until the next one may begin; 0: none."""
        if self._left_s < 0.0:
            self._pass()
        return max(0.0, -self._left_s / self._share.of_time)

    def _pass(self) -> None:
        now = self._stopwatch()
        self._left_s = min(self._share.burst_s, self._left_s + (now - self._as_of) * self._share.of_time)
        self._as_of = now
