"""The part of a plan in which to look for reasons: the unplaced, and groups that they could have been in.

A question asked of a hundred thousand members takes long; the same question about the unplaced and some groups
around them takes an instant. Everything outside stays as the plan has it: its groups, the hours of those who lead
them, its share of the groups to be formed. So whatever can be had here can be had in the whole plan.
"""

from __future__ import annotations

import datetime
import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from matcher.eligibility.rules import spoken
from matcher.grouping.attendance import Attendance, minutes_of
from matcher.grouping.candidacy import barriers, leading_barriers
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.plan import STAFF, GroupPlan, PlannedGroup
from matcher.grouping.relaxation import Case, changed_part
from matcher.grouping.spec import GroupSpec, Who
from matcher.grouping.staffing import Facilitation, Staff
from matcher.members.age import AgePool, age_pool
from matcher.members.availability import DAYS, Day, WeeklySlot
from matcher.members.profile import MemberProfile

MOST_MEMBERS = 300
"""Members of a case: enough for fifty groups, few enough for dozens of solves."""
MOST_OUTSIDE = 200
_LOOKED_AT = 5000
CURABLE = frozenset(("no_availability", "no_zone", "channel", "region"))
"""Personal conditions that a spec could do without. With any other one a member is in no group, whatever it says."""


def case_around(
    members: Collection[MemberProfile],
    spec: GroupSpec,
    plan: GroupPlan,
    as_of: datetime.date,
    most: int = MOST_MEMBERS,
) -> Case:
    """The question of ``spec`` about the unplaced of ``plan`` and the groups nearest to them; O(members).

    Args:
        members: everybody.
        spec: what was asked.
        plan: the answer, with somebody unplaced.
        as_of: the day for ages and stages.
        most: about so many members are kept; all of them if they are no more.
    """
    by_id = {member.member_id: member for member in members}
    unplaced = _spread([one.member_id for one in curable(members, spec, plan, as_of)], spec, most // 2)
    groups = _nearest_groups(plan, [by_id[name] for name in unplaced], by_id, as_of, most - len(unplaced))
    near = {group.name for group in groups}
    far = [group for group in plan.groups if group.name not in near]
    leading_far = Counter(person for group in far for person in group.facilitators)
    cohort = frozenset(unplaced).union(*(group.member_ids for group in groups))
    away = frozenset(leading_far).union(*(group.member_ids for group in far))
    leaders = _leaders(spec, by_id, groups, away, as_of)
    outside = _outside(by_id, spec, as_of, cohort | leaders | away)
    chosen = sorted(cohort | leaders | outside)
    existing = _existing(spec, plan, near, frozenset(chosen), leading_far)
    counted = {member for group in existing for member in group.members}
    kept = {
        "who": Who(member_ids=tuple(sorted(cohort))),
        "facilitation": _facilitation(spec, far, leaders, leading_far),
        "most_groups": None if spec.most_groups is None else max(1, spec.most_groups - len(far)),
        "together": tuple(wish for wish in spec.together if cohort.issuperset(wish)),
        "apart": tuple(rest for wish in spec.apart if len(rest := tuple(m for m in wish if m in cohort)) > 1),
        "groups": existing,
        "churn": None if spec.churn is None else spec.churn - len(set(plan.moved) - counted),
    }
    case = Case(tuple(by_id[name] for name in chosen), spec, as_of, cohort, outside)
    return case.changed(**kept)


def curable(
    members: Collection[MemberProfile], spec: GroupSpec, plan: GroupPlan, as_of: datetime.date
) -> list[MemberProfile]:
    """Those without a group who could be placed if the spec were another, by id."""
    names = {one.member_id for one in plan.unplaced}
    found = [
        member for member in members if member.member_id in names and CURABLE.issuperset(barriers(member, spec, as_of))
    ]
    return sorted(found, key=lambda member: member.member_id)


def _spread(names: Sequence[str], spec: GroupSpec, most: int) -> list[str]:
    """At most about ``most`` of some ids, spread over them, and whoever is kept together with these."""
    step = -(-len(names) // most)
    chosen = set(names[:: max(step, 1)])
    chosen.update(*(bundle for bundle in spec.bundles() if not chosen.isdisjoint(bundle)))
    return sorted(chosen.intersection(names))


def _nearest_groups(
    plan: GroupPlan,
    unplaced: Collection[MemberProfile],
    by_id: Mapping[str, MemberProfile],
    as_of: datetime.date,
    most: int,
) -> list[PlannedGroup]:
    """Groups of the plan with at most ``most`` members, from each pool and language as many as its unplaced call for.

    Groups that one member leads come all together or not at all.
    """
    if sum(len(group.members) for group in plan.groups) <= most:
        return list(plan.groups)
    seekers = Counter(
        (age_pool(member.birth_year, as_of), tag) for member in unplaced for tag in spoken(member.languages)
    )
    classes: dict[tuple[AgePool, str], list[list[PlannedGroup]]] = defaultdict(list)
    for linked in _linked(plan.groups):
        first = linked[0]
        classes[age_pool(by_id[first.member_ids[0]].birth_year, as_of), first.language].append(linked)
    for waiting in classes.values():  # the smallest groups last: they are taken first
        waiting.sort(key=lambda linked: (sum(len(group.members) for group in linked), linked[0].name), reverse=True)
    taken: Counter[tuple[AgePool, str]] = Counter()
    found: list[PlannedGroup] = []
    while most > 0 and any(classes.values()):
        best = max((key for key in classes if classes[key]), key=lambda key: (seekers[key] / (1 + taken[key]), key))
        for group in classes[best].pop():
            found.append(group)
            most -= len(group.members)
            taken[best] += 1
    return found


def _linked(groups: Iterable[PlannedGroup]) -> list[list[PlannedGroup]]:
    """The groups, put together where they share a leading member."""
    led: dict[str, list[PlannedGroup]] = {}
    by_name: dict[str, list[PlannedGroup]] = {}
    for group in groups:
        shared = {id(led[person]): led[person] for person in group.facilitators if person in led}
        joined = [*itertools.chain.from_iterable(shared.values()), group]
        by_name.update((one.name, joined) for one in joined)
        led.update((person, joined) for one in joined for person in one.facilitators if not person.startswith(STAFF))
    return list({id(joined): joined for joined in by_name.values()}.values())


def _leaders(
    spec: GroupSpec,
    by_id: Mapping[str, MemberProfile],
    groups: Collection[PlannedGroup],
    away: Collection[str],
    as_of: datetime.date,
) -> frozenset[str]:
    """Members who may lead, and neither lead nor belong to a group that stays as it is."""
    facilitation = spec.facilitation
    leaders = {name for name in facilitation.members if name not in away}
    leaders.update(person for group in groups for person in group.facilitators if person in by_id)
    if facilitation.per_group and facilitation.approved_mentors:
        approved = (name for name, member in by_id.items() if member.mentor_approved and name not in away)
        free = (name for name in approved if not leading_barriers(by_id[name], spec, as_of))
        leaders.update(itertools.islice(free, MOST_OUTSIDE))
    return frozenset(leaders)


def _outside(
    by_id: Mapping[str, MemberProfile], spec: GroupSpec, as_of: datetime.date, taken: Collection[str]
) -> frozenset[str]:
    """Some of those whom the spec does not ask for, and who could be in a group all the same."""
    if spec.who == Who():
        return frozenset()
    candidates = (
        name
        for name in itertools.islice(sorted(by_id), _LOOKED_AT)
        if name not in taken and barriers(by_id[name], spec, as_of) == ("who",)
    )
    return frozenset(itertools.islice(candidates, MOST_OUTSIDE))


def _facilitation(
    spec: GroupSpec, far: Collection[PlannedGroup], leaders: frozenset[str], leading_far: Counter[str]
) -> Facilitation:
    """Who may lead what is left: staff with the groups that they have left, at hours at which they lead no other."""
    facilitation = spec.facilitation
    staff = []
    for one in facilitation.staff:
        left = one.most_groups - leading_far[STAFF + one.name]
        if left > 0:
            own = [group for group in far if STAFF + one.name in group.facilitators]
            staff.append(changed_part(one, most_groups=left, availability=_without_hours_of(one, own, spec)))
    rest = Facilitation.model_construct(
        **{
            **dict(facilitation),
            "members": tuple(m for m in facilitation.members if m in leaders),
            "staff": tuple(staff),
        }
    )
    nobody = not (rest.members or rest.staff or rest.approved_mentors)
    return changed_part(rest, approved_mentors=True) if nobody and rest.per_group else rest


def _without_hours_of(staff: Staff, groups: Collection[PlannedGroup], spec: GroupSpec) -> tuple[WeeklySlot, ...]:
    if spec.meeting is None or staff.time_zone is None:
        return staff.availability
    attendance, free = Attendance(spec.meeting), list(staff.availability)
    for group in groups:
        if group.slot is not None:
            for time in attendance.local_times(group.slot, staff.time_zone):
                free = _cut_out(free, time.day, minutes_of(time.start), spec.meeting.length_minutes)
    return tuple(free)


def _cut_out(slots: Iterable[WeeklySlot], day: Day, start: int, length: int) -> list[WeeklySlot]:
    """The slots without ``length`` minutes from ``start`` on, which may run into the next day."""
    over = start + length - 24 * 60
    if over > 0:
        slots = _cut_out(slots, DAYS[(DAYS.index(day) + 1) % 7], 0, over)
    kept = []
    for slot in slots:
        first, last = minutes_of(slot.start), minutes_of(slot.end)
        if slot.day != day or last <= start or first >= start + length:
            kept.append(slot)
            continue
        if first < start:
            kept.append(slot.model_copy(update={"end": clock_of(start)}))
        if last > start + length:
            kept.append(slot.model_copy(update={"start": clock_of(start + length)}))
    return kept


def clock_of(minutes: int) -> str:
    """``HH:MM`` of minutes after midnight."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _existing(
    spec: GroupSpec, plan: GroupPlan, near: Collection[str], known: frozenset[str], leading_far: Counter[str]
) -> tuple[ExistingGroup, ...]:
    """Existing groups of the part: those that the plan has there, and those that it has dissolved."""
    planned = {group.name for group in plan.groups}
    return tuple(
        group.model_copy(update={"members": tuple(member for member in group.members if member in known)})
        for group in spec.groups
        if group.name in near
        or (group.name not in planned and not any(leading_far[person] for person in group.facilitators))
    )
