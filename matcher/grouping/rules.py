"""Every hard rule of one group, asked of profiles one after the other: no solver, no bit set, no table.

The search has compiled forms of the same rules. This page decides where the two could differ: plans are verified with
it, and so is whatever a coordinator changes by hand. Rules that look at several groups at once are in
:mod:`matcher.grouping.plan_rules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from matcher.grouping.candidacy import leading_barriers
from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.plan import PlannedGroup
from matcher.grouping.traits import trait

TOLERANCE = 1e-9
"""Scores are sums of rounded numbers: a threshold counts as reached this close below it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A hard rule that a group breaks.

    Attributes:
        rule: its code.
        members: ids of those by whom it is broken, sorted; ``staff:NAME`` for staff.
        text: what is wrong, for staff, without anything that a profile says.
    """

    rule: str
    members: tuple[str, ...]
    text: str


def draft_of(group: PlannedGroup) -> GroupDraft:
    """What the rules read of a planned group."""
    slot = None if group.slot is None else SlotChoice(day=group.slot.day, start=group.slot.start)
    return GroupDraft(group.name, group.member_ids, group.facilitators, group.language, slot, group.locked, group.open)


def group_violations(group: GroupDraft, community: Community) -> tuple[Violation, ...]:
    """Everything that is wrong with one group by itself; empty if it may meet.

    Strangers are named first and nothing else is asked then. Some 30 microseconds a member.
    """
    found = tuple(_strangers(group, community))
    if found:
        return found
    return (
        *_size(group, community),
        *_candidacy(group, community),
        *_leading(group, community),
        *_pairs(group, community),
        *_language_and_region(group, community),
        *_time(group, community),
        *_lone(group, community),
        *_fit(group, community),
    )


def _leaders(group: GroupDraft, community: Community) -> tuple[str, ...]:
    """The members among the facilitators."""
    return tuple(person for person in group.facilitators if person not in community.staff)


def _strangers(group: GroupDraft, community: Community) -> Iterator[Violation]:
    people = Counter((*group.members, *group.facilitators))
    unknown = {name for name in people if name not in community.members and name not in community.staff}
    unknown.update(name for name in group.members if name in community.staff)
    if unknown:
        yield Violation("stranger", tuple(sorted(unknown)), "nobody of that name is known")
    twice = tuple(sorted(name for name, times in people.items() if times > 1))
    if twice:
        yield Violation("twice", twice, "listed twice in one group")


def _size(group: GroupDraft, community: Community) -> Iterator[Violation]:
    least, _, most = community.spec.enrolled_sizes()
    if not least <= len(group.members) <= most:
        yield Violation("size", (), f"{len(group.members)} members; from {least} to {most} are enrolled in a group")


def _candidacy(group: GroupDraft, community: Community) -> Iterator[Violation]:
    for name in group.members:
        for code in community.barriers(name):
            yield Violation(code, (name,), "may be an ordinary member of no group")


def _leading(group: GroupDraft, community: Community) -> Iterator[Violation]:
    wanted = community.spec.facilitation.per_group
    if len(group.facilitators) != wanted:
        yield Violation("facilitation", group.facilitators, f"{len(group.facilitators)} lead it; {wanted} lead a group")
    for name in _leaders(group, community):
        for code in leading_barriers(community.members[name], community.spec, community.as_of):
            yield Violation(code, (name,), "may not lead a group")


def _pairs(group: GroupDraft, community: Community) -> Iterator[Violation]:
    people = (*group.members, *_leaders(group, community))
    for place, one in enumerate(people[:-1]):
        broken = community.conflicts_of(one)
        for other in people[place + 1 :]:
            for code in broken(other):
                yield Violation(code, tuple(sorted((one, other))), "the two may not be in one group")


def _language_and_region(group: GroupDraft, community: Community) -> Iterator[Violation]:
    silent = tuple(
        person for person in (*group.members, *group.facilitators) if not community.speaks(person, group.language)
    )
    if silent:
        yield Violation("language", silent, "do not speak the language of the group")
    if community.spec.channel == "in_person":
        regions = {community.members[name].region for name in group.members}
        if len(regions) > 1 or None in regions:
            yield Violation("region", group.members, "meet in person and are not known to be of one region")


def _time(group: GroupDraft, community: Community) -> Iterator[Violation]:
    if community.attendance is None:
        if group.slot is not None:
            yield Violation("slot", (), "has a meeting time although the spec asks for none")
        return
    if group.slot is None:
        yield Violation("slot", (), "has no meeting time")
        return
    existing = community.existing.get(group.name)
    given = existing is not None and existing.slot == group.slot
    if not given and not community.attendance.is_offered(group.slot):
        yield Violation("slot", (), "meets at a time that is not one of those to choose from")
    absent = tuple(
        person for person in (*group.members, *group.facilitators) if not community.can_come(person, group.slot)
    )
    if absent:
        yield Violation("no_time", absent, "cannot come to every meeting")


def _lone(group: GroupDraft, community: Community) -> Iterator[Violation]:
    spec = community.spec
    wishes = [(rule.attribute, rule.values) for rule in spec.mix if rule.rule == "no_lone"]
    if not spec.lone_newcomers:
        wishes.append(("newcomer", ("yes",)))
    for attribute, values in wishes:
        bearers = tuple(
            name for name in group.members if trait(community.members[name], attribute, community.as_of) in values
        )
        if len(bearers) == 1:
            yield Violation("no_lone", bearers, f"is alone in the group in a listed value of {attribute.split(':')[0]}")


def _fit(group: GroupDraft, community: Community) -> Iterator[Violation]:
    limits, count = community.spec.thresholds, len(group.members)
    if count < 2 or not (limits.member_fit or limits.pair_score):
        return
    scores = community.scores(group.members)
    low = scores < limits.pair_score - TOLERANCE
    for one, other in np.argwhere(np.triu(low, 1)).tolist():
        yield Violation("pair_score", (group.members[one], group.members[other]), "score below the threshold of a pair")
    for place in np.flatnonzero(scores.sum(axis=1) / (count - 1) < limits.member_fit - TOLERANCE).tolist():
        yield Violation("member_fit", (group.members[place],), "fits the group below the threshold of a member")
