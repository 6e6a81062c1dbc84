"""The hard rules that look at several groups at once: nobody twice, wishes to stay together, loads, locks, churn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.plan import STAFF
from matcher.grouping.rules import Violation


def plan_violations(groups: Sequence[GroupDraft], community: Community) -> tuple[Violation, ...]:
    """Everything that is wrong with groups as a set; :func:`~matcher.grouping.rules.group_violations` has the rest.

    Cost: O(members and groups), and for facilitators the squares of the groups that they lead.
    """
    return (
        *_count(groups, community),
        *_twice(groups),
        *_loads(groups, community),
        *_bundles(groups, community),
        *_locks(groups, community),
        *_churn(groups, community),
    )


def must_leave(community: Community) -> tuple[str, ...]:
    """Ids of members whom a hard rule takes out of their existing group, whatever else happens; sorted.

    They are in no group at all any more, or do not go with what the group is given to keep: its language, its meeting
    time, the members who lead it. Two members who do not go with each other may both stay, one of them.
    """
    return tuple(
        sorted(
            name
            for group in community.spec.groups
            for name in group.members
            if not community.in_cohort(name) or _clashes_with(group, name, community)
        )
    )


def _clashes_with(group: ExistingGroup, name: str, community: Community) -> bool:
    if group.language is not None and not community.speaks(name, group.language):
        return True
    if group.slot is not None and not community.can_come(name, group.slot):
        return True
    if name in group.facilitators:
        return True
    leaders = [person for person in group.facilitators if person in community.members]
    broken = community.conflicts_of(name)
    return any(broken(leader) for leader in leaders)


def moved(groups: Sequence[GroupDraft], community: Community) -> tuple[str, ...]:
    """Ids of members of existing groups who could stay, and are elsewhere or nowhere; sorted."""
    group_of = {name: group.name for group in groups for name in group.members}
    leaving = set(must_leave(community))
    return tuple(
        sorted(
            name
            for group in community.spec.groups
            for name in group.members
            if name not in leaving and group_of.get(name) != group.name
        )
    )


def _count(groups: Sequence[GroupDraft], community: Community) -> Iterator[Violation]:
    most = community.spec.most_groups
    if most is not None and len(groups) > most:
        yield Violation("most_groups", (), f"{len(groups)} groups; at most {most} are to be formed")
    names = [group.name for group in groups]
    if len(set(names)) < len(names):
        yield Violation("names", (), "two groups have one name")


def _twice(groups: Sequence[GroupDraft]) -> Iterator[Violation]:
    seen: set[str] = set()
    twice: set[str] = set()
    for group in groups:
        twice.update(name for name in group.members if name in seen)
        seen.update(group.members)
    if twice:
        yield Violation("twice", tuple(sorted(twice)), "in two groups")
    both = seen.intersection(person for group in groups for person in group.facilitators)
    if both:
        yield Violation("leads", tuple(sorted(both)), "leads a group and is an ordinary member of one")


def _loads(groups: Sequence[GroupDraft], community: Community) -> Iterator[Violation]:
    led: dict[str, list[GroupDraft]] = {}
    for group in groups:
        for person in group.facilitators:
            led.setdefault(person, []).append(group)
    for person, own in sorted(led.items()):
        staff = community.staff.get(person) if person.startswith(STAFF) else None
        most = community.spec.facilitation.most_groups if staff is None else staff.most_groups
        if len(own) > most:
            yield Violation("facilitator_load", (person,), f"leads {len(own)} groups; at most {most}")
        if community.attendance is None:
            continue
        for one, other in itertools.combinations(own, 2):
            if one.slot is not None and other.slot is not None and community.attendance.overlap(one.slot, other.slot):
                text = f"leads {one.name} and {other.name} at the same time"
                yield Violation("facilitator_time", (person,), text)


def _bundles(groups: Sequence[GroupDraft], community: Community) -> Iterator[Violation]:
    group_of = {name: group.name for group in groups for name in group.members}
    for bundle in community.spec.bundles():
        if len({group_of.get(name) for name in bundle}) > 1:
            yield Violation("together", bundle, "are to be kept in one group, or in none")


def _locks(groups: Sequence[GroupDraft], community: Community) -> Iterator[Violation]:
    planned = {group.name: group for group in groups}
    for existing in community.spec.groups:
        group = planned.get(existing.name)
        members = set() if group is None else set(group.members)
        if existing.locked and members != set(existing.members):
            changed = tuple(sorted(members.symmetric_difference(existing.members)))
            yield Violation("locked", changed, f"{existing.name} is locked, and its members are others")
        away = tuple(sorted(set(existing.locked_members) - members))
        if away and not existing.locked:
            yield Violation("locked_members", away, f"are to stay in {existing.name}")
        if group is not None:
            yield from _kept(group, existing, community)


def _kept(group: GroupDraft, existing: ExistingGroup, community: Community) -> Iterator[Violation]:
    if existing.slot is not None and community.attendance is not None and group.slot != existing.slot:
        yield Violation("kept", (), f"{existing.name} keeps its meeting time")
    if existing.language is not None and group.language != existing.language:
        yield Violation("kept", (), f"{existing.name} keeps its language")
    gone = tuple(sorted(set(existing.facilitators) - set(group.facilitators)))
    if gone:
        yield Violation("kept", gone, f"{existing.name} keeps who leads it")


def _churn(groups: Sequence[GroupDraft], community: Community) -> Iterator[Violation]:
    budget = community.spec.churn
    if budget is not None:
        gone = moved(groups, community)
        if len(gone) > budget:
            yield Violation("churn", gone, f"{len(gone)} members of existing groups are moved; at most {budget} may be")
