"""The hard rules about one-to-one ties, on codes, for pairs by the million.

What :mod:`matcher.eligibility.rules` says of two profiles, these codes say of two positions in the community, in some
tens of nanoseconds; tests hold the two against each other. Ties that exist or are over are not looked at here: a plan
for everybody starts from empty places.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.compilation import compiled, compiled_in_place
from matcher.eligibility.rules import accepted_channels, spoken, topics_brought
from matcher.embedding.rows import mask_of
from matcher.members.age import age_pool
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import CHANNELS, ROLES

Ints = npt.NDArray[np.int64]


class TieRules(NamedTuple):
    """What the rules read of n members; compiled code takes it as a plain tuple, in this order.

    Attributes:
        small: (n, 11) int32: age pool (0 also for whoever agreed to nothing or is not active), role, roles open to
            (mask), gender (-1 unknown), clinic (-1), opted out of it, region (-1), channels accepted (mask), ties
            sought (1 buddy, 2 mentor), places for buddies, places for mentees (0 without staff's approval).
        topics: (n, 2 w) uint64 masks of the topics that they bring up, then of those that they avoid.
        starts: (3 n + 1,) int64: where each member's languages, wished genders and blocks begin in ``lists``.
        lists: int32 codes; of blocked members the positions.
    """

    small: npt.NDArray[np.int32]
    topics: npt.NDArray[np.uint64]
    starts: Ints
    lists: npt.NDArray[np.int32]


class _Codes(dict[str | None, int]):
    """Numbers for words, in order of appearance; -1 for none."""

    def __missing__(self, word: str | None) -> int:
        code = self[word] = -1 if word is None else len(self)
        return code


def code_ties(members: Sequence[MemberProfile], as_of: date) -> TieRules:
    """Code ``members`` for :func:`may_tie`; O(n), about 10 microseconds each."""
    place = {member.member_id: at for at, member in enumerate(members)}
    genders, clinics, regions, languages = _Codes(), _Codes(), _Codes(), _Codes()
    topic_code = default_catalog().topics.code
    words = len(default_catalog().topics.tags) // 64 + 1
    small = np.zeros((len(members), 11), np.int32)
    topics = np.zeros((len(members), 2 * words), np.uint64)
    flat: list[int] = []
    counts = np.zeros(3 * len(members) + 1, np.int64)
    masks: dict[frozenset[str], list[int]] = {}

    def mask(tags: frozenset[str]) -> list[int]:
        known = masks.get(tags)
        if known is None:
            bits = sum(1 << code for tag in tags if (code := topic_code(tag)) is not None)
            known = masks[tags] = [bits >> 64 * word & (2**64 - 1) for word in range(words)]
        return known

    for at, member in enumerate(members):
        stands = member.consent and member.status == "active"
        small[at] = (
            int(age_pool(member.birth_year, as_of)) if stands else 0,
            ROLES.index(member.role),
            mask_of(member.open_to_roles, ROLES),
            genders[member.gender],
            clinics[member.clinic],
            member.avoid_same_clinic,
            regions[member.region],
            mask_of(accepted_channels(member), CHANNELS),
            ("buddy" in member.seeks) + 2 * ("mentor" in member.seeks),
            member.buddy_capacity,
            member.mentor_capacity if member.mentor_approved else 0,
        )
        topics[at] = mask(topics_brought(member)) + mask(frozenset(member.avoid_topics))
        lists = (
            sorted(languages[language] for language in sorted(spoken(member.languages))),
            sorted(genders[wish] for wish in member.only_genders),
            sorted(place[other] for other in member.blocked if other in place),
        )
        for number, codes in enumerate(lists):
            counts[3 * at + number + 1] = len(codes)
            flat += codes
    return TieRules(small, topics, np.cumsum(counts), np.array(flat, np.int32))


@compiled_in_place
def _one_in_common(lists: npt.NDArray[Any], a: int, a_end: int, b: int, b_end: int) -> bool:
    while a < a_end and b < b_end:
        if lists[a] == lists[b]:
            return True
        if lists[a] < lists[b]:
            a += 1
        else:
            b += 1
    return False


@compiled_in_place
def _holds(lists: npt.NDArray[Any], first: int, end: int, code: int) -> bool:
    low, high = first, end
    while low < high:
        middle = (low + high) // 2
        if lists[middle] < code:
            low = middle + 1
        else:
            high = middle
    return low < end and lists[low] == code


@compiled_in_place
def may_tie(rules: Any, one: int, other: int, mentoring: bool) -> bool:
    """Whether no hard rule stands between two members; for mentoring ``one`` seeks and ``other`` would mentor."""
    small, topics, starts, lists = rules
    a, b = small[one], small[other]
    if one == other or a[0] == 0 or a[0] != b[0]:
        return False
    if mentoring:
        if not a[8] & 2 or b[10] == 0:
            return False
    elif not a[8] & b[8] & 1 or a[9] == 0 or b[9] == 0:
        return False
    if not (a[2] >> b[1] & 1 and b[2] >> a[1] & 1):
        return False
    i, j = 3 * one, 3 * other
    if not _one_in_common(lists, starts[i], starts[i + 1], starts[j], starts[j + 1]):
        return False
    shared = a[7] & b[7]
    if shared == 0 or (shared == 8 and (a[6] < 0 or a[6] != b[6])):
        return False
    if a[4] >= 0 and a[4] == b[4] and (a[5] or b[5]):
        return False
    half = topics.shape[1] // 2
    for word in range(half):
        if topics[one, word] & topics[other, half + word] or topics[other, word] & topics[one, half + word]:
            return False
    if starts[i + 2] > starts[i + 1] and not _holds(lists, starts[i + 1], starts[i + 2], b[3]):
        return False
    if starts[j + 2] > starts[j + 1] and not _holds(lists, starts[j + 1], starts[j + 2], a[3]):
        return False
    return not _holds(lists, starts[i + 2], starts[i + 3], other) and not _holds(
        lists, starts[j + 2], starts[j + 3], one
    )


@compiled
def _may_tie_each(rules: Any, one: npt.NDArray[Any], other: npt.NDArray[Any], mentoring: bool) -> npt.NDArray[np.bool_]:
    found = np.empty(one.size, np.bool_)
    for i in range(one.size):
        found[i] = may_tie(rules, one[i], other[i], mentoring)
    return found


def may_tie_each(
    rules: TieRules, one: npt.NDArray[Any], other: npt.NDArray[Any], mentoring: bool
) -> npt.NDArray[np.bool_]:
    """(m,) bool: :func:`may_tie` of each pair; about 50 nanoseconds a pair."""
    return _may_tie_each(tuple(rules), one, other, mentoring)
