"""Who can come to which meeting: minute by minute against the clocks, and the cases that go wrong most."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import InvalidProblem
from matcher.grouping.meeting import Meeting, SlotChoice
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.plan import LocalTime
from matcher.grouping.spec import GroupSpec
from matcher.grouping.staffing import Staff
from matcher.members.availability import DAYS, WeeklySlot
from matcher.members.profile import MemberProfile
from tests.oracle.strategies import UNHURRIED

ZONES = (
    "Europe/Lisbon", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Santiago", "Asia/Kolkata",
    "Asia/Kathmandu", "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Auckland", "Pacific/Apia",
    "Africa/Casablanca", "America/St_Johns", "UTC",
)  # fmt: skip
DAY = datetime.date


def weekly(*stretches: str) -> tuple[WeeklySlot, ...]:
    """Slots from texts such as ``mon 18:00-20:00``; ``all`` for every day."""
    found = []
    for text in stretches:
        day, _, clock = text.partition(" ")
        start, _, end = clock.partition("-")
        found += [WeeklySlot(day=one, start=start, end=end) for one in DAYS if day in ("all", one)]
    return tuple(found)


def times_of(zone: str, start: DAY, *window: str, weeks: int = 1, length: int = 60, step: int = 60) -> MeetingTimes:
    return MeetingTimes(
        Meeting.model_validate(
            {
                "time_zone": zone,
                "start_date": start,
                "weeks": weeks,
                "length_minutes": length,
                "step_minutes": step,
                "window": weekly(*window),
            }
        )
    )


def starts_held(times: MeetingTimes, availability: tuple[WeeklySlot, ...], zone: str | None) -> list[str]:
    """The times to which somebody can come, such as ``mon 18:00``."""
    mask = times.mask(availability, zone)
    return [
        f"{slot.day} {slot.start}"
        for place, slot in enumerate(times.slots)
        if int(mask[place // 64]) >> (place % 64) & 1
    ]


def by_the_minute(meeting: Meeting, slot: SlotChoice, availability: tuple[WeeklySlot, ...], zone: str) -> bool:
    """Whether every minute of every meeting is, on the clock of ``zone``, a minute of the availability."""
    there, here = ZoneInfo(meeting.time_zone), ZoneInfo(zone)
    free = {
        (each.day, minute)
        for each in availability
        for minute in range(int(each.start[:2]) * 60 + int(each.start[3:]), int(each.end[:2]) * 60 + int(each.end[3:]))
    }
    day = meeting.start_date
    while DAYS[day.weekday()] != slot.day:
        day += datetime.timedelta(days=1)
    for week in range(meeting.weeks):
        clock = datetime.time.fromisoformat(slot.start)
        wall = datetime.datetime.combine(day + datetime.timedelta(weeks=week), clock, tzinfo=there)
        start = wall.astimezone(datetime.UTC)
        for minute in range(meeting.length_minutes):
            shown = (start + datetime.timedelta(minutes=minute)).astimezone(here)
            if (DAYS[shown.weekday()], shown.hour * 60 + shown.minute) not in free:
                return False
    return True


@st.composite
def stretches(draw: st.DrawFn) -> WeeklySlot:
    start, end = sorted(draw(st.lists(st.integers(0, 48), min_size=2, max_size=2, unique=True)))
    day = draw(st.sampled_from(DAYS))
    return WeeklySlot(day=day, start=f"{start // 2:02}:{start % 2 * 30:02}", end=f"{end // 2:02}:{end % 2 * 30:02}")


@st.composite
def availabilities(draw: st.DrawFn) -> tuple[WeeklySlot, ...]:
    """Some stretches, or all of the week but for an hour a day, which is where clocks that change matter."""
    if draw(st.booleans()):
        return tuple(draw(st.lists(stretches(), min_size=1, max_size=6)))
    hour = draw(st.integers(1, 22))
    return weekly(f"all 00:00-{hour:02}:00", f"all {hour + 1:02}:00-24:00")


@st.composite
def meetings(draw: st.DrawFn) -> Meeting:
    windows = draw(st.lists(stretches(), max_size=3)) or list(weekly("all 00:00-24:00"))
    return Meeting.model_construct(
        time_zone=draw(st.sampled_from(ZONES)),
        start_date=draw(st.dates(DAY(2026, 1, 1), DAY(2027, 12, 31))),
        weeks=draw(st.sampled_from((1, 2, 9, 30))),
        length_minutes=draw(st.sampled_from((15, 60, 90, 480))),
        step_minutes=draw(st.sampled_from((15, 30, 60))),
        window=tuple(windows),
        unknown_availability="left_out",
    )


@settings(parent=UNHURRIED, max_examples=60)
@given(meetings().filter(Meeting.starts), availabilities(), st.sampled_from(ZONES))
def test_every_minute_of_every_meeting_counts(
    meeting: Meeting, availability: tuple[WeeklySlot, ...], zone: str
) -> None:
    times = MeetingTimes(meeting)
    held = starts_held(times, availability, zone)
    for slot in times.slots[:: max(1, len(times.slots) // 5)]:
        assert (f"{slot.day} {slot.start}" in held) == by_the_minute(meeting, slot, availability, zone)


def test_the_weeks_between_american_and_european_summer_time() -> None:
    """18:00 in Berlin is noon in New York, but 13:00 from March 8 to 28 and from October 25 to 31, 2026."""
    noon = weekly("all 12:00-13:00")
    for start, weeks, can in (
        (DAY(2026, 2, 24), 2, True),
        (DAY(2026, 2, 24), 3, False),  # March 10
        (DAY(2026, 3, 10), 3, False),
        (DAY(2026, 3, 31), 8, True),
        (DAY(2026, 10, 20), 1, True),
        (DAY(2026, 10, 27), 1, False),
        (DAY(2026, 11, 3), 8, True),
    ):
        times = times_of("Europe/Berlin", start, "tue 18:00-19:00", weeks=weeks)
        assert (starts_held(times, noon, "America/New_York") == ["tue 18:00"]) == can
        wide = starts_held(times, weekly("all 12:00-14:00"), "America/New_York")
        assert wide == ["tue 18:00"]


def test_the_southern_hemisphere_moves_two_hours_away() -> None:
    """09:00 in London is 20:00 in Sydney in winter, 18:00 in summer, and 19:00 in between."""
    times = times_of("Europe/London", DAY(2026, 3, 23), "mon 09:00-10:00", weeks=4)
    clocks = times.local_times(times.slots[0], "Australia/Sydney")
    assert clocks == (
        LocalTime(DAY(2026, 3, 23), "mon", "20:00"),
        LocalTime(DAY(2026, 3, 30), "mon", "19:00"),
        LocalTime(DAY(2026, 4, 6), "mon", "18:00"),
    )
    assert not starts_held(times, weekly("mon 18:00-20:00"), "Australia/Sydney")
    assert starts_held(times, weekly("mon 18:00-21:00"), "Australia/Sydney") == ["mon 09:00"]


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Kolkata", "23:30"),
        ("Asia/Kathmandu", "23:45"),
        ("America/St_Johns", "14:30"),
        ("Australia/Lord_Howe", "05:00"),
    ],
)
def test_zones_that_are_no_whole_hours_off(zone: str, shown: str) -> None:
    times = times_of("UTC", DAY(2026, 1, 7), "wed 18:00-19:00")
    assert times.local_times(times.slots[0], zone)[0].start == shown


def test_a_meeting_over_midnight_on_the_members_clock() -> None:
    times = times_of("Europe/Lisbon", DAY(2026, 1, 5), "mon 23:00-24:00")
    zone = "Europe/Madrid"  # Tuesday 00:00 to 01:00 there
    assert starts_held(times, weekly("tue 00:00-01:00"), zone)
    half = times_of("Europe/Lisbon", DAY(2026, 1, 5), "mon 22:30-23:30")  # Monday 23:30 to Tuesday 00:30
    assert not starts_held(half, weekly("mon 20:00-24:00"), zone)
    assert starts_held(half, weekly("mon 20:00-24:00", "tue 00:00-00:30"), zone) == ["mon 22:30"]
    assert not starts_held(half, weekly("mon 20:00-24:00", "tue 00:01-00:30"), zone)


def test_sunday_night_goes_on_into_monday() -> None:
    times = times_of("UTC", DAY(2026, 1, 5), "sun 22:00-24:00", "mon 00:00-02:00", length=180)
    assert [(slot.day, slot.start) for slot in times.slots] == [("sun", "22:00"), ("sun", "23:00")]
    night = weekly("sun 22:00-24:00", "mon 00:00-01:00")
    assert starts_held(times, night, "UTC") == ["sun 22:00"]
    assert starts_held(times, weekly("sun 23:00-24:00", "mon 00:00-02:00"), "UTC") == ["sun 23:00"]
    assert starts_held(times, weekly("all 00:00-24:00"), "Pacific/Auckland") == ["sun 22:00", "sun 23:00"]
    assert not starts_held(times, weekly("sun 00:00-24:00"), "UTC")


def test_the_hour_that_clocks_skip() -> None:
    """02:30 does not exist in Berlin on March 29, 2026: the meeting is at 03:30 there, 01:30 UTC."""
    times = times_of("Europe/Berlin", DAY(2026, 3, 22), "sun 02:30-03:30", weeks=3)
    assert [instant.strftime("%m-%d %H:%M") for instant in times.utc(times.slots[0])] == [
        "03-22 01:30",
        "03-29 01:30",
        "04-05 00:30",
    ]
    assert [clock.start for clock in times.local_times(times.slots[0], "Europe/Berlin")] == ["02:30", "03:30", "02:30"]
    assert not starts_held(times, weekly("sun 02:30-03:30"), "Europe/Berlin")
    assert starts_held(times, weekly("sun 02:30-04:30"), "Europe/Berlin")


def test_the_hour_that_clocks_show_twice() -> None:
    """From 02:30 on October 25, 2026, an hour ends at 02:30 again in Berlin; who has time until 03:00 can come."""
    times = times_of("Europe/Berlin", DAY(2026, 10, 25), "sun 02:30-03:30")
    assert times.utc(times.slots[0])[0].hour == 0
    assert starts_held(times, weekly("sun 02:00-03:00"), "Europe/Berlin") == ["sun 02:30"]
    assert not starts_held(times, weekly("sun 02:15-03:00"), "Europe/Berlin")


def test_a_meeting_during_which_clocks_go_forward() -> None:
    """01:30 to 02:30 in UTC terms is 01:30 to 02:00 and 03:00 to 03:30 in New York on March 8, 2026."""
    times = times_of("America/New_York", DAY(2026, 3, 8), "sun 01:30-02:30")
    assert starts_held(times, weekly("sun 01:30-02:00", "sun 03:00-03:30"), "America/New_York") == ["sun 01:30"]
    assert not starts_held(times, weekly("sun 01:30-02:30"), "America/New_York")


def test_the_first_meeting_is_on_or_after_the_start_date() -> None:
    times = times_of("Europe/Lisbon", DAY(2026, 3, 4), "tue 18:00-19:00", "wed 18:00-19:00", weeks=2)
    first = {slot.day: [instant.date() for instant in times.utc(slot)] for slot in times.slots}
    assert first == {"tue": [DAY(2026, 3, 10), DAY(2026, 3, 17)], "wed": [DAY(2026, 3, 4), DAY(2026, 3, 11)]}


def test_a_series_that_starts_after_the_change_does_not_see_it() -> None:
    narrow = weekly("sun 12:00-13:00")
    before = times_of("Europe/Berlin", DAY(2026, 3, 1), "sun 18:00-19:00", weeks=1)
    on_the_day = times_of("Europe/Berlin", DAY(2026, 3, 8), "sun 18:00-19:00", weeks=1)  # 02:00 that morning
    assert starts_held(before, narrow, "America/New_York") == ["sun 18:00"]
    assert not starts_held(on_the_day, narrow, "America/New_York")


def test_the_grid_starts_at_each_window() -> None:
    times = times_of("UTC", DAY(2026, 1, 5), "mon 18:15-20:00", "mon 20:00-21:00", step=30, length=60)
    assert [slot.start for slot in times.slots] == ["18:15", "18:45", "19:15", "19:45", "20:00"]


def test_meetings_overlap_on_the_circular_week() -> None:
    times = times_of("UTC", DAY(2026, 1, 5), "all 00:00-24:00", length=90)
    place = {f"{slot.day} {slot.start}": place for place, slot in enumerate(times.slots)}
    assert times.overlap[place["mon 10:00"], place["mon 11:00"]]
    assert not times.overlap[place["mon 10:00"], place["mon 12:00"]]
    assert times.overlap[place["sun 23:00"], place["mon 00:00"]]
    assert times.overlap.diagonal().all()
    assert (times.overlap == times.overlap.T).all()


def test_times_of_existing_groups_are_known_but_not_offered() -> None:
    meeting = times_of("UTC", DAY(2026, 1, 5), "mon 18:00-20:00").meeting
    odd = SlotChoice(day="thu", start="03:05")
    times = MeetingTimes(meeting, [odd, SlotChoice(day="mon", start="18:00")])
    assert [(slot.start, bool(ok)) for slot, ok in zip(times.slots, times.offered, strict=True)] == [
        ("18:00", True),
        ("19:00", True),
        ("03:05", False),
    ]
    assert times.slots[times.index(odd)] == odd
    assert starts_held(times, weekly("thu 03:00-04:10"), "UTC") == ["thu 03:05"]


def test_who_did_not_say_when() -> None:
    member = MemberProfile(member_id="a", time_zone="UTC")
    staff = Staff(name="Sam")
    for unknown, bits in (("left_out", 0), ("assumed", 7)):
        meeting = Meeting.model_validate(
            {
                "time_zone": "UTC",
                "start_date": DAY(2026, 1, 5),
                "window": weekly("mon 18:00-20:00"),
                "unknown_availability": unknown,
            }
        )
        assert MeetingTimes(meeting).masks([member, staff]).tolist() == [[bits], [0]]


def test_more_than_64_times_take_several_words() -> None:
    times = times_of("UTC", DAY(2026, 1, 5), "all 00:00-24:00", step=15, length=15)
    assert len(times.slots) == 672
    assert times.words == 11
    mask = times.mask(weekly("sun 23:45-24:00"), "UTC")
    assert [int(word).bit_count() for word in mask] == [0] * 10 + [1]
    assert int(mask[-1]) == 1 << (671 % 64)
    assert int(times.everything()[-1]).bit_count() == 672 - 640
    assert not mask.flags.writeable
    assert mask.dtype == np.uint64


def test_a_meeting_longer_than_every_window_is_refused() -> None:
    fields = {"time_zone": "UTC", "start_date": "2026-01-05", "length_minutes": 90}
    fields["window"] = [{"day": "mon", "start": "18:00", "end": "19:00"}]
    with pytest.raises(InvalidProblem, match=r"meeting: a whole meeting fits into no window"):
        GroupSpec.parse({"meeting": fields})
