"""Simulated annealing over moves, swaps and replacements, with ruins in between; the best plan seen is kept.

A group's worth after a change is computed exactly from its members, not looked up: with the worst fit, mixes and sizes
in it there is no sum over pairs to look up, and groups are small.
"""

from __future__ import annotations

from typing import Any

from matcher.compilation import compiled_in_place
from matcher.grouping.block import Block, State
from matcher.grouping.group_worth import worth
from matcher.grouping.kept import keep, keep_if_better, total_of
from matcher.grouping.lots import accepts, draw, none
from matcher.grouping.placing import put, renew, set_leader
from matcher.grouping.remembered import Remembered, remember_new
from matcher.grouping.ruin import moved_by, restore, ruin


@compiled_in_place
def _exchange(block: Block, state: State, one: int, other: int, temperature: float) -> float:
    """Let two units change places, one of which may be waiting; returns the change, 0 if it was not made."""
    g = state.group_of[block.unit_members[block.unit_start[one]]]
    h = state.group_of[block.unit_members[block.unit_start[other]]]
    if block.pinned[one] >= 0 or block.pinned[other] >= 0:
        return 0.0
    more = 0
    if block.limits[6] > 0:
        more = moved_by(block, state, one, h) + moved_by(block, state, other, g)
        if more > 0 and state.counts[2] + more > block.limits[5]:
            return 0.0
    change = -block.prices[2] * more
    sizes = block.unit_start[other + 1] - block.unit_start[other] - block.unit_start[one + 1] + block.unit_start[one]
    reward = 0.0
    if g >= 0:
        after = worth(block, state, g, one, other)
        if after < -1e299:
            return 0.0
        change += after - state.value[g]
        reward += sizes
    if h >= 0:
        after = worth(block, state, h, other, one)
        if after < -1e299:
            return 0.0
        change += after - state.value[h]
        reward -= sizes
    if not accepts(state.lots, change + block.prices[4] * reward, temperature):
        return 0.0
    put(block, state, one, none())
    put(block, state, other, g)
    put(block, state, one, h)
    if g >= 0:
        renew(block, state, g)
    if h >= 0:
        renew(block, state, h)
    return float(change)


@compiled_in_place
def _move(block: Block, state: State, unit: int, h: int, temperature: float) -> float:
    """Let a unit go to group ``h``; returns the change, 0 if it was not made."""
    g = state.group_of[block.unit_members[block.unit_start[unit]]]
    if block.pinned[unit] >= 0 and block.pinned[unit] != h:
        return 0.0
    more = 0
    if block.limits[6] > 0:
        more = moved_by(block, state, unit, h)
        if more > 0 and state.counts[2] + more > block.limits[5]:
            return 0.0
    after = worth(block, state, h, none(), unit)
    if after < -1e299:
        return 0.0
    change = after - state.value[h] - block.prices[2] * more
    reward = 0.0
    if g >= 0:
        after = worth(block, state, g, unit, none())
        if after < -1e299:
            return 0.0
        change += after - state.value[g]
    else:
        reward = block.prices[4] * (block.unit_start[unit + 1] - block.unit_start[unit])
    if not accepts(state.lots, change + reward, temperature):
        return 0.0
    put(block, state, unit, h)
    renew(block, state, h)
    if g >= 0:
        renew(block, state, g)
    return float(change)


@compiled_in_place
def step(block: Block, state: State, temperature: float) -> float:
    """Propose one move, swap or replacement; returns the change of the total."""
    n = block.unit_of.size
    one = draw(state.lots, block.unit_start.size - 1)
    i = block.unit_members[block.unit_start[one]]
    if state.group_of[i] == -2:
        return 0.0
    j = block.near[one, draw(state.lots, block.near.shape[1])]
    if j < 0 or draw(state.lots, 8) == 0:
        j = draw(state.lots, n)
    g, h = state.group_of[i], state.group_of[j]
    if h == -2:  # leads
        return 0.0
    if g == h:
        return 0.0
    if h == -1:
        return _exchange(block, state, one, block.unit_of[j], temperature)
    if state.size[h] < block.limits[2] and (g < 0 or draw(state.lots, 3) == 0):
        change = _move(block, state, one, h, temperature)
        if change != 0.0 or g >= 0:
            return float(change)
    at = draw(state.lots, state.size[h])
    other = block.unit_of[state.members[h, at]]
    if other == block.unit_of[j] and draw(state.lots, 4) > 0:
        return 0.0
    row = block.affinity[i]  # most proposals fail here, at no more cost than a look
    for k in range(state.size[h]):
        if k != at and row[state.members[h, k]] < 0.0 and block.unit_of[state.members[h, k]] != other:
            return 0.0
    return _exchange(block, state, one, other, temperature)


@compiled_in_place
def change_leader(block: Block, state: State) -> None:
    """Let a free facilitator take over a group, drawn by lot, if everybody can still come and nobody loses a place."""
    g = draw(state.lots, state.size.size)
    facilitators = block.leader_room.size
    if state.size[g] == 0 or facilitators == 0:
        return
    p = draw(state.lots, block.limits[4])
    leader = draw(state.lots, facilitators)
    old = state.leaders[g, p]
    own = block.leader_member[leader]
    if block.group_leaders[g, p] >= 0 or state.load[leader] >= block.leader_room[leader]:
        return
    if own >= 0 and not (state.group_of[own] == -2 or (state.group_of[own] == -1 and block.leader_member[old] >= 0)):
        return
    for q in range(block.limits[4]):
        other = state.leaders[g, q]
        if other == leader or (q != p and block.leader_pair[other, leader] == 0):
            return
    for k in range(state.size[g]):
        if block.leader_may[leader, state.members[g, k]] == 0:
            return
    slot, value = state.slot[g], state.value[g]
    set_leader(block, state, g, p, leader)
    renew(block, state, g)
    if state.value[g] < -1e299:
        set_leader(block, state, g, p, old)
        state.slot[g] = slot
        renew(block, state, g)
        state.value[g] = value


@compiled_in_place
def search(block: Block, state: State, best: Any, known: Remembered, steps: int, hot: float, cold: float) -> None:
    """Anneal for ``steps`` proposals, and keep the best plan seen.

    Args:
        block: the block.
        state: where to go on; changed.
        best: of :meth:`Kept.arrays`; changed when something better is found.
        known: gets the groups of every plan that is kept.
        steps: proposals.
        hot: temperature of the first proposal, in members' fit.
        cold: of the last; in between it falls geometrically.
    """
    total = total_of(block, state)
    keep_if_better(block, state, total, best, known)
    temperature = hot
    for turn in range(steps):
        if turn & 63 == 0:
            temperature = hot * (cold / hot) ** (turn / steps)
            if block.limits[4] > 0:
                change_leader(block, state)
                total = total_of(block, state)
        placed = state.counts[1]
        change = step(block, state, temperature)
        total += change
        if change > 0.0 or state.counts[1] > placed:
            keep_if_better(block, state, total, best, known)


@compiled_in_place
def ruins(
    block: Block, state: State, best: Any, before: Any, known: Remembered, times: int, temperature: float
) -> None:
    """Ruin and recreate so many times, going back to what was before unless the annealing accepts the change.

    Args:
        block: the block.
        state: where to go on; changed.
        best: of :meth:`Kept.arrays`; changed when something better is found.
        before: arrays alike, overwritten.
        known: gets every group that comes about.
        times: how often.
        temperature: in members' fit.
    """
    total = total_of(block, state)
    for _ in range(times):
        keep(state, before)
        placed, moved = state.counts[1], state.counts[2]
        ruin(block, state, 0.3)
        remember_new(block, state, known, before[0])
        after = total_of(block, state)
        change = after - total + block.prices[4] * (state.counts[1] - placed)
        over = state.counts[2] > max(block.limits[5], moved)
        if over or not accepts(state.lots, change, temperature):
            restore(block, state, before[0], before[1], before[2])
            continue
        total = after
        keep_if_better(block, state, total, best, known)
