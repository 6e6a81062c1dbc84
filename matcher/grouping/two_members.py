"""Why two members may not be in one group, whoever else is in it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from matcher.eligibility.rules import spoken
from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidRequest, Problem
from matcher.grouping.candidacy import is_of_unknown_availability
from matcher.grouping.community import Community
from matcher.grouping.convenient_times import free_times
from matcher.grouping.meeting_times import MeetingTimes
from matcher.grouping.rules import TOLERANCE, Violation
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile


def why_not(
    members: Sequence[MemberProfile],
    spec: GroupSpec,
    one: str,
    other: str,
    as_of: datetime.date,
    *,
    means: FacetMeans | None = None,
) -> tuple[Violation, ...]:
    """Which rules stop two members from being in one group of a spec; none if they may.

    Args:
        members: the community.
        spec: what is asked for.
        one, other: ids of the two.
        as_of: the day for ages and stages.
        means: what unknown facets score; as the community has it if not given. Read only if the spec asks for a score.

    Raises:
        InvalidRequest: if nobody has that id, or it is one member twice.
    """
    if means is None:
        asks = spec.thresholds.pair_score > 0
        means = FacetMeans.estimate(members, as_of) if asks else FacetMeans.default()
    two = [member for member in members if member.member_id in (one, other)]
    return between_two(Community.of(two, spec, as_of, means), one, other)


def between_two(community: Community, one: str, other: str) -> tuple[Violation, ...]:
    """As :func:`why_not`, of members whose community is at hand."""
    if one == other or not {one, other} <= community.members.keys():
        raise InvalidRequest(Problem("members", "are no two members that are known", "the ids of two members"))
    return tuple(_obstacles(community, *sorted((one, other))))


def _obstacles(community: Community, one: str, other: str) -> Iterable[Violation]:
    spec, both = community.spec, (one, other)
    first, second = community.members[one], community.members[other]
    for name in both:
        for code in community.barriers(name):
            yield Violation(code, (name,), "may be an ordinary member of no group")
    for code in community.conflicts_of(one)(other):
        yield Violation(code, both, "the two may not be in one group")
    if spoken(first.languages).isdisjoint(spoken(second.languages)):
        yield Violation("language", both, "speak no common language")
    if spec.channel == "in_person" and (first.region is None or first.region != second.region):
        yield Violation("region", both, "meet in person and are not known to be of one region")
    if community.attendance is not None and not any(map(is_of_unknown_availability, (first, second))):
        meeting = community.attendance.meeting
        given = [group.slot for group in spec.groups if group.slot is not None]
        if not free_times([first, second], MeetingTimes(meeting, given)).all(axis=0).any():
            yield Violation("no_time", both, "can come to no meeting time together")
    if community.scores(both)[0, 1] < spec.thresholds.pair_score - TOLERANCE:
        yield Violation("pair_score", both, "score below the threshold of a pair")
