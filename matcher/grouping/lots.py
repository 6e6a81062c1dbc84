"""Drawing lots in compiled code: a generator of one word, owned by who draws, so that no result depends on threads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place

Lots = npt.NDArray[np.uint64]
"""(1,) uint64, never 0: the state of an xorshift64* generator (Vigna 2016, doi:10.1145/2845077)."""


def lots_of(*seeds: int) -> Lots:
    """A generator for one piece of work, named by whole numbers."""
    state: Any = np.random.SeedSequence(seeds).generate_state(1, np.uint64)
    words: Lots = np.maximum(state, np.uint64(1))
    return words


@compiled_in_place
def none() -> int:
    """-1 as a number like any other: numba compiles a function once more for every literal that it is called with."""
    minus: int = np.int64(-1)  # type: ignore[assignment]
    return minus


@compiled_in_place
def zero() -> int:
    """0 likewise."""
    nought: int = np.int64(0)  # type: ignore[assignment]
    return nought


@compiled_in_place
def truth(number: int) -> bool:
    """Whether a number is not 0, as a truth like any other."""
    return number != 0


@compiled_in_place
def draw(lots: Lots, n: int) -> int:
    """A whole number from 0 to n - 1. The bias of the remainder is below n / 2^31."""
    x = lots[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    lots[0] = x
    high: int = np.int64((x * np.uint64(2685821657736338717)) >> np.uint64(33))  # type: ignore[assignment]
    return high % n


@compiled_in_place
def share(lots: Lots) -> float:
    """A number in [0, 1)."""
    return draw(lots, 1 << 30) / (1 << 30)


@compiled_in_place
def accepts(lots: Lots, change: float, temperature: float) -> bool:
    """Metropolis' rule: always what is no worse, else with probability ``exp(change / temperature)``."""
    if change >= 0.0:
        return True
    if temperature <= 0.0 or change < -30.0 * temperature:
        return False
    return share(lots) < math.exp(change / temperature)
