"""How long a request may wait to be let in: what a burst takes, until the service turns out to be asked too much.

Waiting is what goes wrong first in a service that is asked too much: everybody waits, and those who are served at
last have gone. But a queue by itself says nothing: after a moment in which nothing moved, many wait, and all of them
can still be served. So everybody may wait for as long as a burst lasts. Whoever has waited for longer, or would have
to, shows that more is asked than can be answered; from then on a request waits for the target at most, or for a few
answers where the machine is slow, and one that would have to wait for longer is told so when it comes and not later
(Nichols and Jacobson: Controlling Queue Delay, 2012; Maurer: Fail at Scale, 2015). That ends when nobody had to be
sent away for a while.

What an answer costs is nowhere a setting: how fast the queue moves is measured all the time.

Where it is known from who comes that more is asked than can be answered (:mod:`service.api.demand`), nobody waits:
there will always be somebody who comes at the right moment, and a queue would only make all of them late.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

A_FEW = 8
"""Answers for which one may always wait."""
LONGEST_S = 2.0
"""For those few, however long they take."""
CALM_S = 1.0
"""So long nobody was sent away: then the service is no longer taken to be asked too much."""
LENIENCY = 3.0
"""Whoever was let into the queue by how fast it moved may wait for so many times what was foreseen."""
_WEIGHT = 0.05
"""Of the newest time between two who are let in, in the running mean."""
_MOST_AT_ONCE, _LEAST_S = 8.0, 0.01
"""So many times the mean, and so much more, a single time counts at most."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may wait to be let in.

    Attributes:
        target_s: while more is asked than can be answered.
        burst_s: else.
    """

    target_s: float
    burst_s: float


class Waits:
    """Knows how fast one queue moves, and says who of it may wait.

    Args:
        patience: for how long.
        stopwatch: seconds that only ever rise.
        asked_too_much: whether that is known from who comes; then nobody may wait.
    """

    def __init__(
        self, patience: Patience, stopwatch: Callable[[], float], asked_too_much: Callable[[], bool] = lambda: False
    ) -> None:
        self._patience = patience
        self._stopwatch = stopwatch
        self._is_known_to_be_too_much = asked_too_much
        self._pace_s = 0.0
        self._sent_away_at: float | None = None
        """The last time that somebody was, since more is asked than can be answered."""

    def moved(self, seconds: float) -> None:
        """So long it took from one who was let in to the next, while others waited. One long halt says little."""
        self._pace_s += _WEIGHT * (min(seconds, _MOST_AT_ONCE * self._pace_s + _LEAST_S) - self._pace_s)

    def may_join(self, ahead: int) -> bool:
        """Whether a request may wait behind ``ahead`` others."""
        if self._is_known_to_be_too_much():
            return False
        if ahead * self._pace_s <= self._longest_s(asked_too_much=self._asked_too_much()):
            return True
        self._sent_away_at = self._stopwatch()
        return False

    def may_stay(self, waited_s: float) -> bool:
        """Whether a request that has waited so long may wait on."""
        if self._is_known_to_be_too_much():
            return False
        asked_too_much = self._asked_too_much()
        if waited_s <= self._longest_s(asked_too_much=asked_too_much) * (LENIENCY if asked_too_much else 1.0):
            return True
        self._sent_away_at = self._stopwatch()
        return False

    def _asked_too_much(self) -> bool:
        return self._sent_away_at is not None and self._stopwatch() - self._sent_away_at < CALM_S

    def _longest_s(self, *, asked_too_much: bool) -> float:
        usual = self._patience.target_s if asked_too_much else self._patience.burst_s
        return max(usual, min(A_FEW * self._pace_s, LONGEST_S))
