"""What keeps people out of groups and is nobody's to relax: their own conditions, and the rules between two members."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence

from matcher.embedding.population import FacetMeans
from matcher.grouping.community import Community
from matcher.grouping.plan import Blamed, Unplaced
from matcher.grouping.relaxation import Case, counted
from matcher.members.profile import MemberProfile

MOST_LOOKED_AT = 150
_BETWEEN_TWO = {
    "role": "roles that one of the two does not want to meet",
    "gender_wish": "wishes about gender",
    "avoid_topic": "topics that must not come up",
    "same_clinic": "the wish not to meet others of the same clinic",
    "block": "blocks",
    "age_pool": "age pools, which are never mixed",
}
_CLOSED = {
    "status": ("status", "Paused, held or withdrawn"),
    "consent": ("consent", "No agreement to be matched"),
    "age_pool": ("age_pool", "Of unknown age, or too young for any group"),
    "seeks": ("seeks", "Not looking for a group"),
    "language": ("no_language_given", "No language given"),
}
"""By the code of a personal condition: a code that is no rule's between members, and words for staff."""


def closed_to_all(unplaced: Iterable[Unplaced]) -> tuple[Blamed, ...]:
    """Conditions that the members fail themselves, whoever the others are, with their numbers."""
    counts = Counter(one.code for one in unplaced)
    return tuple(
        Blamed(code, f"{words}: {counted(counts[condition])}", counts[condition])
        for condition, (code, words) in _CLOSED.items()
        if counts[condition]
    )


def short_of_peers(case: Case, unplaced: Sequence[MemberProfile], as_of: datetime.date) -> tuple[Blamed, ...]:
    """Rules between two members that leave some of the unplaced with too few others for one group.

    Each member counts once, under the rule that keeps them from most. Members times ``MOST_LOOKED_AT`` pairs at most.
    """
    least = case.spec.enrolled_sizes()[0] - 1
    community = Community.of(case.members, case.spec, as_of, FacetMeans.default())
    others = sorted(case.watched)
    found: Counter[str] = Counter()
    for member in unplaced[:MOST_LOOKED_AT]:
        conflicts = community.conflicts_of(member.member_id)
        permitted, by_rule = 0, Counter[str]()
        for other in others:
            if other != member.member_id:
                codes = [code for code in conflicts(other) if code in _BETWEEN_TWO]
                by_rule.update(codes)
                permitted += not codes
        if permitted < least and by_rule:
            found[min(by_rule, key=lambda code: (-by_rule[code], code))] += 1
    return tuple(
        Blamed(
            code,
            f"{found[code]} of those without a group may meet fewer than {least} others, mostly because of {words}; "
            "no spec changes that",
            found[code],
        )
        for code, words in _BETWEEN_TWO.items()
        if found[code]
    )
