"""Plans put together by hand, with all numbers right: what a solver would hand over for these groups."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from matcher.embedding.population import FacetMeans
from matcher.grouping.cohort import gather
from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.evaluation import describe
from matcher.grouping.plan import GroupPlan, Unplaced
from matcher.grouping.plan_rules import moved, must_leave
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile


def plan_by_hand(
    members: Sequence[MemberProfile],
    spec: GroupSpec,
    as_of: datetime.date,
    drafts: Sequence[GroupDraft],
    means: FacetMeans | None = None,
) -> GroupPlan:
    """The plan that has these groups; they may break any rule. Its bound holds for any groups."""
    cohort = gather(members, spec, as_of, means)
    community = Community.of(members, spec, as_of, means)
    gone = moved(drafts, community)
    groups, terms = describe(cohort, drafts, moved=len(gone))
    settled = {person for draft in drafts for person in (*draft.members, *draft.facilitators)}
    nowhere = [
        Unplaced(member.member_id, "no_room", "there is no room", "more groups")
        for member in cohort.members
        if member.member_id not in settled
    ]
    nowhere += [left for left in cohort.left_out if left.member_id not in settled]
    bound = 1.0 + len(cohort.members) * (1.0 + spec.preferences.worst)
    return GroupPlan(
        groups=groups,
        unplaced=tuple(sorted(nowhere, key=lambda left: left.member_id)),
        terms=terms,
        upper_bound=bound,
        gap=(bound - terms.total) / bound,
        status="feasible",
        as_of=as_of,
        seed=0,
        iterations=0,
        spec_hash=spec.fingerprint(),
        members_hash="",
        versions=(),
        moved=gone,
        must_leave=must_leave(community),
    )
