"""Weekly availability as stretches of the circular week."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.grouping.zone_clock import DAY_MINUTES, WEEK_MINUTES, Minutes
from matcher.members.availability import DAYS, Day, WeeklySlot


def clock_minutes(clock: str) -> int:
    """Minutes since midnight of ``HH:MM``."""
    return int(clock[:2]) * 60 + int(clock[3:])


def minute_in_week(day: Day, clock: str) -> int:
    """Minutes since Monday 00:00; 24:00 of a Sunday is Monday's 00:00."""
    return (DAYS.index(day) * DAY_MINUTES + clock_minutes(clock)) % WEEK_MINUTES


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyStretches:
    """Slots joined where they touch or overlap, over midnight and from Sunday to Monday, too.

    Attributes:
        starts: (k,) week minutes, ascending, from 0 to 10,079.
        ends: (k,) where each stretch ends; past 10,080 if it goes on into the next week.
    """

    starts: Minutes
    ends: Minutes

    @classmethod
    def of(cls, slots: Iterable[WeeklySlot]) -> WeeklyStretches:
        """Join ``slots``."""
        joined: list[list[int]] = []
        for start, end in sorted(map(_bounds, slots)):
            if joined and start <= joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], end)
            else:
                joined.append([start, end])
        if joined and joined[-1][1] == WEEK_MINUTES and joined[0][0] == 0:
            joined[-1][1] += joined[0][1]
        table = np.array(joined, np.int64).reshape(-1, 2)
        return cls(table[:, 0].copy(), table[:, 1].copy())

    def hold(self, starts: Minutes, lengths: Minutes | int) -> npt.NDArray[np.bool_]:
        """Whether each interval of ``lengths`` minutes (a week at most) from week minute ``starts`` lies in one."""
        if not self.starts.size:
            return np.zeros(starts.shape, np.bool_)
        which = np.searchsorted(self.starts, starts, side="right") - 1
        held: npt.NDArray[np.bool_] = (which >= 0) & (starts + lengths <= self.ends[which])
        return held


def _bounds(slot: WeeklySlot) -> tuple[int, int]:
    midnight = DAYS.index(slot.day) * DAY_MINUTES
    return midnight + clock_minutes(slot.start), midnight + clock_minutes(slot.end)
