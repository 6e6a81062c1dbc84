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


def broken_locks(instance: Instance, groups: Sequence[Formed]) -> list[Problem]:
    """A problem for each existing group that does not have all whom a lock keeps in it, naming group and rule.

    Cost: nothing to speak of if every lock holds.
    """
    at_home = {group.existing: frozenset(group.members) for group in groups}
    broken = [
        label for label, pinned in enumerate(instance.existing.pinned) if not pinned <= at_home.get(label, frozenset())
    ]
    if not broken:
        return []
    cohort = instance.cohort
    community = Community.of(cohort.everybody.values(), cohort.spec, cohort.as_of, cohort.means)
    return [_problem(instance, community, label) for label in broken]


def _problem(instance: Instance, community: Community, label: int) -> Problem:
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
    return Problem(where, what, "locks that break no rule; unlock the group or some of its members")
