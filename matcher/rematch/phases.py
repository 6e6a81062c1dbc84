"""Where a run is, and how long each phase of it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PHASES = ("reading", "baselines", "candidates", "pairing", "measuring", "groups", "checking")
Progress = Callable[[str, float], None]
"""Told a phase, and how much of it is done, 0 to 1."""
Tell = Callable[[float], None]


@dataclass(slots=True)
class Phases:
    """The phases of one run.

    Attributes:
        progress: whom to tell.
        seconds: how long each took so far.
    """

    progress: Progress | None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[Tell]:
        """One phase, for as long as the block lasts; gives a function that is told how much of it is done."""
        begun = time.perf_counter()

        def tell(share: float) -> None:
            if self.progress is not None:
                self.progress(name, min(1.0, max(0.0, share)))

        tell(0.0)
        yield tell
        tell(1.0)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun
