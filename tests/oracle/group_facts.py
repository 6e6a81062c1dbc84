"""What a grouping reads of one member at a time: attributes, filters, conditions and when they come."""

from __future__ import annotations

import datetime
import functools
import zoneinfo

from matcher.catalog import default_catalog
from matcher.grouping.meeting import Meeting, SlotChoice
from matcher.grouping.spec import GroupSpec, Who
from matcher.grouping.staffing import Staff
from matcher.members.availability import DAYS, WeeklySlot
from matcher.members.profile import MemberProfile
from tests.oracle.rules import age_pool, channels
from tests.oracle.score import band, primary

WEEK = 7 * 24 * 60
MINUTE = datetime.timedelta(minutes=1)


def languages_of(someone: MemberProfile | Staff) -> set[str]:
    """Primary language subtags."""
    return {tag.split("-")[0].lower() for tag in someone.languages}


def attribute(member: MemberProfile, name: str, as_of: datetime.date) -> str | None:
    """The value of an attribute of the mix rules; None where it is unknown."""
    if name.startswith("topic:"):
        return None if not member.topics else "yes" if name.removeprefix("topic:") in member.topics else "no"
    if name.startswith("interest:"):
        return None if not member.interests else "yes" if name.removeprefix("interest:") in member.interests else "no"
    if name in ("procedure", "procedure_family", "procedure_domain"):
        chosen, catalog = primary(member, as_of), default_catalog()
        if chosen is None:
            return None
        return {
            "procedure": catalog.procedures[chosen.leaf].slug,
            "procedure_family": catalog.families[chosen.family],
            "procedure_domain": catalog.domains[chosen.domain],
        }[name]
    if name == "stage_band":
        return band(member, as_of)
    if name == "newcomer":
        own = band(member, as_of)
        return None if own is None else "yes" if own in ("preparing", "first_days") else "no"
    if name == "age_band":
        if member.birth_year is None:
            return None
        years = as_of.year - member.birth_year
        starts = {75: "75+", 60: "60-74", 45: "45-59", 30: "30-44", 18: "18-29"}
        return next((text for least, text in starts.items() if years >= least), "under-18")
    if name == "language":
        return member.languages[0].split("-")[0] if member.languages else None
    if name == "mentor_approved":
        return "yes" if member.mentor_approved else "no"
    return {"role": member.role, "gender": member.gender, "region": member.region, "cadence": member.cadence}[name]


def asked_for(member: MemberProfile, who: Who, as_of: datetime.date) -> bool:
    """Whether a member passes every filter."""
    return all(
        (
            not who.member_ids or member.member_id in who.member_ids,
            member.member_id not in who.exclude,
            not who.roles or member.role in who.roles,
            not who.stage_bands or attribute(member, "stage_band", as_of) in who.stage_bands,
            not who.procedures or attribute(member, "procedure", as_of) in who.procedures,
            not who.families or attribute(member, "procedure_family", as_of) in who.families,
            not who.domains or attribute(member, "procedure_domain", as_of) in who.domains,
            not who.languages or bool({tag.split("-")[0] for tag in who.languages} & languages_of(member)),
            not who.regions or member.region in who.regions,
            not who.topics or bool(set(who.topics) & set(member.topics)),
            not who.interests or bool(set(who.interests) & set(member.interests)),
        )
    )


def fails(member: MemberProfile, spec: GroupSpec, as_of: datetime.date) -> bool:
    """Whether something about a member alone keeps them out of every group."""
    return any(
        (
            member.status != "active",
            not member.consent,
            age_pool(member, as_of) is None,
            "group" not in member.seeks,
            not member.languages,
            spec.channel is not None and spec.channel not in channels(member),
            spec.channel == "in_person" and member.region is None,
            spec.meeting is not None
            and spec.meeting.unknown_availability == "left_out"
            and (member.time_zone is None or not member.availability),
        )
    )


def minutes(weekly: tuple[WeeklySlot, ...]) -> set[int]:
    """Every minute of the week that some slots cover."""
    covered: set[int] = set()
    for slot in weekly:
        first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (slot.start, slot.end))
        covered.update(DAYS.index(slot.day) * 1440 + minute for minute in range(first, last))
    return covered


def _week_minute(slot: SlotChoice) -> int:
    return DAYS.index(slot.day) * 1440 + int(slot.start[:2]) * 60 + int(slot.start[3:])


class Calendar:
    """The meetings of a spec, minute by minute."""

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        self.shown = functools.cache(self._shown)
        self.minutes = functools.cache(minutes)

    def slots(self) -> list[SlotChoice]:
        """The times to choose from."""
        window, found = self.minutes(self.meeting.window), {}
        for one in self.meeting.window:
            for minute in sorted(minutes((one,)))[:: self.meeting.step_minutes]:
                if all((minute + later) % WEEK in window for later in range(self.meeting.length_minutes)):
                    day, clock = divmod(minute, 1440)
                    found[minute] = SlotChoice(day=DAYS[day], start=f"{clock // 60:02}:{clock % 60:02}")
        return [found[minute] for minute in sorted(found)]

    def _shown(self, slot: SlotChoice, zone: str) -> set[int]:
        """Minutes of the week that a clock shows during any of the meetings."""
        day = self.meeting.start_date
        while DAYS[day.weekday()] != slot.day:
            day += datetime.timedelta(1)
        shown = set()
        for week in range(self.meeting.weeks):
            wall = datetime.datetime.combine(day, datetime.time.fromisoformat(slot.start))
            wall += datetime.timedelta(weeks=week)
            start = wall.replace(tzinfo=zoneinfo.ZoneInfo(self.meeting.time_zone)).astimezone(datetime.UTC)
            for minute in range(self.meeting.length_minutes):
                local = (start + minute * MINUTE).astimezone(zoneinfo.ZoneInfo(zone))
                shown.add(local.weekday() * 1440 + local.hour * 60 + local.minute)
        return shown

    def comes(self, zone: str, availability: tuple[WeeklySlot, ...], slot: SlotChoice) -> bool:
        """Whether the clock of a zone shows no minute of any meeting that is not free."""
        return self.shown(slot, zone) <= self.minutes(availability)

    def overlap(self, one: SlotChoice, other: SlotChoice) -> bool:
        """Whether two weekly meetings share a minute."""
        length = self.meeting.length_minutes
        busy = {(_week_minute(one) + later) % WEEK for later in range(length)}
        return any((_week_minute(other) + later) % WEEK in busy for later in range(length))
