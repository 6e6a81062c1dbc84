"""Who can come to a weekly meeting, by the calendar: plain dates and clocks, one meeting after the other.

This is what the hard rules of a group are checked with. It shares nothing with the way in which the solver looks at
times, so that each can find the other wrong. What two members have in common (zone, availability) is worked out once.
"""

from __future__ import annotations

import datetime
import functools
import zoneinfo
from collections.abc import Iterable
from typing import Protocol

from matcher.grouping.meeting import Meeting
from matcher.grouping.plan import LocalTime
from matcher.members.availability import DAYS, Day, WeeklySlot

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
_MINUTE = datetime.timedelta(minutes=1)

Stretches = tuple[tuple[int, int], ...]
"""Minutes of the week, as disjoint stretches ``(from, to)`` in order; the week is laid out twice, lest its end cut."""


class WeeklyTime(Protocol):
    """A time of the week: as a spec writes it, or with more to it, as a plan does."""

    @property
    def day(self) -> Day:
        """Weekday on the clock of the meeting."""
        ...

    @property
    def start(self) -> str:
        """``HH:MM`` on that clock."""
        ...


def minutes_of(clock: str) -> int:
    """``HH:MM`` in minutes after midnight; 1440 for 24:00."""
    return int(clock[:2]) * 60 + int(clock[3:])


def week_minute(slot: WeeklyTime) -> int:
    """Minutes since Monday 00:00 on the clock of the meeting, in [0, 10080)."""
    return (DAYS.index(slot.day) * DAY_MINUTES + minutes_of(slot.start)) % WEEK_MINUTES


@functools.lru_cache(maxsize=65536)
def stretches_of(weekly: tuple[WeeklySlot, ...]) -> Stretches:
    """The union of weekly slots; those that touch are one stretch, over midnight and from Sunday to Monday, too."""
    ends = sorted(
        (first + week, first + week + minutes_of(slot.end) - minutes_of(slot.start))
        for slot in weekly
        for first in (DAYS.index(slot.day) * DAY_MINUTES + minutes_of(slot.start),)
        for week in (0, WEEK_MINUTES)
    )
    joined: list[tuple[int, int]] = []
    for start, end in ends:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def covers(stretches: Stretches, first: int, length: int) -> bool:
    """Whether the ``length`` minutes from week minute ``first`` in [0, 10080) on all lie inside."""
    return any(start <= first and first + length <= end for start, end in stretches)


class Attendance:
    """Answers about the meetings of one spec.

    Args:
        meeting: what the spec says of them.
    """

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        self._starts: dict[tuple[Day, str], tuple[datetime.datetime, ...]] = {}
        self._local_times: dict[tuple[Day, str, str], tuple[LocalTime, ...]] = {}
        self._pieces: dict[tuple[Day, str, str], frozenset[tuple[int, int]]] = {}
        self._answers: dict[tuple[Day, str, str, tuple[WeeklySlot, ...]], bool] = {}

    def is_offered(self, slot: WeeklyTime) -> bool:
        """Whether the slot is one of those to choose from: on a window's grid, and inside the windows for its length.

        Each window has a grid of its own from its start on; windows that touch are one stretch.
        """
        meeting = self.meeting
        first = week_minute(slot)
        on_grid = any(
            from_start < minutes_of(window.end) - minutes_of(window.start) and from_start % meeting.step_minutes == 0
            for window in meeting.window
            for from_start in ((first - week_minute(window)) % WEEK_MINUTES,)
        )
        return on_grid and covers(stretches_of(meeting.window), first, meeting.length_minutes)

    def starts(self, slot: WeeklyTime) -> tuple[datetime.datetime, ...]:
        """The start of each meeting in UTC: the same time on the clock of the meeting's zone, week after week.

        A time that a change of the clock skips or repeats is read as it would be before the change.
        """
        key = (slot.day, slot.start)
        if key not in self._starts:
            self._starts[key] = self._first_to_last(slot)
        return self._starts[key]

    def _first_to_last(self, slot: WeeklyTime) -> tuple[datetime.datetime, ...]:
        zone = zoneinfo.ZoneInfo(self.meeting.time_zone)
        first = self.meeting.start_date
        first += datetime.timedelta((DAYS.index(slot.day) - first.weekday()) % 7)
        days, minutes = divmod(minutes_of(slot.start), DAY_MINUTES)
        clock = datetime.time(minutes // 60, minutes % 60)
        dates = (first + datetime.timedelta(days + 7 * week) for week in range(self.meeting.weeks))
        return tuple(datetime.datetime.combine(day, clock, zone).astimezone(datetime.UTC) for day in dates)

    def can_come(self, zone: str, availability: tuple[WeeklySlot, ...], slot: WeeklyTime) -> bool:
        """Whether somebody with that clock and those weekly times can come to every one of the meetings."""
        key = (slot.day, slot.start, zone, availability)
        answer = self._answers.get(key)
        if answer is None:
            stretches = stretches_of(availability)
            pieces = self._on_the_clock(slot, zone)
            answer = self._answers[key] = all(covers(stretches, first, length) for first, length in pieces)
        return answer

    def _on_the_clock(self, slot: WeeklyTime, zone: str) -> frozenset[tuple[int, int]]:
        """All week minutes that a clock shows during the meetings, as pieces of ``(first, length)``."""
        key = (slot.day, slot.start, zone)
        if key not in self._pieces:
            clock = zoneinfo.ZoneInfo(zone)
            self._pieces[key] = frozenset(
                piece for start in self.starts(slot) for piece in self._one_meeting(start, clock)
            )
        return self._pieces[key]

    def _one_meeting(self, start: datetime.datetime, clock: zoneinfo.ZoneInfo) -> Iterable[tuple[int, int]]:
        length = self.meeting.length_minutes
        first, last = start.astimezone(clock), (start + (length - 1) * _MINUTE).astimezone(clock)
        if first.utcoffset() == last.utcoffset():
            return ((_week_minute_at(first), length),)
        # The clock changes during this meeting: every minute is a piece of its own.
        return [(_week_minute_at((start + minute * _MINUTE).astimezone(clock)), 1) for minute in range(length)]

    def overlap(self, one: WeeklyTime, other: WeeklyTime) -> bool:
        """Whether two weekly meetings are at the same time for a while, on the clock of the meetings."""
        later = (week_minute(other) - week_minute(one)) % WEEK_MINUTES
        return min(later, WEEK_MINUTES - later) < self.meeting.length_minutes

    def local_times(self, slot: WeeklyTime, zone: str) -> tuple[LocalTime, ...]:
        """When a clock shows the meetings: one entry for each run of them at the same weekday and time."""
        key = (slot.day, slot.start, zone)
        if key not in self._local_times:
            self._local_times[key] = self._runs(slot, zone)
        return self._local_times[key]

    def _runs(self, slot: WeeklyTime, zone: str) -> tuple[LocalTime, ...]:
        clock = zoneinfo.ZoneInfo(zone)
        found: list[LocalTime] = []
        for start in self.starts(slot):
            local = start.astimezone(clock)
            shown = LocalTime(local.date(), DAYS[local.weekday()], f"{local:%H:%M}")
            if not found or (found[-1].day, found[-1].start) != (shown.day, shown.start):
                found.append(shown)
        return tuple(found)


def _week_minute_at(local: datetime.datetime) -> int:
    return local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute
