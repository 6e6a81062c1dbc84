"""What a coordinator should look at in a group that breaks no rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from matcher.grouping.cohort import Cohort
from matcher.grouping.draft import GroupDraft
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.plan import STAFF, LocalTime
from matcher.grouping.spec_references import listed
from matcher.grouping.stand_ins import StandIns
from matcher.grouping.weekly_stretches import clock_minutes
from matcher.grouping.zone_clock import DAY_MINUTES
from matcher.members.age import AgePool, age_pool

EARLIEST, LATEST = 7 * 60, 22 * 60
"""Meetings that begin before, or end after, on somebody's own clock are worth a question."""
OFF_TARGET = 2
_MAY_BE_MINORS = (AgePool.MINOR, AgePool.TURNING_ADULT)
_FURTHER_ON = 2  # the first band that is neither preparing nor in the first days


class Outlook(NamedTuple):
    """What the warnings about one group read besides its draft.

    Attributes:
        fits: by member id.
        local_times: by member id; empty where there are none.
        bands: stage bands of its members, -1 where unknown.
    """

    fits: Mapping[str, float]
    local_times: Mapping[str, tuple[LocalTime, ...]]
    bands: Sequence[int]


class GroupWarnings:
    """Warnings about any group of a cohort."""

    def __init__(self, cohort: Cohort, times: MeetingTimes | None) -> None:
        self._cohort, self._stand_ins = cohort, StandIns(cohort, times)
        scoring = cohort.scoring
        self._chance = float(scoring.weights @ scoring.means)
        self._sizes = cohort.spec.enrolled_sizes()

    def of(self, group: GroupDraft, outlook: Outlook) -> tuple[str, ...]:
        """In the order in which a coordinator would want to know."""
        return (
            *self._minors(group),
            *self._fit(outlook),
            *self._stages(outlook),
            *self._size(group),
            *self._leading(group),
            *self._unknown_times(group),
            *self._clocks(outlook),
        )

    def _minors(self, group: GroupDraft) -> Iterator[str]:
        everybody, as_of = self._cohort.everybody, self._cohort.as_of
        pools = {age_pool(everybody[member].birth_year, as_of) for member in group.members}
        if not pools.isdisjoint(_MAY_BE_MINORS) and not any(name.startswith(STAFF) for name in group.facilitators):
            yield "its members are minors, or turn 18 this year, and nobody of the staff leads it"

    def _fit(self, outlook: Outlook) -> Iterator[str]:
        low = [member for member, fit in outlook.fits.items() if fit < self._chance]
        if low:
            yield f"the group fits no better than one drawn at random: {listed(low)}"

    @staticmethod
    def _stages(outlook: Outlook) -> Iterator[str]:
        if outlook.bands and all(0 <= band < _FURTHER_ON for band in outlook.bands):
            yield "all are preparing or in the first days; nobody is further on"

    def _size(self, group: GroupDraft) -> Iterator[str]:
        least, target, _ = self._sizes
        count, attendance = len(group.members), self._cohort.spec.size.attendance
        room = f", about {round(count * attendance)} of them in the room" if attendance < 1.0 else ""
        if count == least < target:
            yield f"{count} members{room}; it is too small as soon as one leaves"
        elif abs(count - target) >= OFF_TARGET:
            yield f"{count} members{room}; {target} are wished for"

    def _leading(self, group: GroupDraft) -> Iterator[str]:
        if group.facilitators and not self._stand_ins.able(group.language, group.slot) - {*group.facilitators}:
            who = "the one who leads" if len(group.facilitators) == 1 else "one of those who lead"
            yield f"nobody named could stand in for {who}: no one else speaks {group.language} and can come"

    def _unknown_times(self, group: GroupDraft) -> Iterator[str]:
        if group.slot is None:
            return
        everybody = self._cohort.everybody
        people = [everybody[name] for name in (*group.members, *group.facilitators) if name in everybody]
        assumed = [one.member_id for one in people if one.time_zone is None or not one.availability]
        if assumed:
            yield f"assumed to come, as their times are not known: {listed(assumed)}"

    def _clocks(self, outlook: Outlook) -> Iterator[str]:
        moving: dict[str, list[str]] = {}
        odd = []
        for member, shown in outlook.local_times.items():
            if len(shown) > 1:
                moving.setdefault(shown[1].first.isoformat(), []).append(member)
            if any(self._is_odd(one.start) for one in shown):
                odd.append(member)
        for day, members in sorted(moving.items()):
            yield f"from {day} the meeting is at another time on the clocks of {listed(members)} (summer time)"
        if odd:
            yield f"before 07:00 or after 22:00 on the clocks of {listed(odd)}"

    def _is_odd(self, start: str) -> bool:
        meeting, minute = self._cohort.spec.meeting, clock_minutes(start)
        end = minute + (meeting.length_minutes if meeting is not None else 0)
        return minute < EARLIEST or end > LATEST or end > DAY_MINUTES
