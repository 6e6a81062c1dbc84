"""Opening a group around some units: who leads it, when it meets, and who else comes, in that order."""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.compilation import compiled
from matcher.grouping.block import Block, Ids, State, Words
from matcher.grouping.lots import draw, none, share
from matcher.grouping.placing import leads_at, lowest_bit, put, renew, set_leader

LEADERS_TRIED = 12
"""Facilitators that are compared for a new group, from a place in the list that is drawn by lot."""


@compiled
def _shares_both(base: Words, mask: Words, slot_words: int) -> bool:
    """Whether two masks have a time and a language in common."""
    time = language = False
    for w in range(base.size):
        if base[w] & mask[w] != np.uint64(0):
            if w < slot_words:
                time = True
            else:
                language = True
    return time and language


@compiled
def _fits_all(block: Block, unit: int, picked: Ids, count: int) -> bool:
    """Whether no two members of the unit and of the picked units are barred from meeting."""
    for k in range(block.unit_start[unit], block.unit_start[unit + 1]):
        row = block.affinity[block.unit_members[k]]
        for c in range(count):
            for m in range(block.unit_start[picked[c]], block.unit_start[picked[c] + 1]):
                if row[block.unit_members[m]] < 0.0:
                    return False
    return True


@compiled
def _led_by(block: Block, unit: int, leader: int) -> bool:
    for k in range(block.unit_start[unit], block.unit_start[unit + 1]):
        if block.leader_may[leader, block.unit_members[k]] == 0:
            return False
    return True


@compiled
def _pool_of(
    block: Block, state: State, g: int, starts: Ids, count: int, base: Words, pool: Ids, homeless: bool
) -> int:
    """Waiting units that could join the starts, perhaps only those who are at home in no other group; how many."""
    found = 0
    for at in range(state.counts[0]):
        unit = state.waiting[at]
        if block.pinned[unit] >= 0 and block.pinned[unit] != g:
            continue
        first = block.unit_members[block.unit_start[unit]]
        if homeless and block.home[first] >= 0 and block.home[first] != g:
            continue
        own = False
        for c in range(count):
            own = own or starts[c] == unit
        if (
            not own
            and _shares_both(base, block.masks[first], block.limits[7])
            and _fits_all(block, unit, starts, count)
        ):
            pool[found] = unit
            found += 1
    return found


@compiled
def _most_common_bit(
    block: Block, state: State, base: Words, words: Any, pool: Ids, count: int, leader: int, chosen: Ids
) -> int:
    """How many members of the pool share the bit of ``base`` that most share, and in ``chosen[0]`` which bit that is.

    More than two groups' worth do not count, so that plenty is chosen from by lot.
    """
    tally = state.numbers[0]
    for w in range(words[0], words[1]):
        if base[w] == np.uint64(0):
            continue
        for c in range(count):
            unit = pool[c]
            if leader >= 0 and not _led_by(block, unit, leader):
                continue
            word = base[w]
            for k in range(block.unit_start[unit], block.unit_start[unit + 1]):
                word &= block.masks[block.unit_members[k], w]
            members = block.unit_start[unit + 1] - block.unit_start[unit]
            while word != np.uint64(0):
                low = lowest_bit(word)
                tally[64 * (w - words[0]) + low] += members
                word &= word - np.uint64(1)
    best, ties, chosen[0] = -1, 0, -1
    plenty = 2 * block.limits[2]
    for w in range(words[0], words[1]):
        word = base[w]
        while word != np.uint64(0):
            bit = 64 * (w - words[0]) + lowest_bit(word)
            word &= word - np.uint64(1)
            count_here = min(tally[bit], plenty)
            tally[bit] = 0
            if count_here > best:
                best, ties, chosen[0] = count_here, 1, bit
            elif count_here == best:
                ties += 1
                if draw(state.lots, ties) == 0:
                    chosen[0] = bit
    return best


@compiled
def _free_masks(block: Block, state: State, leader: int, base: Words, out: Words) -> bool:
    """Write what is left of ``base`` with a facilitator, their other groups considered; whether a group can meet."""
    slot_words = block.limits[7]
    meetings = state.numbers[2]
    busy = leads_at(state, leader, none(), meetings) if block.leader_room[leader] > 1 else 0
    for w in range(base.size):
        out[w] = base[w] & block.leader_masks[leader, w]
        for k in range(busy):
            out[w] &= ~block.overlap[meetings[k], w]
    return _shares_both(out, out, slot_words)


@compiled
def _may_begin(block: Block, state: State, leader: int, starts: Ids, count: int) -> bool:
    """Whether a facilitator has room and may lead the starts."""
    if state.load[leader] >= block.leader_room[leader]:
        return False
    own = block.leader_member[leader]
    if own >= 0 and state.group_of[own] >= 0:
        return False
    for c in range(count):
        if own >= 0 and block.unit_of[own] == starts[c]:
            return False
        if not _led_by(block, starts[c], leader):
            return False
    return True


@compiled
def _choose_leader(
    block: Block,
    state: State,
    g: int,
    p: int,
    chosen: Ids,
    starts: Ids,
    count: int,
    base: Words,
    pool: Ids,
    pooled: int,
) -> int:
    """The facilitator with whom most of the pool can come, among some tried; -1 for none. Narrows ``base``."""
    facilitators = block.leader_room.size
    given = block.group_leaders[g, p]
    left = np.empty(base.size, np.uint64)
    best, best_count = none(), none()
    tried = 0
    bit = np.empty(1, np.int64)
    start = 0 if given >= 0 else draw(state.lots, max(1, facilitators))
    for step in range(1 if given >= 0 else facilitators):
        leader = given if given >= 0 else (start + step) % facilitators
        fits = _may_begin(block, state, leader, starts, count)
        for q in range(p):
            fits = fits and chosen[q] != leader and block.leader_pair[chosen[q], leader] != 0
        for q in range(p + 1, chosen.size):
            fits = fits and block.group_leaders[g, q] != leader
        if not fits or not _free_masks(block, state, leader, base, left):
            continue
        tried += 1
        able = 4 * _most_common_bit(block, state, left, (0, block.limits[7]), pool, pooled, leader, bit)
        if block.leader_member[leader] >= 0:
            able -= 5  # somebody who could have a place instead
        if able > best_count or best < 0:
            best, best_count = leader, able
        if tried == 12:
            break
    if best >= 0:
        _free_masks(block, state, best, base, left)
        for w in range(base.size):
            base[w] = left[w]
    return best


@compiled
def _narrow(block: Block, base: Words, words: Any, bit: int, pool: Ids, count: int) -> int:
    """Keep that bit alone of a part of ``base``, and in the pool who has it; returns how many."""
    for w in range(words[0], words[1]):
        base[w] = np.uint64(0)
    at = words[0] + (bit >> 6)
    flag = np.uint64(1) << np.uint64(bit & 63)
    base[at] = flag
    kept = 0
    for c in range(count):
        able = True
        for k in range(block.unit_start[pool[c]], block.unit_start[pool[c] + 1]):
            able = able and block.masks[block.unit_members[k], at] & flag != np.uint64(0)
        if able:
            pool[kept] = pool[c]
            kept += 1
    return kept


@compiled
def _fill(block: Block, state: State, picked: Ids, count: int, pool: Ids, pooled: int, noise: float) -> int:
    """Add the units that fit best, one after the other, up to the target size; returns how many units are picked."""
    gain = state.sums[1]
    size = 0
    for c in range(count):
        size += block.unit_start[picked[c] + 1] - block.unit_start[picked[c]]
    for at in range(pooled):
        gain[at] = 0.0
        for c in range(count):
            gain[at] += block.affinity[block.unit_members[block.unit_start[pool[at]]]][
                block.unit_members[block.unit_start[picked[c]]]
            ]
    while pooled > 0 and size < block.limits[1]:
        best, best_gain = none(), -1.0
        for at in range(pooled):
            if size + block.unit_start[pool[at] + 1] - block.unit_start[pool[at]] <= block.limits[2]:
                rated = (gain[at] + 0.01) * (1.0 + noise * share(state.lots))
                if rated > best_gain:
                    best, best_gain = at, rated
        if best < 0:
            break
        unit = pool[best]
        pooled -= 1
        pool[best], gain[best] = pool[pooled], gain[pooled]
        picked[count] = unit
        count += 1
        size += block.unit_start[unit + 1] - block.unit_start[unit]
        at = 0
        while at < pooled:
            if _fits_all(block, pool[at], picked[count - 1 : count], 1):
                gain[at] += block.affinity[block.unit_members[block.unit_start[pool[at]]]][
                    block.unit_members[block.unit_start[unit]]
                ]
                at += 1
            else:
                pooled -= 1
                pool[at], gain[at] = pool[pooled], gain[pooled]
    pool[pool.size - 1] = pooled  # who is left, for whoever mends the group
    return count


@compiled
def _accompany(block: Block, picked: Ids, count: int, starts: int, pool: Ids, pooled: int) -> int:
    """Nobody must be alone with a value that must not be: add a companion or leave the lone out; -1 if neither goes."""
    for _ in range(64):
        once = twice = np.uint64(0)
        size = 0
        for c in range(count):
            for k in range(block.unit_start[picked[c]], block.unit_start[picked[c] + 1]):
                flags = block.lone[block.unit_members[k]]
                twice |= once & flags
                once |= flags
                size += 1
        alone = once & ~twice
        if alone == np.uint64(0):
            return count
        alone &= ~alone + np.uint64(1)
        added = False
        for at in range(pooled):
            unit = pool[at]
            members = block.unit_start[unit + 1] - block.unit_start[unit]
            flags = np.uint64(0)
            for k in range(block.unit_start[unit], block.unit_start[unit + 1]):
                flags |= block.lone[block.unit_members[k]]
            goes = flags & alone != np.uint64(0) and size + members <= block.limits[2]
            if goes and _fits_all(block, unit, picked, count):
                picked[count] = unit
                count += 1
                pooled -= 1
                pool[at] = pool[pooled]
                added = True
                break
        if added:
            continue
        removed = False
        for c in range(starts, count):
            for k in range(block.unit_start[picked[c]], block.unit_start[picked[c] + 1]):
                removed = removed or block.lone[block.unit_members[k]] & alone != np.uint64(0)
            if removed:
                count -= 1
                picked[c] = picked[count]
                break
        if not removed:
            return -1
    return -1


@compiled
def _uplift(block: Block, picked: Ids, count: int, starts: int) -> int:
    """Leave out, one after the other, who fits less than the floor; returns how many units are left."""
    while True:
        size = 0
        for c in range(count):
            size += block.unit_start[picked[c] + 1] - block.unit_start[picked[c]]
        if size < block.limits[0]:
            return count
        worst, worst_at = 1e300, none()
        for c in range(count):
            for k in range(block.unit_start[picked[c]], block.unit_start[picked[c] + 1]):
                row = block.affinity[block.unit_members[k]]
                fit = 0.0
                for d in range(count):
                    for m in range(block.unit_start[picked[d]], block.unit_start[picked[d] + 1]):
                        fit += row[block.unit_members[m]]
                if fit < worst:
                    worst, worst_at = fit, c
        if worst / (size - 1) >= block.prices[3] - 1e-10 or worst_at < starts:
            return count
        count -= 1
        picked[worst_at] = picked[count]


@compiled
def open_group(block: Block, state: State, g: int, starts: Ids, noise: float, homeless: bool) -> bool:
    """Form group ``g``, empty so far, around waiting units that must all be in it; they wait on if it cannot be.

    Args:
        block: the block.
        state: changed only if the group comes about.
        g: an empty label.
        starts: units.
        noise: how far lots may bend the order of choice: 0.1 for a tenth.
        homeless: take nobody besides them who is at home in another existing group.
    """
    words = block.masks.shape[1]
    base, bit = block.group_masks[g].copy(), np.empty(1, np.int64)
    times = (0, block.limits[7])
    languages = (block.limits[7], words)
    units = block.unit_start.size - 1
    picked, pool = np.empty(units + 1, np.int64), np.empty(units + 1, np.int64)
    count = starts.size
    for c in range(count):
        picked[c] = starts[c]
        for k in range(block.unit_start[starts[c]], block.unit_start[starts[c] + 1]):
            for w in range(words):
                base[w] &= block.masks[block.unit_members[k], w]
        if not _fits_all(block, starts[c], starts, c):
            return False
    if not _shares_both(base, base, block.limits[7]):
        return False
    pooled = 0 if block.group_closed[g] == 1 else _pool_of(block, state, g, starts, count, base, pool, homeless)
    chosen = np.full(state.leaders.shape[1], -1, np.int64)
    for p in range(block.limits[4]):
        chosen[p] = _choose_leader(block, state, g, p, chosen, starts, count, base, pool, pooled)
        if chosen[p] < 0:
            return False
        kept = 0
        for at in range(pooled):
            own = block.leader_member[chosen[p]]
            if (own < 0 or block.unit_of[own] != pool[at]) and _led_by(block, pool[at], chosen[p]):
                pool[kept] = pool[at]
                kept += 1
        pooled = kept
    _most_common_bit(block, state, base, times, pool, pooled, none(), bit)
    slot = bit[0]
    pooled = _narrow(block, base, times, slot, pool, pooled)
    _most_common_bit(block, state, base, languages, pool, pooled, none(), bit)
    pooled = _narrow(block, base, languages, bit[0], pool, pooled)
    count = _fill(block, state, picked, count, pool, pooled, noise)
    count = _accompany(block, picked, count, starts.size, pool, pool[pool.size - 1])
    if count < 0:
        return False
    count = _uplift(block, picked, count, starts.size)
    size = 0
    for c in range(count):
        size += block.unit_start[picked[c] + 1] - block.unit_start[picked[c]]
    if size < block.limits[0] or size > block.limits[2]:
        return False
    for c in range(count):
        put(block, state, picked[c], g)
    for p in range(block.limits[4]):
        set_leader(block, state, g, p, chosen[p])
    state.slot[g] = slot
    renew(block, state, g)
    if state.value[g] > -1e299:
        return True
    for c in range(count):
        put(block, state, picked[c], none())
    renew(block, state, g)
    return False
