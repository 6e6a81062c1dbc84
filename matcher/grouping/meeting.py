"""When groups may meet: a weekly time in one zone, kept over a run of concrete weeks."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from matcher.grouping.spec_part import SpecPart
from matcher.grouping.weekly_stretches import WeeklyStretches, clock_minutes, minute_in_week
from matcher.members.availability import DAYS, ClockTime, Day, WeeklySlot
from matcher.members.profile import iso_date_only, known_zone

Zone = Annotated[str, Field(max_length=64), AfterValidator(known_zone)]
DEFAULT_WINDOW: tuple[WeeklySlot, ...] = tuple(WeeklySlot(day=day, start="08:00", end="22:00") for day in DAYS)


class SlotChoice(SpecPart):
    """A weekly meeting time on the clock of the spec's zone."""

    day: Day
    start: ClockTime

    @model_validator(mode="after")
    def _starts_on_its_day(self) -> Self:
        if self.start == "24:00":
            raise ValueError("starts at 24:00; write 00:00 of the next day")
        return self


class Meeting(SpecPart):
    """The meeting times to choose from, and for how long they must hold.

    A group meets at one time of the week on the clock of ``time_zone``, in each of ``weeks`` weeks from ``start_date``.
    A member can come to a time if every one of these meetings lies within their own availability on their own clock:
    where two zones change to summer time on different days, that is checked week by week.

    Attributes:
        time_zone: the zone on whose clock the group meets.
        start_date: the first day on which a meeting may be; the first meeting is within seven days of it.
        weeks: meetings in a row that members must be able to come to.
        length_minutes: how long a meeting lasts.
        step_minutes: times to choose from start at multiples of this after each window's start.
        window: when a meeting may take place, on the clock of ``time_zone``.
        unknown_availability: members who gave no availability (or no zone) are ``left_out`` with that reason, or
            ``assumed`` to come, with a warning on their group.
    """

    time_zone: Zone
    start_date: Annotated[datetime.date, BeforeValidator(iso_date_only)]
    weeks: Annotated[int, Field(ge=1, le=104)] = 8
    length_minutes: Annotated[int, Field(ge=15, le=480)] = 60
    step_minutes: Literal[15, 20, 30, 60, 120] = 30
    window: Annotated[tuple[WeeklySlot, ...], Field(min_length=1, max_length=56)] = DEFAULT_WINDOW
    unknown_availability: Literal["left_out", "assumed"] = "left_out"

    @model_validator(mode="after")
    def _starts_in_our_times(self) -> Self:
        if not datetime.date(2000, 1, 1) <= self.start_date <= datetime.date(2200, 1, 1):
            raise ValueError("the start date is out of range; a date from 2000-01-01 to 2200-01-01")
        return self

    @model_validator(mode="after")
    def _fits_into_its_window(self) -> Self:
        if not self.starts():
            raise ValueError("a whole meeting fits into no window; widen one, or shorten the meeting")
        return self

    def starts(self) -> tuple[int, ...]:
        """Minutes since Monday 00:00 at which a meeting may start, ascending.

        They are on the grid of some window; the meeting lies within the windows, joined where they touch.
        """
        on_grid = [
            minute_in_week(window.day, window.start) + ahead
            for window in self.window
            for ahead in range(0, clock_minutes(window.end) - clock_minutes(window.start), self.step_minutes)
        ]
        at = np.array(sorted(set(on_grid)), np.int64)
        return tuple(at[WeeklyStretches.of(self.window).hold(at, self.length_minutes)].tolist())
