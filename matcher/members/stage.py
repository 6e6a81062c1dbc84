"""Where somebody stands in their recovery on a given day.

``t`` is days since the primary procedure and ``L`` that procedure's typical recovery length. For arithmetic the
stage is ``u = asinh(10 t / L)``: about linear around the event, logarithmic later, so that day 3 against day 10
counts as much as month 6 against month 20. For people it is one of six bands.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place

UPCOMING_WINDOW_DAYS = 90
"""A planned procedure closer than this is what occupies a member most."""
STAGE_SLOPE = 10.0
STAGE_LOW, STAGE_HIGH = -10.0, 12.0
"""``u`` is clipped to this range: 1,100 recovery lengths ahead, 8,100 behind."""
NO_DAY = np.iinfo(np.int32).min
"""Stands for an unknown day in arrays of day ordinals."""


class StageBand(IntEnum):
    """The six bands people are told; a band never gives a date away."""

    PREPARING = 0
    FIRST_DAYS = 1
    EARLY = 2
    MIDDLE = 3
    LATE = 4
    SETTLED = 5


BAND_STARTS = (0.0, 0.1, 0.35, 1.0, 2.0)
"""Where each band after ``PREPARING`` starts, in recovery lengths."""
BAND_EDGES: tuple[float, ...] = tuple(math.asinh(STAGE_SLOPE * start) for start in BAND_STARTS)
"""The same in units of ``u``."""
UNKNOWN_BAND = -1


@compiled_in_place
def stage_value(days_since: int, recovery_days: int) -> float:
    """``u`` for ``days_since`` the procedure (negative: ahead), clipped to its range."""
    value = math.asinh(10.0 * days_since / recovery_days)
    return min(max(value, -10.0), 12.0)


@compiled_in_place
def stage_band(days_since: int, recovery_days: int) -> int:
    """The :class:`StageBand` number, decided in whole days so that no rounding moves an edge."""
    if days_since < 0:
        return 0
    if 10 * days_since < recovery_days:
        return 1
    if 20 * days_since < 7 * recovery_days:
        return 2
    if days_since < recovery_days:
        return 3
    if days_since < 2 * recovery_days:
        return 4
    return 5


@compiled_in_place
def primary_event(days: npt.NDArray[Any], as_of: int) -> int:
    """Position of the primary procedure among a member's events, or -1 if there are none.

    The nearest upcoming one within 90 days, else the most recent, else the first without a date, else the nearest
    that is further ahead. Of equal days the first listed counts.

    Args:
        days: (m,) int32 day ordinals; ``NO_DAY`` where unknown.
        as_of: day ordinal on which to decide.
    """
    soon = past = undated = later = -1
    for position in range(days.size):
        day = days[position]
        if day == -2147483648:
            if undated < 0:
                undated = position
        elif day > as_of:
            if day - as_of <= 90:
                if soon < 0 or day < days[soon]:
                    soon = position
            elif later < 0 or day < days[later]:
                later = position
        elif past < 0 or day > days[past]:
            past = position
    for choice in (soon, past, undated, later):
        if choice >= 0:
            return choice
    return -1
