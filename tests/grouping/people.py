"""Small communities written by hand, and plans of them, for tests about what happens after the solve."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from matcher.embedding.population import FacetMeans
from matcher.grouping.cohort import gather
from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.evaluation import describe
from matcher.grouping.meeting import SlotChoice
from matcher.grouping.plan import GroupPlan, Unplaced
from matcher.grouping.plan_rules import moved, must_leave
from matcher.grouping.rules import group_violations
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile

DAY = datetime.date(2026, 3, 2)
MEANS = FacetMeans.default()
EVENINGS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("18:00", "21:00"),))
BOUND = 1000.0
"""Above whatever a small plan is worth."""


def weekly(*stretches: str) -> list[dict[str, str]]:
    """Weekly times from ``tue 18:00-20:00``."""
    found = []
    for stretch in stretches:
        day, times = stretch.split()
        start, end = times.split("-")
        found.append({"day": day, "start": start, "end": end})
    return found


def person(member_id: str, **fields: Any) -> MemberProfile:
    """An adult who gives no reason to be kept from anybody, a hundred days after a knee replacement."""
    known: dict[str, Any] = {
        "member_id": member_id,
        "consent": True,
        "birth_year": 1980,
        "languages": ["en"],
        "time_zone": "UTC",
        "availability": weekly("tue 18:00-20:00"),
        "procedures": [{"procedure": "knee-replacement", "date": str(DAY - datetime.timedelta(100))}],
    }
    return MemberProfile.parse({**known, **fields})


def people(names: str, **fields: Any) -> list[MemberProfile]:
    """One person a letter or, with blanks, a word."""
    return [person(name, **fields) for name in (names.split() if " " in names else names)]


def spec_of(**fields: Any) -> GroupSpec:
    """Groups of 2 to 4 without meeting times, unless said otherwise."""
    return GroupSpec.parse({"size": {"min": 2, "target": 3, "max": 4}, **fields})


def draft(name: str, members: str | Sequence[str], **fields: Any) -> GroupDraft:
    """A group in English."""
    return GroupDraft(name, tuple(sorted(members)), **{"language": "en", **fields})


def on(day: Any, start: str) -> SlotChoice:
    """A weekly time."""
    return SlotChoice(day=day, start=start)


def plan_of(members: Sequence[MemberProfile], spec: GroupSpec, groups: Sequence[GroupDraft]) -> GroupPlan:
    """A plan with just these groups, complete in everything but a bound that says something."""
    cohort, community = gather(members, spec, DAY, MEANS), Community.of(members, spec, DAY, MEANS)
    gone = moved(groups, community)
    planned, terms = describe(cohort, groups, moved=len(gone))
    settled = {name for group in groups for name in (*group.members, *group.facilitators)}
    unplaced = {one.member_id: one for one in cohort.left_out if one.member_id not in settled}
    for member in cohort.members:
        if member.member_id not in settled:
            unplaced[member.member_id] = Unplaced(member.member_id, "no_room", "no group had room", "a larger group")
    return GroupPlan(
        groups=planned,
        unplaced=tuple(unplaced[name] for name in sorted(unplaced)),
        terms=terms,
        upper_bound=BOUND,
        gap=(BOUND - terms.total) / BOUND,
        status="feasible",
        as_of=DAY,
        seed=0,
        iterations=0,
        spec_hash=spec.fingerprint(),
        members_hash="",
        versions=(),
        moved=gone,
        must_leave=must_leave(community),
    )


def hasty_plan(members: Sequence[MemberProfile], spec: GroupSpec, size: int = 4) -> GroupPlan:
    """A plan that somebody in a hurry would make: the first few who may meet, and then the next."""
    community = Community.of(members, spec, DAY, MEANS)
    rest = [member.member_id for member in members if community.in_cohort(member.member_id)]
    groups: list[GroupDraft] = []
    while rest:
        chosen: list[str] = []
        for name in rest:
            if len(chosen) < size and not any(map(community.conflicts_of(name), chosen)):
                chosen.append(name)
        titled = f"group-{len(groups) + 1:03}"
        drafts = (draft(titled, chosen, language=language) for language in ("en", "es", "pt", "fr", "de"))
        group = next((one for one in drafts if not group_violations(one, community)), None)
        if group is not None:
            groups.append(group)
        rest = [name for name in rest if name not in chosen] if group is not None else rest[1:]
    return plan_of(members, spec, groups)
