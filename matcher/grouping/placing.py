"""Changes of a search's state: units join and leave groups, groups get facilitators; what is derived is renewed."""

from __future__ import annotations

import numpy as np

from matcher.compilation import compiled_in_place
from matcher.grouping.block import MEETINGS, Block, Ids, State
from matcher.grouping.group_worth import worth
from matcher.grouping.lots import none
from matcher.grouping.masks import lowest_bit


@compiled_in_place
def put(block: Block, state: State, unit: int, g: int) -> None:
    """Take a unit out of its group or off the waiting list and put it into ``g``, or back on the list (-1).

    What is derived of the groups is not renewed: :func:`renew` does that.
    """
    first, last = block.unit_start[unit], block.unit_start[unit + 1]
    for k in range(first, last):
        i = block.unit_members[k]
        old = state.group_of[i]
        if old >= 0:
            state.size[old] -= 1
            state.counts[1] -= 1
            end = state.members[old, state.size[old]]
            state.members[old, state.place[i]] = end
            state.place[end] = state.place[i]
            if state.size[old] == 0:
                state.counts[3] -= 1
        if g >= 0:
            if state.size[g] == 0:
                state.counts[3] += 1
            state.members[g, state.size[g]] = i
            state.place[i] = state.size[g]
            state.size[g] += 1
            state.counts[1] += 1
        if block.home[i] >= 0:
            state.counts[2] += (g != block.home[i]) - (old != block.home[i])
        state.group_of[i] = g
    at = state.waiting_at[unit]
    if g >= 0 and at >= 0:
        state.counts[0] -= 1
        end = state.waiting[state.counts[0]]
        state.waiting[at] = end
        state.waiting_at[end] = at
        state.waiting_at[unit] = -1
    elif g < 0 and at < 0:
        state.waiting[state.counts[0]] = unit
        state.waiting_at[unit] = state.counts[0]
        state.counts[0] += 1


@compiled_in_place
def set_leader(block: Block, state: State, g: int, p: int, leader: int) -> None:
    """Let ``leader`` (-1: nobody) be the p-th facilitator of ``g``.

    A member who begins to lead must be waiting, as a unit of one, and leaves the list; who stops comes back to it.
    """
    old = state.leaders[g, p]
    if old == leader:
        return
    if old >= 0:
        state.load[old] -= 1
        i = block.leader_member[old]
        if i >= 0 and state.load[old] == 0:
            unit = block.unit_of[i]
            state.group_of[i] = -1
            state.waiting[state.counts[0]] = unit
            state.waiting_at[unit] = state.counts[0]
            state.counts[0] += 1
    if leader >= 0:
        i = block.leader_member[leader]
        if i >= 0 and state.load[leader] == 0:
            unit = block.unit_of[i]
            at = state.waiting_at[unit]
            state.counts[0] -= 1
            end = state.waiting[state.counts[0]]
            state.waiting[at] = end
            state.waiting_at[end] = at
            state.waiting_at[unit] = -1
            state.group_of[i] = -2
        state.load[leader] += 1
    state.leaders[g, p] = leader


@compiled_in_place
def leads_at(state: State, leader: int, other_than: int, meetings: Ids) -> int:
    """Write the times at which a facilitator leads groups besides ``other_than``; returns how many."""
    found = 0
    if state.load[leader] > 0:
        for h in range(state.size.size):
            if h != other_than and state.slot[h] >= 0:
                for p in range(state.leaders.shape[1]):
                    if state.leaders[h, p] == leader:
                        meetings[found] = state.slot[h]
                        found += 1
    return found


@compiled_in_place
def _renew_masks(block: Block, state: State, g: int) -> None:
    """Renew ``allowed``, ``common`` and ``others`` of a group."""
    words, n = block.masks.shape[1], state.size[g]
    allowed, common = state.allowed[g], state.common[g]
    for w in range(words):
        allowed[w] = block.group_masks[g, w]
    for p in range(state.leaders.shape[1]):
        leader = state.leaders[g, p]
        if leader >= 0:
            for w in range(words):
                allowed[w] &= block.leader_masks[leader, w]
            if block.leader_room[leader] > 1:
                meetings = state.numbers[MEETINGS]
                for k in range(leads_at(state, leader, g, meetings)):
                    for w in range(words):
                        allowed[w] &= ~block.overlap[meetings[k], w]
    for w in range(words):
        word = allowed[w]
        for k in range(n):
            m = state.members[g, k]
            state.others[m, w] = word
            word &= block.masks[m, w]
        common[w] = word
        word = ~np.uint64(0)
        for k in range(n - 1, -1, -1):
            m = state.members[g, k]
            state.others[m, w] &= word
            word &= block.masks[m, w]


@compiled_in_place
def _keep_apart(block: Block, state: State, g: int, moved: bool) -> None:
    """Renew the masks of other groups of the same facilitators, if ``g`` has moved or they could still move to it."""
    slot = state.slot[g]
    if slot < 0:
        return
    for p in range(state.leaders.shape[1]):
        leader = state.leaders[g, p]
        if leader < 0 or state.load[leader] < 2:
            continue
        for h in range(state.size.size):
            if h == g or state.size[h] == 0:
                continue
            for q in range(state.leaders.shape[1]):
                if state.leaders[h, q] == leader:
                    stale = moved
                    for w in range(block.limits[7]):
                        stale = stale or state.allowed[h, w] & block.overlap[slot, w] != np.uint64(0)
                    if stale:
                        _renew_masks(block, state, h)


@compiled_in_place
def renew(block: Block, state: State, g: int) -> None:
    """Renew all that is derived of group ``g``: O(n^2 + n words). A group keeps its time while that is possible."""
    n = state.size[g]
    if n == 0:
        state.value[g] = 0.0
        state.slot[g] = -1
        for p in range(state.leaders.shape[1]):
            set_leader(block, state, g, p, none())
        return
    _renew_masks(block, state, g)
    slot = state.slot[g]
    if slot < 0 or state.common[g, slot >> 6] >> np.uint64(slot & 63) & np.uint64(1) == np.uint64(0):
        state.slot[g] = -1
        for w in range(block.limits[7]):
            if state.common[g, w] != np.uint64(0):
                state.slot[g] = 64 * w + lowest_bit(state.common[g, w])
                break
    _keep_apart(block, state, g, state.slot[g] != slot)
    for k in range(n):
        m = state.members[g, k]
        row = block.affinity[m]
        within = 0.0
        for other in range(n):
            within += row[state.members[g, other]]
        state.within[m] = within
    state.value[g] = worth(block, state, g, none(), none())
