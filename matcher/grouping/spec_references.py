"""Whether everybody and everything that a spec names is there, and may be what the spec makes of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from matcher.errors import Problem
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.personal_conditions import CONDITIONS, failed_condition
from matcher.grouping.plan import STAFF
from matcher.grouping.spec import GroupSpec
from matcher.grouping.who_filter import unknown_words
from matcher.members.profile import MemberProfile

_SHOWN = 5


def wrong_references(spec: GroupSpec, everybody: Mapping[str, MemberProfile], as_of: date) -> list[Problem]:
    """Ids nobody has, words the catalogue does not have, and existing groups' facilitators who may not lead.

    A member of an existing group whom nobody knows is no error: they are gone.
    """
    problems = unknown_words(spec.who)
    named: list[tuple[str, Iterable[str]]] = [
        ("who.member_ids", spec.who.member_ids),
        ("who.exclude", spec.who.exclude),
        ("facilitation.members", spec.facilitation.members),
    ]
    named += [(f"together[{place}]", ids) for place, ids in enumerate(spec.together)]
    named += [(f"apart[{place}]", ids) for place, ids in enumerate(spec.apart)]
    for place, group in enumerate(spec.groups):
        locked = group.members if group.locked else group.locked_members
        named.append((f"groups[{place}].{'members' if group.locked else 'locked_members'}", locked))
    for where, ids in named:
        unknown = [member for member in ids if member not in everybody]
        if unknown:
            problems.append(Problem(where, f"nobody has the id {listed(unknown)}", "ids of members that are given"))
    for place, group in enumerate(spec.groups):
        problems += _wrong_facilitators(f"groups[{place}].facilitators", group, spec, everybody, as_of)
    return problems


def _wrong_facilitators(
    where: str, group: ExistingGroup, spec: GroupSpec, everybody: Mapping[str, MemberProfile], as_of: date
) -> list[Problem]:
    facilitation = spec.facilitation
    problems = []
    if len(group.facilitators) > facilitation.per_group:
        count = len(group.facilitators)
        many = f"names {count} facilitator{'s' if count > 1 else ''}; at most {facilitation.per_group} lead a group"
        problems.append(Problem(where, many, "fewer, or a larger facilitation.per_group"))
    if len(set(group.facilitators)) < len(group.facilitators):
        problems.append(Problem(where, "somebody is named twice", "each facilitator once"))
    staff = {STAFF + one.name for one in facilitation.staff}
    for name in dict.fromkeys(group.facilitators):
        what = None
        if name.startswith(STAFF):
            what = None if name in staff else f"{name} is not among the staff of the spec"
        elif (leader := everybody.get(name)) is None:
            what = f"nobody has the id {name}"
        elif name not in facilitation.members and not (facilitation.approved_mentors and leader.mentor_approved):
            what = f"{name} may not lead"
        elif (code := failed_condition(leader, spec, as_of, leading=True)) is not None:
            what = f"{name} cannot lead: {CONDITIONS[code].text}"
        if what is not None:
            accepted = "facilitation.members, approved mentors or staff:NAME; leave it out to have somebody found"
            problems.append(Problem(where, what, accepted))
    return problems


def broken_locks(spec: GroupSpec, candidates: Collection[str], left_out: Mapping[str, str]) -> list[Problem]:
    """Members whom a lock keeps in a group although they cannot be placed.

    Args:
        spec: with existing groups.
        candidates: ids of who can be placed.
        left_out: code of the condition that a member fails, by id; others who are no candidates do not pass ``who``,
            or lead.
    """
    problems = []
    for place, group in enumerate(spec.groups):
        where = f"groups[{place}].{'members' if group.locked else 'locked_members'}"
        for member in group.members if group.locked else group.locked_members:
            if member in candidates:
                continue
            code = left_out.get(member, "who")
            why = CONDITIONS[code].text if code in CONDITIONS else "does not pass who, or leads groups"
            what = f"{member} is locked into {group.name} but breaks the rule {code}: {why}"
            problems.append(Problem(where, what, "members who can be placed; unlock them"))
    return problems


def listed(ids: Iterable[str]) -> str:
    """The first few of some ids."""
    names = sorted(set(ids))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
