"""Taking times fairly: contenders take turns on every item, so that a noisy moment hits all of them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
WARM_UP = 20
"""Items asked before any time counts: compiled code is loaded, caches are warm on both sides."""


@dataclass(frozen=True, slots=True)
class Times:
    """What one contender took, item by item.

    Attributes:
        seconds: by the clock on the wall.
        processor: of this thread on a processor: what is left when others push us off it.
    """

    seconds: npt.NDArray[np.float64]
    processor: npt.NDArray[np.float64]

    @property
    def p50(self) -> float:
        """Median seconds."""
        return float(np.median(self.seconds))

    @property
    def p95(self) -> float:
        """Seconds that 95 of 100 items stayed below."""
        return float(np.percentile(self.seconds, 95))

    def over(self, peer: Times) -> float:
        """Our median over the peer's."""
        return self.p50 / peer.p50

    def processor_over(self, peer: Times) -> float:
        """As :meth:`over`, in processor time; meaningless for a peer that works in another process."""
        return float(np.median(self.processor) / np.median(peer.processor))


@dataclass(frozen=True, slots=True)
class Turns(Generic[T]):
    """What the contenders took and answered."""

    times: Mapping[str, Times]
    answers: Mapping[str, Sequence[Any]]


def in_turns(
    contenders: Mapping[str, Callable[[T], Any]], items: Sequence[T], warm_up: int = WARM_UP, run: int = 1
) -> Turns[T]:
    """Let every contender answer every item, in turns; their answers are kept for judging quality afterwards.

    Args:
        contenders: by name, what answers an item.
        items: what is asked; the first ``warm_up`` are asked twice and count the second time.
        warm_up: how many.
        run: items in a row before the next contender's turn. More than one where a contender reads so much memory that
            each turn would find the caches emptied, as no service that answers one request after another does.
    """
    for item in items[:warm_up]:
        for answer in contenders.values():
            answer(item)
    gc.collect()
    gc.freeze()  # what stands in memory for measuring alone must not be walked through while the clock runs
    seconds = {name: np.empty(len(items)) for name in contenders}
    processor = {name: np.empty(len(items)) for name in contenders}
    answers: dict[str, list[Any]] = {name: [] for name in contenders}
    try:
        for first in range(0, len(items), run):
            for name, answer in contenders.items():
                for place, item in enumerate(items[first : first + run], first):
                    began, worked = time.perf_counter(), time.thread_time()
                    given = answer(item)
                    processor[name][place] = time.thread_time() - worked
                    seconds[name][place] = time.perf_counter() - began
                    answers[name].append(given)
    finally:
        gc.unfreeze()
    return Turns({name: Times(seconds[name], processor[name]) for name in contenders}, answers)


class Took(NamedTuple):
    """What one piece of work took.

    Attributes:
        seconds: by the clock on the wall.
        processor: of this process on processors, all threads.
    """

    seconds: float
    processor: float


def seconds_of(work: Callable[[], T]) -> tuple[Took, T]:
    """How long ``work`` takes, once, and what it gives."""
    began, worked = time.perf_counter(), time.process_time()
    given = work()
    return Took(time.perf_counter() - began, time.process_time() - worked), given
