"""The best peers of one member, by looking at everybody."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from matcher.members.profile import MemberProfile
from tests.oracle.rules import NO_LOADS, NO_TIES, Loads, Ties, broken_rules
from tests.oracle.score import Kind, score


def recommend_for(
    members: Iterable[MemberProfile],
    seeker: MemberProfile,
    k: int | None,
    as_of: datetime.date,
    kind: Kind,
    weights: Mapping[str, float],
    means: Mapping[str, float],
    *,
    ties: Ties = NO_TIES,
    loads: Loads = NO_LOADS,
) -> list[tuple[str, float]]:
    """The k best eligible peers of a profile, stored or not, by falling score, then by id; all of them if k is None."""
    peers = [
        (other.member_id, score(seeker, other, as_of, weights, means, kind))
        for other in members
        if other.member_id != seeker.member_id and not broken_rules(seeker, other, as_of, kind, ties=ties, loads=loads)
    ]
    return sorted(peers, key=lambda peer: (-peer[1], peer[0]))[:k]


def recommend(
    members: Iterable[MemberProfile],
    member_id: str,
    k: int | None,
    as_of: datetime.date,
    kind: Kind,
    weights: Mapping[str, float],
    means: Mapping[str, float],
    *,
    ties: Ties = NO_TIES,
    loads: Loads = NO_LOADS,
) -> list[tuple[str, float]]:
    """The k best eligible peers of a member, by falling score, then by id; all of them if k is None."""
    everyone = list(members)
    (seeker,) = (member for member in everyone if member.member_id == member_id)
    return recommend_for(everyone, seeker, k, as_of, kind, weights, means, ties=ties, loads=loads)
