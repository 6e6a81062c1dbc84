"""What the simple ways of forming groups are made of, compiled: best fit, a group around somebody, a swap, a clean-up.

They know the same facts and the same prices as :mod:`matcher.grouping`, price every change exactly, and look scores up
in a table while one fits the memory. Each group has its time and its facilitator from the beginning.
All compiled functions stand in this one file: numba would not notice that a function in another one has changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.group_state import Facts, Ids, Plan
from matcher.compilation import compiled
from matcher.embedding.parts import mutual_fit, part_fits
from matcher.grouping.lots import Lots, draw
from matcher.grouping.pair_rules import may_meet

TRIED, ASKED = 64, 300
"""Facilitators tried for a new group; members asked which of its possible times suits them."""


@compiled
def score(facts: Facts, plan: Plan, i: int, j: int) -> float:
    """Score of two members; -1 if they may not meet."""
    if facts.table.shape[0] > 0:
        return float(facts.table[i, j])
    region = facts.codes.small[i, 6]
    if region < 0 or region != facts.codes.small[j, 6] or not may_meet(facts.codes, i, j):
        return -1.0
    part_fits(facts.rows[i], facts.rows[j], facts.scoring[0], False, plan.parts)
    return float(mutual_fit(plan.parts, facts.scoring[1], facts.scoring[2], False))


@compiled
def may_come(facts: Facts, plan: Plan, g: int, out: int, i: int) -> bool:
    """Whether a member can come when a group meets, and all would share a language once column ``out`` has left."""
    slot, slot_words = plan.slot[g], facts.sizes[4]
    if facts.masks[i, slot >> 6] >> np.uint64(slot & 63) & np.uint64(1) == np.uint64(0):
        return False
    for w in range(slot_words, facts.masks.shape[1]):
        word = plan.tongues[g, w] & facts.masks[i, w]
        for k in range(plan.size[g]):
            if k != out:
                word &= facts.masks[plan.members[g, k], w]
        if word != np.uint64(0):
            leader = plan.leader[g]
            person = -1 if leader < 0 else facts.leader_person[leader]
            return person < 0 or may_meet(facts.codes, person, i)
    return False


@compiled
def joins(facts: Facts, plan: Plan, g: int, out: int, i: int) -> bool:
    """Write a member's scores with a group into ``joined``; whether the member may be in it without column ``out``."""
    if not may_come(facts, plan, g, out, i):
        return False
    for k in range(plan.size[g]):
        plan.joined[k] = 0.0
        if k != out:
            plan.joined[k] = score(facts, plan, i, plan.members[g, k])
            if plan.joined[k] < 0.0:
                return False
    return True


@compiled
def lone_bits(facts: Facts, plan: Plan, g: int, out: int, i: int) -> Any:
    """A bit for each value that exactly one member of a group would have."""
    once = twice = np.uint64(0)
    for k in range(plan.size[g]):
        if k != out:
            twice |= once & facts.lone[plan.members[g, k]]
            once |= facts.lone[plan.members[g, k]]
    if i >= 0:
        twice |= once & facts.lone[i]
        once |= facts.lone[i]
    return once & ~twice


@compiled
def mix_price(facts: Facts, plan: Plan, g: int, out: int, i: int) -> float:
    """Price of the mix rules once column ``out`` has left and ``i`` has joined."""
    price, values = 0.0, facts.mix_share.shape[1] - 1
    for r in range(facts.mix_kind.size):
        plan.counted[:] = 0
        for k in range(plan.size[g]):
            if k != out:
                plan.counted[facts.mix[plan.members[g, k], r]] += 1
        if i >= 0:
            plan.counted[facts.mix[i, r]] += 1
        known = most = 0  # unknown values, -1, are counted in the last place
        for v in range(values):
            known += plan.counted[v]
            most = max(most, plan.counted[v])
        away = 0.0
        for v in range(values):
            away += abs(plan.counted[v] - known * facts.mix_share[r, v])
        price += facts.mix_weight[r] * (known - most if facts.mix_kind[r] == 0 else away / 2)
    return price


@compiled
def worth(facts: Facts, plan: Plan, g: int, out: int, i: int) -> float:
    """Worth of a group once column ``out`` has left and ``i``, whose scores :func:`joins` wrote, has joined; -1: none.

    Sizes and lone members are not looked at.
    """
    n = plan.size[g] - (out >= 0) + (i >= 0)
    total = own = 0.0
    worst = 1e300
    for k in range(plan.size[g]):
        if k != out:
            fit = plan.within[g, k]
            if out >= 0:
                fit -= plan.pair[g, k, out]
            if i >= 0:
                fit += plan.joined[k]
                own += plan.joined[k]
            total += fit
            worst = min(worst, fit)
    if i >= 0:
        total += own
        worst = min(worst, own)
    others = max(1, n - 1)
    fits = total / others + facts.prices[0] * n * (worst / others if n > 0 else 0.0)
    return float(fits - facts.prices[1] * abs(n - facts.sizes[1]) - mix_price(facts, plan, g, out, i))


@compiled
def put(facts: Facts, plan: Plan, g: int, k: int, i: int) -> None:
    """Let ``i``, whose scores :func:`joins` wrote, take column ``k``: a new one, or in place of who has it."""
    old = plan.members[g, k] if k < plan.size[g] else -1
    plan.value[g] = worth(facts, plan, g, k if old >= 0 else -1, i)
    own = 0.0
    for other in range(plan.size[g]):
        if other != k:
            plan.within[g, other] += plan.joined[other] - (plan.pair[g, other, k] if old >= 0 else 0.0)
            plan.pair[g, other, k] = plan.pair[g, k, other] = plan.joined[other]
            own += plan.joined[other]
    plan.pair[g, k, k] = 0.0
    plan.within[g, k] = own
    if old < 0:
        plan.size[g] += 1
    elif plan.group_of[old] == g:
        plan.group_of[old] = -1
    plan.members[g, k], plan.group_of[i], plan.column[i] = i, g, k


@compiled
def take(facts: Facts, plan: Plan, g: int, k: int) -> None:
    """Take column ``k`` out of a group."""
    plan.value[g] = worth(facts, plan, g, k, -1)
    plan.group_of[plan.members[g, k]] = -1
    last = plan.size[g] - 1
    for other in range(last + 1):
        plan.within[g, other] -= plan.pair[g, other, k]
    if k != last:
        moved = plan.members[g, last]
        plan.members[g, k], plan.within[g, k], plan.column[moved] = moved, plan.within[g, last], k
        for other in range(last):
            plan.pair[g, k, other] = plan.pair[g, last, other]
            plan.pair[g, other, k] = plan.pair[g, last, other]
        plan.pair[g, k, k] = 0.0
    plan.size[g] = last


@compiled
def dissolve(facts: Facts, plan: Plan, g: int) -> None:
    """Send everybody of a group away, its facilitator too."""
    while plan.size[g] > 0:
        take(facts, plan, g, plan.size[g] - 1)
    leader = plan.leader[g]
    if leader >= 0:
        for k in range(plan.load[leader]):
            if plan.led[leader, k] == g:
                plan.led[leader, k] = plan.led[leader, plan.load[leader] - 1]
        plan.load[leader] -= 1
        if facts.leader_member[leader] >= 0 and plan.load[leader] == 0:
            plan.group_of[facts.leader_member[leader]] = -1
    plan.spare[plan.at[1]] = g
    plan.at[1] += 1


@compiled
def _best_time(facts: Facts, plan: Plan, i: int, leader: int) -> Any:
    """The time that suits most of those asked, of those that suit a member and a facilitator: (how many, time)."""
    words, slot_words = facts.masks.shape[1], facts.sizes[4]
    language = leader < 0
    for w in range(slot_words, words):
        if leader >= 0 and facts.masks[i, w] & facts.offered[w] & facts.leader_masks[leader, w] != np.uint64(0):
            language = True
    best, slot = -1, -1
    if not language:
        return best, slot
    for w in range(slot_words):
        word = facts.masks[i, w] & facts.offered[w]
        if leader >= 0:
            word &= facts.leader_masks[leader, w]
            for k in range(plan.load[leader]):
                word &= ~facts.overlap[plan.slot[plan.led[leader, k]], w]
        for bit in range(64):
            if word >> np.uint64(bit) & np.uint64(1) != np.uint64(0) and plan.tally[64 * w + bit] > best:
                best, slot = plan.tally[64 * w + bit], 64 * w + bit
    return best, slot


@compiled
def open_group(facts: Facts, plan: Plan, i: int, asked: Ids) -> int:
    """A new group around a member, at the time that suits most of ``asked``, led by staff if possible; -1: none can be.

    A mentor leads it only if no staff can, and only one who has no place.
    """
    if plan.at[1] == 0:
        return -1
    slot_words = facts.sizes[4]
    plan.tally[:] = 0
    for j in asked:
        if j != i and plan.group_of[j] == -1 and score(facts, plan, i, j) >= 0.0:
            for w in range(slot_words):
                word = facts.masks[i, w] & facts.masks[j, w] & facts.offered[w]
                for bit in range(64):
                    plan.tally[64 * w + bit] += word >> np.uint64(bit) & np.uint64(1)
    leader, best, slot = -1, -1, -1
    if facts.sizes[3] == 0:
        best, slot = _best_time(facts, plan, i, -1)
    else:
        for staff in (True, False):
            tried = 0
            for step in range(facts.leader_room.size):
                one = (plan.at[2] + step) % facts.leader_room.size
                own, person = facts.leader_member[one], facts.leader_person[one]
                if staff != (person < 0) or plan.load[one] >= facts.leader_room[one] or own == i:
                    continue
                if own >= 0 and plan.group_of[own] >= 0:
                    continue
                if person >= 0 and not may_meet(facts.codes, person, i):
                    continue
                suits, at = _best_time(facts, plan, i, one)
                if suits > best:
                    best, slot, leader = suits, at, one
                tried += 1
                if tried == TRIED:
                    break
            if best >= 0:
                break
        plan.at[2] = leader + 1
    if best < 0:
        return -1
    plan.at[1] -= 1
    g = plan.spare[plan.at[1]]
    plan.slot[g], plan.leader[g], plan.size[g], plan.value[g] = slot, leader, 0, 0.0
    for w in range(facts.masks.shape[1]):
        plan.tongues[g, w] = facts.offered[w] & (facts.leader_masks[leader, w] if leader >= 0 else facts.offered[w])
    if leader >= 0:
        plan.led[leader, plan.load[leader]] = g
        plan.load[leader] += 1
        if facts.leader_member[leader] >= 0:
            plan.group_of[facts.leader_member[leader]] = -2
    put(facts, plan, g, 0, i)
    return int(g)


@compiled
def fill(facts: Facts, plan: Plan, order: Ids, first: int, last: int, abreast: int, most: int) -> None:
    """Put members one after the other into the open group that they fit best, or into a new one.

    Args:
        facts: the facts.
        plan: changed.
        order: members; those that have a place are passed over.
        first: where in it to begin.
        last: where to stop.
        abreast: a new group is begun as long as fewer groups could take the member.
        most: a group of so many is not open any more.
    """
    for at in range(first, last):
        i = order[at]
        if plan.group_of[i] != -1:
            continue
        best, best_at, able = -1.0, -1, 0
        for place in range(plan.at[0]):
            g = plan.open[place]
            size = plan.size[g]
            # Who must not be alone joins their like, or a group that has only begun.
            if size > 1 and lone_bits(facts, plan, g, -1, i) & facts.lone[i] != np.uint64(0):
                continue
            if joins(facts, plan, g, -1, i):
                able += 1
                fit = 0.0
                for k in range(size):
                    fit += plan.joined[k]
                if fit / size > best:
                    best, best_at = fit / size, place
        if able < abreast:
            g = open_group(facts, plan, i, order[at : at + ASKED])
            if g >= 0:
                plan.open[plan.at[0]] = g
                plan.at[0] += 1
                continue
        if best_at >= 0:
            g = plan.open[best_at]
            joins(facts, plan, g, -1, i)
            put(facts, plan, g, plan.size[g], i)
            if plan.size[g] >= most:
                plan.at[0] -= 1
                plan.open[best_at] = plan.open[plan.at[0]]


@compiled
def tidy(facts: Facts, plan: Plan) -> None:
    """Take out who is alone in what nobody must be alone in, dissolve groups that are too small, close all."""
    for g in range(plan.size.size):
        if plan.size[g] == 0:
            continue
        alone = lone_bits(facts, plan, g, -1, -1)
        while alone != np.uint64(0):
            for k in range(plan.size[g]):
                if facts.lone[plan.members[g, k]] & alone != np.uint64(0):
                    take(facts, plan, g, k)
                    break
            alone = lone_bits(facts, plan, g, -1, -1)
        if plan.size[g] < facts.sizes[0]:
            dissolve(facts, plan, g)
    plan.at[0] = 0


@compiled
def refill(facts: Facts, plan: Plan, order: Ids, first: int, last: int) -> None:
    """Put each member without a place into the group that gains most by it, or loses least, where no rule breaks."""
    for at in range(first, last):
        i = order[at]
        if plan.group_of[i] != -1:
            continue
        best, best_g = -1e300, -1
        for g in range(plan.size.size):
            if 0 < plan.size[g] < facts.sizes[2] and joins(facts, plan, g, -1, i):
                gain = worth(facts, plan, g, -1, i) - plan.value[g]
                if gain > best and lone_bits(facts, plan, g, -1, i) == np.uint64(0):
                    best, best_g = gain, g
        if best_g >= 0:
            joins(facts, plan, best_g, -1, i)
            put(facts, plan, best_g, plan.size[best_g], i)


@compiled
def swap(facts: Facts, plan: Plan, movers: Ids, tries: int, lots: Lots) -> None:
    """Draw pairs of members and let them change places whenever no rule breaks and the plan gains by it."""
    for _ in range(tries):
        i, j = movers[draw(lots, movers.size)], movers[draw(lots, movers.size)]
        if plan.group_of[i] < 0:
            i, j = j, i
        g, h = plan.group_of[i], plan.group_of[j]
        if g < 0 or g == h or h == -2:  # noqa: PLR1714 - compiled
            continue
        k, m = plan.column[i], plan.column[j]
        if h >= 0 and not may_come(facts, plan, h, m, i):
            continue
        if lone_bits(facts, plan, g, k, j) != np.uint64(0) or not joins(facts, plan, g, k, j):
            continue
        gain = worth(facts, plan, g, k, j) - plan.value[g]
        if h >= 0:
            if lone_bits(facts, plan, h, m, i) != np.uint64(0) or not joins(facts, plan, h, m, i):
                continue
            gain += worth(facts, plan, h, m, i) - plan.value[h]
        if gain > 1e-10:
            if h >= 0:
                put(facts, plan, h, m, i)
            joins(facts, plan, g, k, j)
            put(facts, plan, g, k, j)
