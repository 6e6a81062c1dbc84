"""The first plan: existing groups as far as they can stay, then new groups and insertions, hardest members first."""

from __future__ import annotations

import numpy as np

from matcher.compilation import compiled, compiled_in_place
from matcher.grouping.block import Block, Ids, State
from matcher.grouping.lots import none, truth
from matcher.grouping.opening import open_group
from matcher.grouping.ruin import free_label, insert


@compiled_in_place
def _awkward(block: Block, units: Ids, count: int) -> int:
    """Which of some units has most conflicts with the others, or else fits them least; pinned ones never; -1: none."""
    worst, worst_at = 1e300, none()
    for c in range(count):
        if block.pinned[units[c]] >= 0:
            continue
        fit = 0.0
        first = block.unit_members[block.unit_start[units[c]]]
        for d in range(count):
            if d == c:
                continue
            other = block.unit_members[block.unit_start[units[d]]]
            score = block.affinity[first, other]
            fit += score if score >= 0.0 else -100.0
            for w in range(block.limits[7]):
                if block.masks[first, w] & block.masks[other, w] != np.uint64(0):
                    fit += 10.0
                    break
        if fit < worst:
            worst, worst_at = fit, c
    return worst_at


@compiled
def reopen(block: Block, state: State, g: int) -> bool:
    """Form existing group ``g`` of as many as can stay of those who wait and are at home in it; whether that went."""
    total = block.unit_start.size - 1
    units = np.empty(total, np.int64)
    count = 0
    for u in range(total):
        i = block.unit_members[block.unit_start[u]]
        if state.waiting_at[u] >= 0 and (block.pinned[u] == g or (block.pinned[u] < 0 and block.home[i] == g)):
            units[count] = u
            count += 1
    while count > 0:
        if open_group(block, state, g, units[:count], 0.1, truth(1)):
            return True
        at = _awkward(block, units, count)
        if at < 0:
            return False
        count -= 1
        units[at] = units[count]
    return False


@compiled
def by_hardness(block: Block) -> Ids:
    """Units from the one that may be with fewest others to the one that may be with most; O(u n)."""
    total = block.unit_start.size - 1
    met = np.zeros(total, np.int64)
    for u in range(total):
        i = block.unit_members[block.unit_start[u]]
        for j in range(block.unit_of.size):
            if block.affinity[i, j] > 0.0:
                for w in range(block.limits[7]):
                    if block.masks[i, w] & block.masks[j, w] != np.uint64(0):
                        met[u] += 1
                        break
    return np.argsort(met, kind="mergesort").astype(np.int64)


@compiled
def construct(block: Block, state: State, noise: float) -> None:
    """Fill the state of a block: what exists first, then everybody who waits."""
    keeps = np.zeros(block.limits[6] + 1, np.bool_)
    for u in range(block.unit_start.size - 1):
        if block.pinned[u] >= 0:
            keeps[block.pinned[u]] = True
    for turn in range(2):  # first the groups that must be
        for g in range(block.limits[6]):
            if state.size[g] == 0 and keeps[g] == (turn == 0) and state.counts[3] < block.limits[3]:
                reopen(block, state, g)
    start = np.empty(1, np.int64)
    order = by_hardness(block)
    for turn in range(3):
        for u in order:
            if state.waiting_at[u] < 0:
                continue
            if turn != 1:
                g = free_label(block, state, u)
                if g >= 0:
                    start[0] = u
                    open_group(block, state, g, start, noise, turn == 0)
            else:
                insert(block, state, u)
