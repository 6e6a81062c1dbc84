"""What the clocks of a zone show over a run of weeks, for many instants at once.

Instants are whole minutes since 1970-01-01 00:00 UTC. Since 2000, where group meetings may be, every zone is a whole
number of minutes off UTC.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Minutes = npt.NDArray[np.int64]
DAY_MINUTES, WEEK_MINUTES = 1440, 10080
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_EPOCH_WEEKDAY = 3  # a Thursday
_PROBE = 360  # no zone has had two changes of its clocks within six hours


def minute_of(instant: datetime.datetime) -> int:
    """Whole minutes since 1970 of an aware time."""
    return int((instant - _EPOCH) // datetime.timedelta(minutes=1))


def utc_of(minute: int) -> datetime.datetime:
    """The inverse of :func:`minute_of`, in UTC."""
    return _EPOCH + datetime.timedelta(minutes=minute)


@dataclass(frozen=True, slots=True, eq=False)
class ZoneClock:
    """The offsets of one zone between two instants.

    Attributes:
        changes: (k,) minutes at which clocks are put forward or back, ascending.
        offsets: (k + 1,) minutes to add to UTC before, between and after the changes.
    """

    changes: Minutes
    offsets: Minutes

    @classmethod
    def of(cls, zone: str, first: int, last: int) -> ZoneClock:
        """The clock of an IANA zone from minute ``first`` to ``last``; some 1,500 look-ups a year."""
        clock = ZoneInfo(zone)

        def offset(minute: int) -> int:
            shift = utc_of(minute).astimezone(clock).utcoffset()
            return 0 if shift is None else int(shift // datetime.timedelta(minutes=1))

        changes: list[int] = []
        offsets = [offset(first)]
        low = first
        while low < last:
            high = min(low + _PROBE, last)
            if (after := offset(high)) != offsets[-1]:
                before, at = low, high
                while at - before > 1:
                    middle = (before + at) // 2
                    before, at = (before, middle) if offset(middle) == after else (middle, at)
                changes.append(at)
                offsets.append(after)
            low = high
        return cls(np.array(changes, np.int64), np.array(offsets, np.int64))

    def local(self, minutes: Minutes) -> Minutes:
        """What the clock shows at these instants, as minutes since 1970-01-01 00:00 on that clock."""
        shown: Minutes = minutes + self.offsets[np.searchsorted(self.changes, minutes, side="right")]
        return shown


def week_minute(local: Minutes) -> Minutes:
    """Minutes since Monday 00:00 on a clock, from minutes since 1970 on it."""
    within: Minutes = (local + _EPOCH_WEEKDAY * DAY_MINUTES) % WEEK_MINUTES
    return within
