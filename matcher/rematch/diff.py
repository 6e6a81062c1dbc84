"""What changes from the ties in force to a plan, and for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from matcher.grouping.existing import ExistingGroup
from matcher.grouping.plan import GroupPlan

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class KindDiff:
    """Changes of one kind of tie.

    Attributes:
        kind: ``buddy``, ``mentor`` or ``group``.
        kept, new, broken, void: ties; for groups members who stay, join, are moved out, and who must leave.
        gain: members who had no tie of this kind that could stand and have one in the plan, by id.
        lose: members who had one and have none.
        change: members who have some before and after, and not the same.
    """

    kind: str
    kept: int
    new: int
    broken: int
    void: int
    gain: tuple[str, ...]
    lose: tuple[str, ...]
    change: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """Changes of every kind.

    Attributes:
        kinds: one entry a kind that was asked for.
        affected: everybody for whom something changes, by id.
    """

    kinds: tuple[KindDiff, ...]
    affected: tuple[str, ...]


def tie_diff(kind: str, stood: Iterable[Key], planned: Iterable[Key], void: int) -> KindDiff:
    """What changes between two sets of ties of a kind, by their keys: (kind, id, id).

    Args:
        kind: of the ties.
        stood: ties in force that could stand.
        planned: ties of the plan.
        void: how many ties in force cannot stand.
    """
    before, after = set(stood), set(planned)
    return _changes(
        kind,
        (len(before & after), len(after - before), len(before - after), void),
        _partners(before),
        _partners(after),
    )


def group_diff(
    existing: Iterable[ExistingGroup], plan: GroupPlan, members: Collection[str], going_on: Collection[str]
) -> KindDiff:
    """What changes between the groups in force and those of a plan.

    Args:
        existing: the groups in force.
        plan: the groups of the plan.
        members: ids of everybody; who is in a group in force and not among them is gone.
        going_on: names of groups that the plan was to go on with. A group of another name that was in force is over,
            even if a new one happens to be called the same.
    """
    everybody, same = frozenset(members), frozenset(going_on)
    before = {member: group.name for group in existing for member in group.members}
    stood = {member: {_named(name, same)} for member, name in before.items() if member in everybody}
    after = {member: {name} for member, name in plan.group_of().items()}
    must_leave = stood.keys() & set(plan.must_leave)
    kept = sum(after.get(member) == names for member, names in stood.items())
    joined = sum(stood.get(member) != names for member, names in after.items())
    counts = (kept, joined, len(stood) - kept - len(must_leave), len(must_leave) + len(before) - len(stood))
    return _changes("group", counts, stood, after)


def left_groups(existing: Iterable[ExistingGroup], members: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Members of the groups in force who are no members any more: (group, member)."""
    return tuple((group.name, member) for group in existing for member in group.members if member not in members)


def _named(name: str, going_on: Collection[str]) -> str:
    return name if name in going_on else f"{name}, which is over"


def _partners(ties: Iterable[Key]) -> Mapping[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for _, one, other in ties:
        found[one].add(other)
        found[other].add(one)
    return found


def _changes(
    kind: str, counts: tuple[int, int, int, int], before: Mapping[str, set[str]], after: Mapping[str, set[str]]
) -> KindDiff:
    both = before.keys() & after.keys()
    return KindDiff(
        kind,
        *counts,
        gain=tuple(sorted(after.keys() - before.keys())),
        lose=tuple(sorted(before.keys() - after.keys())),
        change=tuple(sorted(member for member in both if before[member] != after[member])),
    )


def diff_of(kinds: Iterable[KindDiff]) -> Diff:
    """All kinds together."""
    kinds = tuple(kinds)
    affected = {member for one in kinds for member in (*one.gain, *one.lose, *one.change)}
    return Diff(kinds, tuple(sorted(affected)))
