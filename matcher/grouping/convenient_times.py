"""When those without a group could meet, and who could lead them then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.eligibility.rules import spoken
from matcher.grouping.meeting import Meeting, SlotChoice
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.relaxation import Case
from matcher.grouping.staffing import Staff
from matcher.members.profile import MemberProfile

MOST_TIMES = 2

Leader = MemberProfile | Staff


def leaders_of(case: Case) -> tuple[Leader, ...]:
    """Everybody who may lead a group of this question: staff, members by name, approved mentors."""
    facilitation = case.spec.facilitation
    return (
        *facilitation.staff,
        *(
            member
            for member in case.members
            if member.member_id in facilitation.members or (facilitation.approved_mentors and member.mentor_approved)
        ),
    )


def languages_of(members: Collection[MemberProfile]) -> tuple[str, ...]:
    """Primary languages by how many speak them."""
    counts = Counter(tag for member in members for tag in spoken(member.languages))
    return tuple(sorted(counts, key=lambda tag: (-counts[tag], tag)))


def free_times(people: Sequence[Leader], times: MeetingTimes) -> npt.NDArray[np.bool_]:
    """(n, S) bool: who can come to which of S times, in every week."""
    bits = np.unpackbits(times.masks(people).astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return bits[:, : len(times.slots)].astype(np.bool_)


def best_times(
    members: Sequence[MemberProfile],
    meeting: Meeting,
    leaders: Sequence[Leader] | None = None,
    exclude: Collection[SlotChoice] = (),
) -> tuple[tuple[SlotChoice, str, int], ...]:
    """Times at which most of the members who share a language could come: a few on different days, best first.

    Args:
        members: whose times count.
        meeting: the times to choose from.
        leaders: if given, only times at which one of them who speaks that language could come.
        exclude: times that are out of the question.

    Returns:
        Time, language and number of members who could come.
    """
    times = MeetingTimes(meeting)
    can_come = free_times(members, times)
    out = {(slot.day, slot.start) for slot in exclude}
    open_times = np.array([(slot.day, slot.start) not in out for slot in times.slots], np.bool_)
    ranked: list[tuple[int, int, str]] = []
    for language in languages_of(members):
        counts = can_come[[language in spoken(member.languages) for member in members]].sum(axis=0)
        usable = open_times & (counts > 0)
        if leaders is not None:
            able = [leader for leader in leaders if language in spoken(leader.languages)]
            usable &= free_times(able, times).any(axis=0)
        ranked += [(-int(counts[place]), place, language) for place in np.flatnonzero(usable).tolist()]
    found: list[tuple[int, str, int]] = []
    for negative, place, language in sorted(ranked):
        if times.slots[place].day not in [times.slots[other].day for other, _, _ in found]:
            found.append((place, language, -negative))
        if len(found) == MOST_TIMES:
            break
    return tuple((times.slots[place], language, count) for place, language, count in found)


@dataclass(frozen=True, slots=True)
class TimeTrouble:
    """Who is without a group for want of a time.

    Attributes:
        looked_at: how many without a group were looked at.
        never: how many of them can come at no time that the spec offers.
        unled: how many can come at none at which somebody could lead them; as ``never`` if groups are not led.
    """

    looked_at: int = 0
    never: int = 0
    unled: int = 0


def time_trouble(case: Case, members: Sequence[MemberProfile]) -> TimeTrouble:
    """Count who is without a group for want of a time; some 20 microseconds a member."""
    spec, count = case.spec, len(members)
    if spec.meeting is None or not members:
        return TimeTrouble(count)
    times = MeetingTimes(spec.meeting)
    can_come = free_times(members, times)
    never = int((~can_come.any(axis=1)).sum())
    if not spec.facilitation.per_group:
        return TimeTrouble(count, never, never)
    leaders = leaders_of(case)
    can_lead, tongues = free_times(leaders, times), [spoken(leader.languages) for leader in leaders]
    led: dict[frozenset[str], npt.NDArray[np.bool_]] = {}
    unled = 0
    for member, own in zip(members, can_come, strict=True):
        language = spoken(member.languages)
        if language not in led:
            able = [not language.isdisjoint(other) for other in tongues]
            led[language] = np.asarray(can_lead[able].any(axis=0))
        unled += not (led[language] & own).any()
    return TimeTrouble(count, never, unled)
