"""What a coordinator has locked, in a plan or in the spec that it answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from matcher.grouping.plan import GroupPlan, PlannedGroup
from matcher.grouping.rules import Violation
from matcher.grouping.spec import GroupSpec


def locked_members(plan: GroupPlan, spec: GroupSpec) -> frozenset[str]:
    """Ids of members who stay in their group of ``plan``, because the plan or the spec says so; without those whom only
    the lock of their whole group keeps."""
    group_of = plan.group_of()
    by_plan = {place.member_id for group in plan.groups for place in group.members if place.locked}
    by_spec = {member for group in spec.groups for member in group.locked_members if group_of.get(member) == group.name}
    return frozenset(by_plan | by_spec)


def locks_in_the_way(
    plan: GroupPlan, spec: GroupSpec, moves: Mapping[str, tuple[str | None, str | None]]
) -> tuple[Violation, ...]:
    """Locks of the plan that moves would break. Locks of the spec are rules of the plan as a whole, and not looked at.

    Args:
        plan: the plan.
        spec: what it answers.
        moves: group before and after by member id; ``None`` for none.
    """
    ruled = {group.name for group in spec.groups if group.locked}
    found = []
    for group in plan.groups:
        if group.locked and group.name not in ruled:
            those = tuple(sorted(name for name, groups in moves.items() if group.name in groups))
            if those:
                found.append(Violation("locked", those, f"{group.name} is locked, and its members are others"))
    held = {place.member_id for group in plan.groups for place in group.members if place.locked}
    held.difference_update(*(group.locked_members for group in spec.groups))
    kept = tuple(sorted(held.intersection(moves)))
    if kept:
        found.append(Violation("locked_members", kept, "are to stay in their group"))
    return tuple(found)


def with_locks(group: PlannedGroup, held: Collection[str]) -> PlannedGroup:
    """The group with locks on the members in ``held``, and on no others."""
    places = tuple(dataclasses.replace(place, locked=place.member_id in held) for place in group.members)
    return dataclasses.replace(group, members=places)


def without_lock(spec: GroupSpec, name: str, member: str | None) -> GroupSpec:
    """The spec without its lock on a group, or on a member of it; the same one if it has none."""
    groups = []
    for group in spec.groups:
        if group.name == name and member is None and group.locked:
            groups.append(group.model_copy(update={"locked": False}))
        elif group.name == name and member in group.locked_members:
            kept = tuple(other for other in group.locked_members if other != member)
            groups.append(group.model_copy(update={"locked_members": kept}))
        else:
            groups.append(group)
    return spec if tuple(groups) == spec.groups else GroupSpec.model_validate({**dict(spec), "groups": tuple(groups)})
