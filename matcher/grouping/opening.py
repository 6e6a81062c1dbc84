"""Opening a group around some units: who leads it, when it meets, and who else comes, in that order."""

from __future__ import annotations

import numpy as np

from matcher.compilation import compiled_in_place
from matcher.grouping.block import BASE, BIT, CHOSEN, LEFT, MEETINGS, PICKED, POOL, Block, Ids, State, Words
from matcher.grouping.filling import accompany, fill, fits_all, uplift
from matcher.grouping.lots import draw, none, zero
from matcher.grouping.masks import shares_both
from matcher.grouping.placing import leads_at, put, renew, set_leader
from matcher.grouping.tally import led_by, most_common_bit

LEADERS_TRIED = 12
"""Facilitators that are compared for a new group, from a place in the list that is drawn by lot."""


@compiled_in_place
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
        if not own and shares_both(base, block.masks[first], block.limits[7]) and fits_all(block, unit, starts, count):
            pool[found] = unit
            found += 1
    return found


@compiled_in_place
def _free_masks(block: Block, state: State, leader: int, base: Words, out: Words) -> bool:
    """Write what is left of ``base`` with a facilitator, their other groups considered; whether a group can meet."""
    slot_words = block.limits[7]
    meetings = state.numbers[MEETINGS]
    busy = leads_at(state, leader, none(), meetings) if block.leader_room[leader] > 1 else 0
    for w in range(base.size):
        out[w] = base[w] & block.leader_masks[leader, w]
        for k in range(busy):
            out[w] &= ~block.overlap[meetings[k], w]
    return shares_both(out, out, slot_words)


@compiled_in_place
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
        if not led_by(block, starts[c], leader):
            return False
    return True


@compiled_in_place
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
    left = state.words[LEFT]
    best, best_count = none(), none()
    tried = 0
    bit = state.numbers[BIT]
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
        able = 4 * most_common_bit(block, state, left, zero(), block.limits[7], pool, pooled, leader, bit)
        if block.leader_member[leader] >= 0:
            able -= 5  # somebody who could have a place instead
        if able > best_count or best < 0:
            best, best_count = leader, able
        if tried == LEADERS_TRIED:
            break
    if best >= 0:
        _free_masks(block, state, best, base, left)
        for w in range(base.size):
            base[w] = left[w]
    return best


@compiled_in_place
def _narrow(block: Block, base: Words, first: int, last: int, bit: int, pool: Ids, count: int) -> int:
    """Keep that bit alone of some words of ``base``, and in the pool who has it; returns how many."""
    for w in range(first, last):
        base[w] = np.uint64(0)
    at = first + (bit >> 6)
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


@compiled_in_place
def _suffice(block: Block, picked: Ids, count: int, pool: Ids, pooled: int) -> bool:
    """Whether the picked units and the pool together are enough for a group."""
    missing = block.limits[0]
    for c in range(count):
        missing -= block.unit_start[picked[c] + 1] - block.unit_start[picked[c]]
    at = 0
    while missing > 0 and at < pooled:
        missing -= block.unit_start[pool[at] + 1] - block.unit_start[pool[at]]
        at += 1
    return bool(missing <= 0)


@compiled_in_place
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
    base, bit = state.words[BASE], state.numbers[BIT]
    slot_words = block.limits[7]
    picked, pool = state.numbers[PICKED], state.numbers[POOL]
    count = starts.size
    for w in range(words):
        base[w] = block.group_masks[g, w]
    for c in range(count):
        picked[c] = starts[c]
        for k in range(block.unit_start[starts[c]], block.unit_start[starts[c] + 1]):
            for w in range(words):
                base[w] &= block.masks[block.unit_members[k], w]
        if not fits_all(block, starts[c], starts, c):
            return False
    if not shares_both(base, base, slot_words):
        return False
    pooled = 0 if block.group_closed[g] == 1 else _pool_of(block, state, g, starts, count, base, pool, homeless)
    if not _suffice(block, picked, count, pool, pooled):
        return False
    chosen = state.numbers[CHOSEN, : state.leaders.shape[1]]
    chosen[:] = -1
    for p in range(block.limits[4]):
        chosen[p] = _choose_leader(block, state, g, p, chosen, starts, count, base, pool, pooled)
        if chosen[p] < 0:
            return False
        kept = 0
        for at in range(pooled):
            own = block.leader_member[chosen[p]]
            if (own < 0 or block.unit_of[own] != pool[at]) and led_by(block, pool[at], chosen[p]):
                pool[kept] = pool[at]
                kept += 1
        pooled = kept
        if not _suffice(block, picked, count, pool, pooled):
            return False
    most_common_bit(block, state, base, zero(), slot_words, pool, pooled, none(), bit)
    slot = bit[0]
    pooled = _narrow(block, base, zero(), slot_words, slot, pool, pooled)
    if not _suffice(block, picked, count, pool, pooled):
        return False
    most_common_bit(block, state, base, slot_words, words, pool, pooled, none(), bit)
    pooled = _narrow(block, base, slot_words, words, bit[0], pool, pooled)
    count = fill(block, state, picked, count, pool, pooled, noise)
    count = accompany(block, picked, count, starts.size, pool, pool[pool.size - 1])
    if count < 0:
        return False
    count = uplift(block, picked, count, starts.size)
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
