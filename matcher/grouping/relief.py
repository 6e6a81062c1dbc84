"""Small changes of a spec that might place more members: the ones that are worth a try, cheapest first.

Proposals only; whether a change places anybody is found out by solving. What protects members is never among them, nor
is a wish of staff to keep people apart, which may be there to protect somebody.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from matcher.grouping.attendance import minutes_of
from matcher.grouping.candidacy import is_of_unknown_availability
from matcher.grouping.convenient_times import TimeTrouble, best_times, languages_of, leaders_of
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.neighbourhood import clock_of
from matcher.grouping.plan import GroupPlan
from matcher.grouping.relaxation import (
    WHOLE_WEEK,
    Case,
    Relaxation,
    changed_part,
    counted,
    enlarged,
    roomiest,
)
from matcher.grouping.spec import SMALLEST_GROUP
from matcher.grouping.staffing import Staff
from matcher.members.availability import WeeklySlot
from matcher.members.profile import MemberProfile

DAY_NAMES = {
    "mon": "Mondays",
    "tue": "Tuesdays",
    "wed": "Wednesdays",
    "thu": "Thursdays",
    "fri": "Fridays",
    "sat": "Saturdays",
    "sun": "Sundays",
}
MOST_BUNDLES = 3


@dataclass(frozen=True, slots=True)
class Proposal:
    """One change to try.

    Attributes:
        text: what to change.
        cost: what it asks of the coordinator: 1 is a small thing.
        case: the question with the change made.
        why: what it answers to, if that can be counted; else empty.
    """

    text: str
    cost: int
    case: Case
    why: str = ""


Ladder = Iterator[Proposal]
"""The same change in growing steps: the first step that places anybody is enough."""


def ladders(
    case: Case, unplaced: Sequence[MemberProfile], rule: Relaxation, dropped: GroupPlan, trouble: TimeTrouble
) -> Iterator[Ladder]:
    """Changes that relax one rule a little.

    Args:
        case: the question.
        unplaced: who is without a group.
        rule: what to relax; more are placed without it.
        dropped: the answer to the question without it.
        trouble: how many are without a group for want of a time.
    """
    if rule.code == "facilitation":
        yield from _find_facilitators(case, unplaced, trouble.unled)
    proposals = _LADDERS.get(rule.code)
    if proposals is not None:
        yield from proposals(case, unplaced, dropped)
    elif rule.code in _WHOLE:
        text, cost = _WHOLE[rule.code]
        yield iter((Proposal(text.format(name=rule.name), cost, rule.drop(case)),))


_WHOLE = {
    "lone_newcomer": ("let a newcomer be the only one in a group", 3),
    "no_lone": ("give up: {name}", 3),
    "channel": ("do not insist on {name}", 4),
    "locked": ("take the locks off", 3),
    "kept": ("let existing groups change their time, language or who leads them", 2),
    "who": ("open the groups to members who are not asked for now", 3),
}
"""Rules that are there or not: what to propose, and what that asks."""


def _ask_for_times(case: Case, unplaced: Sequence[MemberProfile], _: GroupPlan) -> Iterator[Ladder]:
    silent = sum(map(is_of_unknown_availability, unplaced))
    if case.spec.meeting is not None and silent:
        assumed = case.changed(meeting=changed_part(case.spec.meeting, unknown_availability="assumed"))
        yield iter((Proposal(f"ask {counted(silent)} when they have time; if they can come", 1, assumed),))


def _widen_the_window(case: Case, unplaced: Sequence[MemberProfile], _: GroupPlan) -> Iterator[Ladder]:
    meeting = case.spec.meeting
    if meeting is None:
        return
    week = changed_part(meeting, window=WHOLE_WEEK)
    inside = MeetingTimes(meeting).slots
    leaders = leaders_of(case) if case.spec.facilitation.per_group else None
    for slot, _language, count in best_times(unplaced, week, leaders, inside):
        end = minutes_of(slot.start) + meeting.length_minutes
        if end > 24 * 60:
            continue
        stretch = WeeklySlot(day=slot.day, start=slot.start, end=clock_of(end))
        wider = case.changed(meeting=changed_part(meeting, window=(*meeting.window, stretch)))
        text = f"meet on {DAY_NAMES[slot.day]} from {slot.start} to {stretch.end} as well"
        yield iter((Proposal(text, 1, wider, f"{counted(count)} without a group could come then"),))


def _find_facilitators(case: Case, unplaced: Sequence[MemberProfile], unled: int) -> Iterator[Ladder]:
    facilitation, meeting = case.spec.facilitation, case.spec.meeting
    busier = changed_part(
        facilitation,
        most_groups=min(facilitation.most_groups + 1, 50),
        staff=tuple(changed_part(one, most_groups=min(one.most_groups + 1, 1000)) for one in facilitation.staff),
    )
    yield iter((Proposal("let everybody who leads lead one more group", 3, case.changed(facilitation=busier)),))
    needed = facilitation.per_group
    more = "one more facilitator" if needed == 1 else f"{needed} more facilitators"
    if meeting is None:
        for language in languages_of(unplaced)[:2]:
            yield iter((Proposal(f"{more}, speaking {language}", 4, _with_staff(case, language, None)),))
        return
    why = f"{counted(unled)} {'shares' if unled == 1 else 'share'} no time with anybody who may lead" if unled else ""
    for slot, language, _count in best_times(unplaced, meeting):
        text = f"{more} on {DAY_NAMES[slot.day]} at {slot.start}, speaking {language}"
        yield iter((Proposal(text, 4, _with_staff(case, language, slot), why),))


def _with_staff(case: Case, language: str, slot: SlotChoice | None) -> Case:
    facilitation, meeting = case.spec.facilitation, case.spec.meeting
    times: tuple[WeeklySlot, ...] = ()
    if slot is not None and meeting is not None:
        end = minutes_of(slot.start) + meeting.length_minutes
        times = (WeeklySlot(day=slot.day, start=slot.start, end=clock_of(min(end, 24 * 60))),)
    taken = {one.name for one in facilitation.staff}
    names = (name for number in range(len(taken) + 8) if (name := f"one more {number + 1}") not in taken)
    new = tuple(
        Staff(
            name=next(names),
            languages=(language,),
            time_zone=None if meeting is None else meeting.time_zone,
            availability=times,
            most_groups=1,
        )
        for _ in range(facilitation.per_group)
    )
    return case.changed(facilitation=changed_part(facilitation, staff=(*facilitation.staff, *new)))


def _smaller_groups(case: Case, _: Sequence[MemberProfile], __: GroupPlan) -> Iterator[Ladder]:
    least = case.spec.size.min
    yield (
        Proposal(
            f"{smaller} instead of {least} in the room at least",
            1 + least - smaller,
            case.changed(size=enlarged(case.spec.size, smallest=smaller)),
        )
        for smaller in range(least - 1, max(least - 4, SMALLEST_GROUP - 1), -1)
    )


def _larger_groups(case: Case, _: Sequence[MemberProfile], __: GroupPlan) -> Iterator[Ladder]:
    most = case.spec.size.max
    yield (
        Proposal(
            f"{larger} instead of {most} in the room at most",
            larger - most,
            case.changed(size=enlarged(case.spec.size, largest=larger)),
        )
        for larger in range(most + 1, min(most + 3, roomiest(case.spec.size)) + 1)
    )


def _more_groups(case: Case, _: Sequence[MemberProfile], dropped: GroupPlan) -> Iterator[Ladder]:
    most = case.spec.most_groups or 0
    steps = sorted({most + 1, most + 2, len(dropped.groups)})
    yield (
        Proposal(f"form {counted(step - most, 'more group')}", 2, case.changed(most_groups=step))
        for step in steps
        if step > most
    )


def _lower_fit(case: Case, _: Sequence[MemberProfile], dropped: GroupPlan) -> Iterator[Ladder]:
    floor = case.spec.thresholds.member_fit
    fits = sorted(place.fit for group in dropped.groups for place in group.members if place.fit < floor)
    steps = (
        dict.fromkeys(max(0.0, math.floor(fits[at] * 100) / 100) for at in (len(fits) // 2, 0)) if fits else {0.0: 0}
    )
    yield (
        Proposal(
            f"a fit of {step:.2f} instead of {floor:.2f} at least",
            2,
            case.changed(thresholds=changed_part(case.spec.thresholds, member_fit=step)),
        )
        for step in steps
    )


def _lower_pair_score(case: Case, _: Sequence[MemberProfile], __: GroupPlan) -> Iterator[Ladder]:
    floor = case.spec.thresholds.pair_score
    yield (
        Proposal(
            f"a score of {step:.2f} instead of {floor:.2f} at least between two members",
            2,
            case.changed(thresholds=changed_part(case.spec.thresholds, pair_score=step)),
        )
        for step in (math.floor(floor * 75) / 100, math.floor(floor * 50) / 100, 0.0)
    )


def _more_moves(case: Case, _: Sequence[MemberProfile], dropped: GroupPlan) -> Iterator[Ladder]:
    churn = case.spec.churn or 0
    steps = sorted({churn + 1, churn + 2, len(dropped.moved)})
    yield (
        Proposal(f"let {counted(step - churn, 'more member')} be moved", 2, case.changed(churn=step))
        for step in steps
        if step > churn
    )


def _apart_from_friends(case: Case, unplaced: Sequence[MemberProfile], _: GroupPlan) -> Iterator[Ladder]:
    names = {member.member_id for member in unplaced}
    waiting = [bundle for bundle in case.spec.bundles() if not names.isdisjoint(bundle)]
    for bundle in waiting[:MOST_BUNDLES]:
        rest = tuple(wish for wish in case.spec.together if not set(wish) <= set(bundle))
        text = f"no longer keep {', '.join(bundle)} together"
        yield iter((Proposal(text, 3, case.changed(together=rest)),))


_LADDERS: dict[str, Callable[[Case, Sequence[MemberProfile], GroupPlan], Iterator[Ladder]]] = {
    "no_availability": _ask_for_times,
    "window": _widen_the_window,
    "size_min": _smaller_groups,
    "size_max": _larger_groups,
    "most_groups": _more_groups,
    "member_fit": _lower_fit,
    "pair_score": _lower_pair_score,
    "churn": _more_moves,
    "together": _apart_from_friends,
}
