"""Locks that break a rule: a locked group, or members locked into one group, of whom no group can be made."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.errors import Problem
from matcher.grouping.blocks import Formed
from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.instance import Instance
from matcher.grouping.rules import group_violations

_FILLED_IN = frozenset({"facilitation", "slot", "language"})
"""Rules that are broken only by what the spec left to be found."""


def broken_locks(instance: Instance, groups: Sequence[Formed], *, only_named: bool = False) -> list[Problem]:
    """A problem for each existing group that does not have all whom a lock keeps in it, naming group and rule.

    Args:
        instance: the members and their groups.
        groups: a plan.
        only_named: leave out groups whose lock breaks no rule by itself.

    Cost: nothing to speak of if every lock holds.
    """
    broken = _broken(instance, groups)
    if not broken:
        return []
    cohort = instance.cohort
    community = Community.of(cohort.everybody.values(), cohort.spec, cohort.as_of, cohort.means)
    problems = [_problem(instance, community, label) for label in broken]
    return [problem for problem, named in problems if named or not only_named]


def keeps_locks(instance: Instance, groups: Sequence[Formed]) -> bool:
    """Whether every existing group has all whom a lock keeps in it."""
    return not _broken(instance, groups)


def _broken(instance: Instance, groups: Sequence[Formed]) -> list[int]:
    at_home = {group.existing: frozenset(group.members) for group in groups}
    pinned = instance.existing.pinned
    return [label for label, kept in enumerate(pinned) if not kept <= at_home.get(label, frozenset())]


def no_plan(instance: Instance, least_moved: int | None) -> list[Problem]:
    """What is wrong where all plans were looked at and none keeps every lock and the churn budget.

    Args:
        instance: the members and their groups.
        least_moved: the least budget with which there is a plan; ``None`` if there is none with any.
    """
    if least_moved is not None:
        return [beyond_budget(least_moved)]
    broken = broken_locks(instance, (), only_named=True)
    if broken:
        return broken
    groups = instance.cohort.spec.groups
    names = ", ".join(group.name for group in groups if group.locked or group.locked_members)
    what = (
        f"the locks of {names} cannot all be kept: at least one of these groups can be none, or not beside the others"
    )
    return [Problem("groups", what, "locks that break no rule; unlock a group or some of its members")]


def beyond_budget(moved: int) -> Problem:
    """The problem of a churn budget that is too small."""
    what = f"{moved} members of existing groups have to be moved to keep every rule"
    return Problem("churn", what, f"a budget of at least {moved}")


def _problem(instance: Instance, community: Community, label: int) -> tuple[Problem, bool]:
    """What is wrong with a lock, and whether a rule is broken that has a name."""
    cohort, group = instance.cohort, instance.cohort.spec.groups[label]
    members = tuple(sorted(cohort.members[place].member_id for place in instance.existing.pinned[label]))
    draft = GroupDraft(group.name, members, group.facilitators, group.language or "", group.slot)
    given = _FILLED_IN - {name for name, value in (("slot", group.slot), ("language", group.language)) if value}
    ignored = given if group.locked else given | {"size", "no_lone", "member_fit"}
    violations = [one for one in group_violations(draft, community) if one.rule not in ignored]
    where = f"groups[{label}].{'members' if group.locked else 'locked_members'}"
    if violations:
        rule, who = violations[0].rule, ", ".join(violations[0].members)
        what = f"the lock of {group.name} breaks the rule {rule}{f' ({who})' if who else ''}: {violations[0].text}"
    else:
        what = f"the lock of {group.name} leaves it no time, language or facilitators, or too few others to be a group"
    return Problem(where, what, "locks that break no rule; unlock the group or some of its members"), bool(violations)
