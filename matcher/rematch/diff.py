"""What changes from the ties in force to a plan, and for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
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


def group_diff(existing: Iterable[ExistingGroup], plan: GroupPlan, gone: int) -> KindDiff:
    """What changes between the groups in force and those of a plan; ``gone``: members of the former who are no more."""
    before = {member: {group.name} for group in existing for member in group.members}
    after = {member: {name} for member, name in plan.group_of().items()}
    must_leave = set(plan.must_leave)
    stood = {member: names for member, names in before.items() if member in after or member in plan.moved}
    kept = sum(after.get(member) == names for member, names in before.items())
    joined = sum(before.get(member) != names for member, names in after.items())
    counts = (kept, joined, len(plan.moved), len(must_leave) + gone)
    return _changes("group", counts, stood, after)


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
