"""Who joins a new group: those who fit best, then a companion for whoever would be the only one with something."""

from __future__ import annotations

import numpy as np

from matcher.compilation import compiled_in_place
from matcher.grouping.block import Block, Ids, State
from matcher.grouping.lots import none, share


@compiled_in_place
def fits_all(block: Block, unit: int, picked: Ids, count: int) -> bool:
    """Whether no two members of the unit and of the picked units are barred from meeting."""
    for k in range(block.unit_start[unit], block.unit_start[unit + 1]):
        row = block.affinity[block.unit_members[k]]
        for c in range(count):
            for m in range(block.unit_start[picked[c]], block.unit_start[picked[c] + 1]):
                if row[block.unit_members[m]] < 0.0:
                    return False
    return True


@compiled_in_place
def fill(block: Block, state: State, picked: Ids, count: int, pool: Ids, pooled: int, noise: float) -> int:
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
            if fits_all(block, pool[at], picked[count - 1 : count], 1):
                gain[at] += block.affinity[block.unit_members[block.unit_start[pool[at]]]][
                    block.unit_members[block.unit_start[unit]]
                ]
                at += 1
            else:
                pooled -= 1
                pool[at], gain[at] = pool[pooled], gain[pooled]
    pool[pool.size - 1] = pooled  # who is left, for whoever mends the group
    return count


@compiled_in_place
def accompany(block: Block, picked: Ids, count: int, starts: int, pool: Ids, pooled: int) -> int:
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
            if goes and fits_all(block, unit, picked, count):
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


@compiled_in_place
def uplift(block: Block, picked: Ids, count: int, starts: int) -> int:
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
