"""How much each key may ask: a bucket of tokens that fills evenly over a minute."""

from __future__ import annotations

import math
from collections.abc import Callable

MINUTE_S = 60.0


class RateLimit:
    """The buckets of this process. Only ever used from the event loop's thread, so it needs no lock.

    A bucket holds as many tokens as the key may make requests a minute, and is full at first: a key that was silent may
    ask a minute's worth at once, and in any stretch of t seconds at most ``(1 + t / 60) * requests_a_minute`` times.
    """

    def __init__(self, stopwatch: Callable[[], float]) -> None:
        self._stopwatch = stopwatch
        self._buckets: dict[str, tuple[float, float]] = {}
        """Tokens that were left, and when, by key id. As many as keys have ever been valid here."""

    def wait_s(self, key_id: str, requests_a_minute: int) -> int:
        """Take a token: 0, or after how many whole seconds there will be one. A limit of 0 is none."""
        if not requests_a_minute:
            return 0
        now = self._stopwatch()
        left, at = self._buckets.get(key_id, (float(requests_a_minute), now))
        rate = requests_a_minute / MINUTE_S
        left = min(left + (now - at) * rate, float(requests_a_minute))
        if left < 1:
            self._buckets[key_id] = left, now
            return max(1, math.ceil((1 - left) / rate))
        self._buckets[key_id] = left - 1, now
        return 0
