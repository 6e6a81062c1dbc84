"""Solving again around a plan: a coordinator edits, keeps what is good, and lets the solver do the rest."""

from __future__ import annotations

from collections.abc import Collection

from matcher.errors import InvalidProblem, Problem
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.plan import GroupPlan, PlannedGroup
from matcher.grouping.plan_locks import locked_members
from matcher.grouping.spec import GroupSpec


def spec_around(
    plan: GroupPlan,
    spec: GroupSpec,
    keep: Collection[str] = (),
    churn: int | None = None,
    *,
    keep_members: Collection[str] = (),
) -> GroupSpec:
    """The spec with the groups of ``plan`` as its existing groups, in place of those that it had.

    Every group keeps its name, meeting time, facilitators and language, and who is in it is moved only for its price
    and within ``churn``. What is locked in the plan stays locked; a plan that is locked as a whole comes out of the
    solver as it went in. Cost: O(members).

    Args:
        plan: a plan of ``spec``, edited or not.
        spec: what it was solved for.
        keep: names of groups to lock besides those that are locked in the plan.
        churn: at most so many members are moved; ``None`` for no limit.
        keep_members: ids of placed members to lock into their groups, besides those who are.

    Raises:
        InvalidProblem: for every name or id to keep that the plan has no place for.
    """
    names = {group.name for group in plan.groups}
    placed = plan.group_of().keys()
    problems = [Problem(f"keep[{name}]", "no such group", "names of the plan's groups") for name in set(keep) - names]
    problems += [
        Problem(f"keep_members[{member}]", "in no group of the plan", "ids of placed members")
        for member in set(keep_members) - placed
    ]
    if problems:
        raise InvalidProblem(sorted(problems, key=lambda problem: problem.where))
    stay = set(keep_members).union(locked_members(plan, spec))
    groups = tuple(_as_existing(group, group.locked or group.name in keep, stay) for group in plan.groups)
    return GroupSpec.model_validate({**dict(spec), "groups": groups, "churn": churn})


def _as_existing(group: PlannedGroup, locked: bool, stay: Collection[str]) -> ExistingGroup:
    return ExistingGroup(
        name=group.name,
        members=group.member_ids,
        facilitators=group.facilitators,
        slot=None if group.slot is None else SlotChoice(day=group.slot.day, start=group.slot.start),
        language=group.language,
        locked=locked,
        locked_members=tuple(member for member in group.member_ids if member in stay),
        open=group.open,
    )
