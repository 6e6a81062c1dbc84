"""The hard rules between any two people of a group, on codes: what :mod:`matcher.eligibility.rules` says of profiles.

Those are ``age_pool role gender_wish avoid_topic same_clinic block`` and the spec's own ``apart``; consent and status
were looked at before. :mod:`matcher.grouping.rules` has the same rules on profiles; tests hold the two against each
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.catalog import default_catalog
from matcher.compilation import compiled, compiled_in_place
from matcher.eligibility.rules import topics_brought
from matcher.embedding.parts import mutual_fit, part_fits
from matcher.embedding.rows import Rows
from matcher.members.age import age_pool
from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import ROLES
from matcher.scoring.fit import Scoring


class PairCodes(NamedTuple):
    """What the rules read of p people.

    Attributes:
        small: (p, 7) int32: age pool, role, roles open to (mask), gender (-1 unknown), clinic (-1 none), whether they
            opted out of their clinic, region (0 for all if it does not matter, -1 unknown).
        topics: (p, 2 w) uint64 masks of the topics that they bring up, then of those that they avoid.
        starts: (3, p + 1) int64 where each one's wished genders, blocks and sets to keep apart begin in ``lists``.
        lists: int32 codes of genders, places of people blocked on either side, numbers of sets; each run ascending.
    """

    small: npt.NDArray[np.int32]
    topics: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    lists: npt.NDArray[np.int32]


def code_pairs(
    people: Sequence[MemberProfile], apart: Iterable[Sequence[str]], as_of: date, by_region: bool
) -> PairCodes:
    """Code the people for :func:`may_meet`; O(p), some 10 microseconds each."""
    place = {member.member_id: at for at, member in enumerate(people)}
    genders: dict[str | None, int] = {None: -1}
    clinics: dict[str | None, int] = {None: -1}
    regions: dict[str | None, int] = {None: -1}
    small = np.zeros((len(people), 7), np.int32)
    for at, member in enumerate(people):
        small[at] = (
            int(age_pool(member.birth_year, as_of)),
            ROLES.index(member.role),
            sum(1 << ROLES.index(role) for role in member.open_to_roles),
            genders.setdefault(member.gender, len(genders)),
            clinics.setdefault(member.clinic, len(clinics)),
            member.avoid_same_clinic,
            regions.setdefault(member.region, len(regions)) if by_region else 0,
        )
    blocked: list[set[int]] = [set() for _ in people]
    for at, member in enumerate(people):
        for other in member.blocked:
            if other in place:
                blocked[at].add(place[other])
                blocked[place[other]].add(at)
    sets: list[list[int]] = [[] for _ in people]
    for number, names in enumerate(apart):
        for name in names:
            if name in place:
                sets[place[name]].append(number)
    wishes = [[genders.setdefault(wish, len(genders)) for wish in member.only_genders] for member in people]
    listed: tuple[list[list[int]], ...] = (wishes, [sorted(places) for places in blocked], sets)
    starts = np.zeros((3, len(people) + 1), np.int64)
    flat: list[int] = []
    for kind, lists in enumerate(listed):
        starts[kind] = len(flat) + np.cumsum([0, *map(len, lists)])
        flat += [code for codes in lists for code in sorted(codes)]
    return PairCodes(small, _topic_masks(people), starts, np.array(flat, np.int32))


def _topic_masks(people: Sequence[MemberProfile]) -> npt.NDArray[np.uint64]:
    vocabulary = default_catalog().topics
    words = -(-len(vocabulary.tags) // 64)
    masks = np.zeros((len(people), 2 * words), np.uint64)
    known: dict[tuple[int, frozenset[str]], list[int]] = {}
    for at, member in enumerate(people):
        for side, topics in ((0, topics_brought(member)), (words, frozenset(member.avoid_topics))):
            if topics:
                row = known.get((side, topics))
                if row is None:
                    bits = [0] * words
                    for topic in topics:
                        code = vocabulary.code(topic)
                        if code is not None:
                            bits[code >> 6] |= 1 << (code & 63)
                    row = known[side, topics] = bits
                masks[at, side : side + words] = row
    return masks


@compiled_in_place
def _listed(codes: PairCodes, kind: int, one: int, code: int) -> bool:
    for k in range(codes.starts[kind, one], codes.starts[kind, one + 1]):  # noqa: SIM110 - compiled
        if codes.lists[k] == code:
            return True
    return False


@compiled_in_place
def may_meet(codes: PairCodes, one: int, other: int) -> bool:
    """Whether two different people may be in one group, as far as the rules between two people go, regions aside."""
    a, b = codes.small[one], codes.small[other]
    if a[0] != b[0] or (a[2] >> b[1]) & 1 == 0 or (b[2] >> a[1]) & 1 == 0:
        return False
    if a[4] >= 0 and a[4] == b[4] and (a[5] != 0 or b[5] != 0):
        return False
    words = codes.topics.shape[1] // 2
    for w in range(words):
        if codes.topics[one, w] & codes.topics[other, words + w] != np.uint64(0):
            return False
        if codes.topics[other, w] & codes.topics[one, words + w] != np.uint64(0):
            return False
    starts = codes.starts
    if starts[0, one] < starts[0, one + 1] and not _listed(codes, 0, one, b[3]):
        return False
    if starts[0, other] < starts[0, other + 1] and not _listed(codes, 0, other, a[3]):
        return False
    if _listed(codes, 1, one, other):
        return False
    for k in range(starts[2, one], starts[2, one + 1]):  # noqa: SIM110 - compiled
        if _listed(codes, 2, other, codes.lists[k]):
            return False
    return True


@compiled
def _fill_affinity(
    codes: PairCodes, rows: Rows, chosen: npt.NDArray[Any], scoring: Any, least: float, out: npt.NDArray[np.float64]
) -> None:
    parts = np.empty(9)
    for i in range(chosen.size):
        out[i, i] = 0.0
        for j in range(i):
            score = -1.0
            region = codes.small[chosen[i], 6]
            if region >= 0 and region == codes.small[chosen[j], 6] and may_meet(codes, chosen[i], chosen[j]):
                part_fits(rows[chosen[i]], rows[chosen[j]], scoring[0], False, parts)
                score = mutual_fit(parts, scoring[1], scoring[2], False)
                if score < least:
                    score = -1.0
            out[i, j] = score
            out[j, i] = score


def affinity_of(
    codes: PairCodes, rows: Rows, chosen: npt.NDArray[Any], scoring: Scoring, least: float
) -> npt.NDArray[np.float64]:
    """(m, m) float64 scores of some members with each other; -1 for pairs that may not meet or score below ``least``.

    Cost: about 0.1 microseconds a pair.
    """
    out = np.empty((chosen.size, chosen.size))
    _fill_affinity(codes, rows, chosen, (scoring.groups, scoring.weights, scoring.means), least, out)
    return out


@compiled_in_place
def _fill_may_meet(codes: PairCodes, ones: npt.NDArray[Any], others: npt.NDArray[Any], out: Any) -> None:
    for i in range(ones.size):
        for j in range(others.size):
            if ones[i] >= 0 and others[j] >= 0:
                out[i, j] = ones[i] == others[j] or may_meet(codes, ones[i], others[j])


def meeting_table(codes: PairCodes, ones: npt.NDArray[Any], others: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """(m, k) 1 where two may be in one group; 1 throughout for a -1 on either side, whom no rule binds."""
    out = np.ones((ones.size, others.size), np.uint8)
    _fill_may_meet(codes, ones, others, out)
    return out
