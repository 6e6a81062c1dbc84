"""The best plan of a dozen members: every set that may be a group is looked at, and every way to divide into such sets.

Dynamic programming over sets of members (the set partitioning of Yeh 1986, doi:10.1007/BF01934992): the best plan of a
set either leaves its first member out or puts them into one of the groups that fit into the set. Who leads is part of
the state. About 0.3 s for twelve.
"""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

import numpy as np

from matcher.grouping.block import FLOOR, MAX, MIN, MOST_GROUPS, PER_GROUP, SIZE, SLOT_WORDS, TARGET, WORST, Block
from matcher.grouping.blocks import Formed, Part

MOST_UNITS, MOST_LEADERS = 12, 8
_TOLERANCE = 1e-10


class _Candidate(NamedTuple):
    """A set of units that may be a group.

    Attributes:
        units: as bits.
        members: how many.
        value: what it is worth.
        leaderships: every set of facilitators who could lead it, as bits, with a time that all can come to.
    """

    units: int
    members: int
    value: float
    leaderships: tuple[tuple[int, int], ...]


class Optimum(NamedTuple):
    """What there is to know about a small cohort.

    Attributes:
        groups: a plan with most members placed and, of those, the largest total.
        placed: members in it.
        total: what it is worth.
        bound: the largest total of all plans, whoever is placed.
    """

    groups: tuple[Formed, ...]
    placed: int
    total: float
    bound: float


def is_small(block: Block) -> bool:
    """Whether every plan can be looked at: few units, few who may lead, each of them one group, and no groups yet."""
    leaders = int((block.leader_room > 0).sum()) if block.limits[PER_GROUP] else 0
    alone = leaders == 0 or int(block.leader_room.max()) <= 1
    return block.unit_start.size - 1 <= MOST_UNITS and leaders <= MOST_LEADERS and alone and block.limits[6] == 0


def best_of_all(block: Block, part: Part) -> Optimum:
    """The best plan of a part that :func:`is_small`, and the largest total there is."""
    candidates = _candidates(block)
    units = block.unit_start.size - 1
    by_first: list[list[_Candidate]] = [[] for _ in range(units)]
    for one in candidates:
        by_first[(one.units & -one.units).bit_length() - 1].append(one)
    own = [(at, int(block.unit_of[place])) for at, place in enumerate(block.leader_member.tolist()) if place >= 0]

    def solve(count_places: bool) -> tuple[tuple[int, float], tuple[tuple[_Candidate, int, int], ...]]:
        @functools.cache
        def best(left: int, used: int, groups: int) -> tuple[int, float, tuple[tuple[_Candidate, int, int], ...]]:
            if left == 0 or groups == 0:
                return 0, 0.0, ()
            first = (left & -left).bit_length() - 1
            found = best(left & (left - 1), used, groups)
            for one in by_first[first]:
                if one.units & ~left:
                    continue
                for leading, slot in one.leaderships:
                    if leading & used:
                        continue
                    placing = sum(1 << at for at, unit in own if one.units >> unit & 1)  # they lead no more
                    away = sum(1 << unit for at, unit in own if leading >> at & 1)  # and these have no other place
                    placed, total, plan = best(left & ~one.units & ~away, used | leading | placing, groups - 1)
                    there = (placed + one.members if count_places else 0, total + one.value)
                    if there > (found[0], found[1] + _TOLERANCE * (there[0] == found[0])):
                        found = (*there, ((one, leading, slot), *plan))
            return found

        placed, total, plan = best((1 << units) - 1, 0, int(block.limits[MOST_GROUPS]))
        return (placed, total), plan

    (placed, total), plan = solve(count_places=True)
    (_, bound), _ = solve(count_places=False)
    groups = []
    for one, leading, slot in plan:
        places = [at for at in range(block.unit_of.size) if one.units >> int(block.unit_of[at]) & 1]
        groups.append(
            Formed(
                tuple(int(part.members[at]) for at in places),
                tuple(int(part.leaders[at]) for at in range(block.leader_room.size) if leading >> at & 1),
                slot,
                -1,
            )
        )
    return Optimum(tuple(groups), placed, total, bound)


def _candidates(block: Block) -> list[_Candidate]:
    units = block.unit_start.size - 1
    members_of = [block.unit_members[block.unit_start[u] : block.unit_start[u + 1]].tolist() for u in range(units)]
    found = []
    for bits in range(1, 1 << units):
        members = [m for u in range(units) if bits >> u & 1 for m in members_of[u]]
        if not block.limits[MIN] <= len(members) <= block.limits[MAX]:
            continue
        value = _value(block, members)
        if value is None:
            continue
        leaderships = _leaderships(block, members)
        if leaderships:
            found.append(_Candidate(bits, len(members), value, leaderships))
    return found


def _value(block: Block, members: list[int]) -> float | None:
    """What a group of these is worth, ``None`` if they may not be one; time, language and who leads aside."""
    n = len(members)
    scores = block.affinity[np.ix_(members, members)]
    if (scores < 0.0).any():
        return None
    fits = scores.sum(axis=1) / (n - 1)
    once = twice = 0
    for flags in block.lone[members].tolist():
        twice |= once & flags
        once |= flags
    if once & ~twice or fits.min() < block.prices[FLOOR] - _TOLERANCE:
        return None
    price = 0.0
    for r in range(block.mix_kind.size):
        codes = block.mix[members, r]
        counts = np.bincount(codes[codes >= 0], minlength=block.mix_share.shape[1])
        known = int(counts.sum())
        if block.mix_kind[r] == 0:
            price += float(block.mix_weight[r] * (known - counts.max()))
        else:
            wished = known * block.mix_share[r, :-1]
            unmet = np.abs(counts[:-1] - wished).sum() + known * (
                block.mix_share[r, -1] - block.mix_share[r, :-1].sum()
            )
            price += float(block.mix_weight[r] * 0.5 * unmet)
    worst = float(block.prices[WORST] * n * fits.min())
    return float(fits.sum()) + worst - float(block.prices[SIZE]) * abs(n - int(block.limits[TARGET])) - price


def _leaderships(block: Block, members: list[int]) -> tuple[tuple[int, int], ...]:
    """Who could lead these, as bits, each time with a meeting time; the empty set if nobody needs to."""
    common = np.bitwise_and.reduce(block.masks[members], axis=0) & block.group_masks[-1]
    slot_words = int(block.limits[SLOT_WORDS])
    found = []
    able = [
        leader
        for leader in range(block.leader_room.size)
        if block.leader_room[leader] > 0
        and block.leader_may[leader, members].all()
        and block.leader_member[leader] not in members
    ]
    for chosen in itertools.combinations(able, int(block.limits[PER_GROUP])):
        if all(block.leader_pair[one, other] for one, other in itertools.combinations(chosen, 2)):
            left = common.copy()
            for leader in chosen:
                left &= block.leader_masks[leader]
            if left[:slot_words].any() and left[slot_words:].any():
                word = int(np.flatnonzero(left[:slot_words])[0])
                bits = int(left[word])
                found.append((sum(1 << leader for leader in chosen), 64 * word + (bits & -bits).bit_length() - 1))
    return tuple(found)
