"""How fast the machine is at the moment: a fixed piece of work, again and again, beside a measurement.

A virtual processor shares its core with others, and what takes 0.1 ms takes 0.17 ms while they are at work. A figure
that was measured in such a minute says as much about them.
"""

from __future__ import annotations

import asyncio
import time

import numpy as np

EVERY_S = 0.02
STEPS = 2_000


class MachineSpeed:
    """Seconds of processor that the same work took, at many moments."""

    def __init__(self) -> None:
        self._took: list[float] = []

    async def watch(self, seconds: float) -> None:
        """Measure fifty times a second; takes half a percent of the running thread."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            began, total = time.thread_time(), 0
            for number in range(STEPS):
                total += number * number
            self._took.append(time.thread_time() - began)
            await asyncio.sleep(EVERY_S)

    def fastest(self) -> float:
        """What the work takes when nobody else is at work: the fifth percentile."""
        return float(np.percentile(self._took, 5))

    def slowness(self, fastest: float) -> str:
        """How many times as long it took, at the median and the 90th percentile."""
        return " ".join(f"{np.percentile(self._took, share) / fastest:.2f}x" for share in (50, 90))
