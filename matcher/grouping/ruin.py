"""Ruin and recreate: some related groups are dissolved and their members settled anew, which no small step could do.

After Schrimpf and others (2000, doi:10.1006/jcph.1999.6413). It is also how a plan comes about in the first place: from
a state in which everybody waits.
"""

from __future__ import annotations

from matcher.compilation import compiled_in_place
from matcher.grouping.block import RUINED, START, TOUCHED, Block, Floats, Ids, State
from matcher.grouping.group_worth import worth
from matcher.grouping.lots import draw, none, truth
from matcher.grouping.masks import shares_both
from matcher.grouping.opening import open_group
from matcher.grouping.placing import put, renew, set_leader


@compiled_in_place
def free_label(block: Block, state: State, unit: int) -> int:
    """A label for a new group around ``unit``: of the existing group it comes from, else a new one; -1 for none."""
    if state.counts[3] >= block.limits[3]:
        return -1
    home = block.home[block.unit_members[block.unit_start[unit]]]
    if home >= 0 and state.size[home] == 0 and draw(state.lots, 4) > 0:  # what it is given may be what keeps it empty
        return int(home)
    if block.limits[6] > 0 and draw(state.lots, 3) == 0:  # what an existing group is given may suit others, too
        other = draw(state.lots, block.limits[6])
        if state.size[other] == 0 and block.group_closed[other] == 0:
            return other
    for g in range(block.limits[6], state.size.size):
        if state.size[g] == 0:
            return g
    return -1


@compiled_in_place
def moved_by(block: Block, state: State, unit: int, g: int) -> int:
    """How many more members are moved if the unit goes to ``g``."""
    moved = 0
    for k in range(block.unit_start[unit], block.unit_start[unit + 1]):
        i = block.unit_members[k]
        if block.home[i] >= 0:
            moved += (g != block.home[i]) - (state.group_of[i] != block.home[i])
    return moved


@compiled_in_place
def bars(row: Floats, members: Ids, count: int) -> bool:
    """Whether somebody with that row of scores may not meet one of some members."""
    for k in range(count):  # noqa: SIM110 - compiled
        if row[members[k]] < 0.0:
            return True
    return False


@compiled_in_place
def insert(block: Block, state: State, unit: int) -> bool:
    """Put a waiting unit into the group that gains most, or loses least, by it; whether there is one."""
    best, best_g = -1e299, none()
    first = block.unit_members[block.unit_start[unit]]
    row, mask = block.affinity[first], block.masks[first]
    for g in range(state.size.size):
        n = state.size[g]
        if n > 0 and n < block.limits[2] and (block.pinned[unit] < 0 or block.pinned[unit] == g):
            if not shares_both(state.common[g], mask, block.limits[7]) or bars(row, state.members[g], n):
                continue  # most go here
            after = worth(block, state, g, none(), unit)
            if after > -1e299:
                change = after - state.value[g] - block.prices[2] * moved_by(block, state, unit, g)
                if change > best:
                    best, best_g = change, g
    if best_g < 0:
        return False
    put(block, state, unit, best_g)
    renew(block, state, best_g)
    return True


@compiled_in_place
def settle(block: Block, state: State, units: Ids, open_first: bool, noise: float) -> None:
    """Find a place for each of the units that waits: in a group that is, or in a new one around it."""
    for i in range(units.size - 1, 0, -1):
        j = draw(state.lots, i + 1)
        units[i], units[j] = units[j], units[i]
    start = state.numbers[START, :1]
    for turn in range(2):
        opening = open_first == (turn == 0)
        for i in range(units.size):
            unit = units[i]
            if state.waiting_at[unit] < 0:
                continue
            if opening:
                g = free_label(block, state, unit)
                if g >= 0:
                    start[0] = unit
                    open_group(block, state, g, start, noise, truth(0))
            else:
                insert(block, state, unit)


@compiled_in_place
def is_pinned(block: Block, state: State, g: int) -> bool:
    """Whether somebody must stay in this group."""
    for k in range(state.size[g]):  # noqa: SIM110 - compiled
        if block.pinned[block.unit_of[state.members[g, k]]] >= 0:
            return True
    return False


@compiled_in_place
def dissolve(block: Block, state: State, g: int, units: Ids, count: int) -> int:
    """Send everybody of a group to the waiting list; appends the units to ``units``, returns their number."""
    while state.size[g] > 0:
        unit = block.unit_of[state.members[g, state.size[g] - 1]]
        put(block, state, unit, none())
        units[count] = unit
        count += 1
    renew(block, state, g)
    return count


@compiled_in_place
def ruin(block: Block, state: State, noise: float) -> None:
    """Dissolve one to three groups near a waiting unit, or near any, and settle their members anew."""
    total = block.unit_start.size - 1
    units = state.numbers[RUINED]
    count = 0
    waiting = state.counts[0]
    seed = (
        state.waiting[draw(state.lots, waiting)] if waiting > 0 and draw(state.lots, 4) > 0 else draw(state.lots, total)
    )
    others = min(waiting, 6)
    for _ in range(others):
        units[count] = state.waiting[draw(state.lots, waiting)]
        count += 1
    if state.waiting_at[seed] >= 0:
        units[count] = seed
        count += 1
    for turn in range(1 + draw(state.lots, 3)):
        if turn == 0 and state.group_of[block.unit_members[block.unit_start[seed]]] >= 0:
            peer = block.unit_members[block.unit_start[seed]]
        else:
            peer = block.near[seed, draw(state.lots, block.near.shape[1])]
            if peer < 0 or draw(state.lots, 4) == 0:
                peer = draw(state.lots, block.unit_of.size)
        g = state.group_of[peer]
        if g >= 0 and not is_pinned(block, state, g):
            count = dissolve(block, state, g, units, count)
    settle(block, state, units[:count], draw(state.lots, 3) > 0, noise)


@compiled_in_place
def restore(block: Block, state: State, group_of: Ids, leaders: Ids, slots: Ids) -> None:
    """Go back to a plan that was kept."""
    touched = state.numbers[TOUCHED]
    labels = state.size.size
    for g in range(labels):
        touched[g] = 0
        for p in range(leaders.shape[1]):
            if state.leaders[g, p] != leaders[g, p]:
                touched[g] = 1
        if state.slot[g] != slots[g]:
            touched[g] = 1
    for u in range(block.unit_start.size - 1):
        i = block.unit_members[block.unit_start[u]]
        now, then = state.group_of[i], group_of[i]
        if now != then:
            if now >= 0:
                touched[now] = 1
                put(block, state, u, none())
            if then >= 0:
                touched[then] = 1
    for g in range(labels):
        if touched[g] == 1:
            for p in range(leaders.shape[1]):
                set_leader(block, state, g, p, none())
    for u in range(block.unit_start.size - 1):
        i = block.unit_members[block.unit_start[u]]
        if group_of[i] >= 0 and state.group_of[i] != group_of[i]:
            put(block, state, u, group_of[i])
    for g in range(labels):
        if touched[g] == 1:
            for p in range(leaders.shape[1]):
                set_leader(block, state, g, p, leaders[g, p])
            state.slot[g] = slots[g]
    for g in range(labels):
        if touched[g] == 1:
            renew(block, state, g)
