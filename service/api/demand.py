"""Whether more is asked than can be answered, told by who comes and not by who waits.

Many wait as well after a moment in which the machine stood still, and all of them can still be served. Those who come
tell the two apart: what they ask for is added up and, as time passes, taken off at the share of the time that may be
given to it, a bucket that leaks (Turner: New Directions in Communications, 1986); where more than that share is begun,
that is taken off. So the bucket is full only if more is asked for a while, and it is empty again when all who came
since could have been answered by now. While the machine stands still or is slow, the share passes all the same.

Whoever came while nothing moved is seen after that, all in one moment. So the time in which nobody was seen counts for
them, too, and is forgotten soon.
"""

from __future__ import annotations

from collections.abc import Callable

UNSEEN_S = 0.5
"""The longest time that counts for those who came meanwhile and are seen after it."""
_FORGETS = 5.0
"""Seconds of work each second: those who are seen after a halt are so within some milliseconds."""
_AHEAD_S = 0.01
"""Seconds of work that may be begun before there was time for it."""

_LIKELY = 0.25
"""Of what may be asked beyond the share: of those who come by chance, at four fifths of what can be answered, hardly
ever so many do in a row."""


class Demand:
    """What is asked of one kind of work.

    Args:
        of_time: the share of the time that may be given to it.
        excess_s: seconds of work that may be asked beyond that.
        stopwatch: seconds that only ever rise.
    """

    def __init__(self, of_time: float, excess_s: float, stopwatch: Callable[[], float]) -> None:
        self._of_time = of_time
        self._excess_s = excess_s
        self._stopwatch = stopwatch
        self._asked_s = 0.0
        """Below 0: the work for which there was time while nobody was seen."""
        self._ahead_s = 0.0
        """Work that was taken off when it was begun, and for which no time has passed yet."""
        self._too_much = False
        self._as_of = stopwatch()

    def came(self, takes_s: float) -> None:
        """Somebody came whose answer takes so many seconds, whether or not they get one."""
        self._pass()
        self._asked_s += takes_s
        if self._asked_s > self._excess_s:
            self._asked_s, self._too_much = self._excess_s, True

    def began(self, takes_s: float) -> None:
        """One of them is answered."""
        self._pass()
        self._take_off(takes_s)
        self._ahead_s = min(self._ahead_s + takes_s, _AHEAD_S)

    def is_too_much(self) -> bool:
        """Whether more is asked than can be answered."""
        if self._too_much:
            self._pass()
        return self._too_much

    def may_be_too_much(self) -> bool:
        """Whether so much was asked already that it is likely."""
        self._pass()
        return self._asked_s > _LIKELY * self._excess_s

    def _pass(self) -> None:
        now = self._stopwatch()
        passed_s, self._as_of = now - self._as_of, now
        work_s = passed_s * self._of_time
        begun_s = min(self._ahead_s, work_s)
        self._ahead_s -= begun_s
        if self._asked_s < 0.0:
            self._asked_s = min(0.0, self._asked_s + _FORGETS * passed_s)
        self._take_off(work_s - begun_s)

    def _take_off(self, work_s: float) -> None:
        self._asked_s = max(self._asked_s - work_s, -UNSEEN_S * self._of_time)
        if self._asked_s <= 0.0:
            self._too_much = False
