"""The meeting times to choose from, and who can come to which of them in every week.

A meeting keeps its time on the clock of the spec's zone. On a member's own clock it may move: where the two zones put
their clocks forward on different days, it is an hour off for the weeks between. A member can come only if every single
meeting lies within their availability on their own clock; what the clock shows is looked up meeting by meeting.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from matcher.grouping.meeting import Meeting, SlotChoice
from matcher.grouping.plan import LocalTime, MeetingSlot
from matcher.grouping.staffing import Staff
from matcher.grouping.weekly_stretches import WeeklyStretches, minute_in_week
from matcher.grouping.zone_clock import (
    DAY_MINUTES,
    WEEK_MINUTES,
    Minutes,
    ZoneClock,
    minute_of,
    utc_of,
    week_minute,
)
from matcher.members.availability import DAYS, WeeklySlot
from matcher.members.profile import MemberProfile

Mask = npt.NDArray[np.uint64]
_LOCAL_EPOCH = datetime.datetime(1970, 1, 1)


class MeetingTimes:
    """All weekly times at which a group of a spec may meet.

    Attributes:
        meeting: what the spec says.
        slots: S times by week minute on the clock of the spec: those of the window, and ``also``.
        offered: (S,) bool, whether it lies in the window, so that any group may be given it.
        overlap: (S, S) bool, whether two meetings at these times overlap on the circular week of that clock.
        words: W, the 64-bit words of a mask.
    """

    def __init__(self, meeting: Meeting, also: Iterable[SlotChoice] = ()) -> None:
        """Lay out the times.

        Args:
            meeting: what the spec says.
            also: times of existing groups, which need not lie in the window.
        """
        self.meeting = meeting
        choices = {minute_in_week(slot.day, slot.start): slot for slot in also}
        offered = meeting.starts()
        for minute in offered:
            choices.setdefault(minute, _slot_at(minute))
        minutes = sorted(choices)
        self.slots = tuple(choices[minute] for minute in minutes)
        self.offered = np.array([minute in offered for minute in minutes], np.bool_)
        self.words = -(-len(minutes) // 64)
        starts = np.array(minutes, np.int64)
        apart = (starts[:, None] - starts[None, :]) % WEEK_MINUTES
        self.overlap: npt.NDArray[np.bool_] = np.minimum(apart, WEEK_MINUTES - apart) < meeting.length_minutes
        self._index = {minute: place for place, minute in enumerate(minutes)}
        self._instants = _instants(meeting, self.slots)
        self._clocks: dict[str, ZoneClock] = {}
        self._pieces: dict[str, tuple[Minutes, Minutes, Minutes]] = {}
        self._stretches: dict[tuple[WeeklySlot, ...], WeeklyStretches] = {}
        self._masks: dict[tuple[str, tuple[WeeklySlot, ...]], Mask] = {}
        self._described: dict[SlotChoice, MeetingSlot] = {}
        self._local_times: dict[tuple[int, str], tuple[LocalTime, ...]] = {}

    def index(self, slot: SlotChoice) -> int:
        """The place of a time among :attr:`slots`.

        Raises:
            KeyError: if it is none of them.
        """
        return self._index[minute_in_week(slot.day, slot.start)]

    def utc(self, slot: SlotChoice) -> tuple[datetime.datetime, ...]:
        """The start of each meeting at ``slot``, in UTC."""
        return tuple(utc_of(minute) for minute in self._instants[self.index(slot)].tolist())

    def described(self, slot: SlotChoice) -> MeetingSlot:
        """A time as a plan shows it."""
        known = self._described.get(slot)
        if known is None:
            meeting = self.meeting
            known = MeetingSlot(slot.day, slot.start, meeting.time_zone, meeting.length_minutes, self.utc(slot))
            self._described[slot] = known
        return known

    def everything(self) -> Mask:
        """(W,) uint64 with the bits of all times set."""
        return _packed(np.ones(len(self.slots), np.bool_))

    def mask(self, availability: tuple[WeeklySlot, ...], zone: str | None) -> Mask:
        """(W,) uint64, bit s set if all meetings at ``slots[s]`` lie within ``availability`` on the clocks of ``zone``.

        Nothing is known of who names no zone or no availability: no bit is set. Read-only, as it is kept; the first
        look-up of an availability costs some 50 microseconds, that of a zone some milliseconds.
        """
        if zone is None or not availability:
            return np.zeros(self.words, np.uint64)
        mask = self._masks.get((zone, availability))
        if mask is None:
            stretches = self._stretches.get(availability)
            if stretches is None:
                stretches = self._stretches[availability] = WeeklyStretches.of(availability)
            slots, starts, lengths = self._meetings_on(zone)
            held = np.ones(len(self.slots), np.bool_)
            held[slots[~stretches.hold(starts, lengths)]] = False
            mask = self._masks[zone, availability] = _packed(held)
            mask.flags.writeable = False
        return mask

    def masks(self, people: Sequence[MemberProfile | Staff]) -> Mask:
        """(n, W) uint64 of :meth:`mask` for each; all bits for members who did not say and are assumed to come."""
        found = np.zeros((len(people), self.words), np.uint64)
        everything = self.everything()
        assumed = self.meeting.unknown_availability == "assumed"
        for i, person in enumerate(people):
            unknown = person.time_zone is None or not person.availability
            if not unknown:
                found[i] = self.mask(person.availability, person.time_zone)
            elif assumed and isinstance(person, MemberProfile):
                found[i] = everything
        return found

    def local_times(self, slot: SlotChoice, zone: str) -> tuple[LocalTime, ...]:
        """When clocks in ``zone`` show the meetings at ``slot``: the first meeting, and each that differs from the one
        before."""
        place = self.index(slot)
        known = self._local_times.get((place, zone))
        if known is None:
            local = self._clock(zone).local(self._instants[place])
            within = week_minute(local)
            new = np.flatnonzero(np.concatenate(([True], within[1:] != within[:-1])))
            known = tuple(_local_time(minute) for minute in local[new].tolist())
            self._local_times[place, zone] = known
        return known

    def _clock(self, zone: str) -> ZoneClock:
        clock = self._clocks.get(zone)
        if clock is None:
            first, last = int(self._instants.min()), int(self._instants.max()) + self.meeting.length_minutes
            clock = self._clocks[zone] = ZoneClock.of(zone, first, last)
        return clock

    def _meetings_on(self, zone: str) -> tuple[Minutes, Minutes, Minutes]:
        """All that clocks in ``zone`` show of all meetings: slot, week minute and length of each different stretch."""
        known = self._pieces.get(zone)
        if known is None:
            clock, length = self._clock(zone), self.meeting.length_minutes
            slots = np.repeat(np.arange(len(self.slots)), self._instants.shape[1])
            pieces = [(slots, self._instants.ravel(), np.full(slots.size, length, np.int64))]
            for change in clock.changes.tolist():  # a meeting during which clocks change is two stretches on them
                slots, starts, lengths = pieces.pop()
                cut = (starts < change) & (change < starts + lengths)
                pieces.append((slots[cut], starts[cut], change - starts[cut]))
                rest = starts[cut] + lengths[cut] - change
                pieces.append(
                    (
                        np.concatenate((slots[~cut], slots[cut])),
                        np.concatenate((starts[~cut], np.full(rest.size, change, np.int64))),
                        np.concatenate((lengths[~cut], rest)),
                    )
                )
            slots, starts, lengths = (np.concatenate(column) for column in zip(*pieces, strict=True))
            keys = (slots * WEEK_MINUTES + week_minute(clock.local(starts))) * DAY_MINUTES + lengths
            keys = np.unique(keys)
            known = (
                keys // (WEEK_MINUTES * DAY_MINUTES),
                keys // DAY_MINUTES % WEEK_MINUTES,
                keys % DAY_MINUTES,
            )
            self._pieces[zone] = known
        return known


def _slot_at(minute: int) -> SlotChoice:
    day, clock = divmod(minute, DAY_MINUTES)
    return SlotChoice(day=DAYS[day], start=f"{clock // 60:02d}:{clock % 60:02d}")


def _instants(meeting: Meeting, slots: tuple[SlotChoice, ...]) -> Minutes:
    """(S, weeks) minutes since 1970 of each meeting: its wall clock time in the zone of the spec, week after week.

    A time that clocks skip is read with the offset before the skip, one that they show twice the first time.
    """
    zone = ZoneInfo(meeting.time_zone)
    table = np.empty((len(slots), meeting.weeks), np.int64)
    for row, slot in zip(table, slots, strict=True):
        ahead = (DAYS.index(slot.day) - meeting.start_date.weekday()) % 7
        first = meeting.start_date + datetime.timedelta(days=ahead)
        clock = datetime.time(int(slot.start[:2]), int(slot.start[3:]), tzinfo=zone)
        for week in range(meeting.weeks):
            day = first + datetime.timedelta(weeks=week)
            row[week] = minute_of(datetime.datetime.combine(day, clock))
    return table


def _packed(bits: npt.NDArray[np.bool_]) -> Mask:
    padded = np.zeros(-(-bits.size // 64) * 64, np.bool_)
    padded[: bits.size] = bits
    return np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)


def _local_time(minute: int) -> LocalTime:
    shown = _LOCAL_EPOCH + datetime.timedelta(minutes=minute)
    return LocalTime(shown.date(), DAYS[shown.weekday()], f"{shown.hour:02d}:{shown.minute:02d}")
