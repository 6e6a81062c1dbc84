"""What a group is worth, and what it would be worth after a unit left it or joined it: exact, in time O(members)."""

from __future__ import annotations

import numpy as np

from matcher.compilation import compiled_in_place
from matcher.grouping.block import MIX_COUNTS, MIX_SEEN, Block, State


@compiled_in_place
def _meets(block: Block, state: State, g: int, out: int, joining: int) -> bool:
    """Whether a time and a language are left that all share."""
    slot_words = block.limits[7]
    first_out = block.unit_members[block.unit_start[out]] if out >= 0 else -1
    several = out >= 0 and block.unit_start[out + 1] - block.unit_start[out] > 1
    time = language = False
    for w in range(block.masks.shape[1]):
        if several:
            word = state.allowed[g, w]
            for k in range(state.size[g]):
                m = state.members[g, k]
                if block.unit_of[m] != out:
                    word &= block.masks[m, w]
        elif out >= 0:
            word = state.others[first_out, w]
        else:
            word = state.common[g, w]
        if joining >= 0:
            for k in range(block.unit_start[joining], block.unit_start[joining + 1]):
                word &= block.masks[block.unit_members[k], w]
        if word != np.uint64(0):
            if w < slot_words:
                time = True
            else:
                language = True
        if w == slot_words - 1 and not time:
            return False
    return language


@compiled_in_place
def _mix_price(block: Block, state: State, g: int, out: int, joining: int) -> float:
    """Price of the mix rules; negative if a value would be alone that must not be."""
    once = twice = np.uint64(0)
    for k in range(state.size[g]):
        m = state.members[g, k]
        if block.unit_of[m] != out:
            twice |= once & block.lone[m]
            once |= block.lone[m]
    if joining >= 0:
        for k in range(block.unit_start[joining], block.unit_start[joining + 1]):
            m = block.unit_members[k]
            twice |= once & block.lone[m]
            once |= block.lone[m]
    if once & ~twice != np.uint64(0):
        return -1.0
    price = 0.0
    counts, seen = state.numbers[MIX_COUNTS], state.numbers[MIX_SEEN]
    for r in range(block.mix_kind.size):
        known = values = most = 0
        for k in range(state.size[g]):
            m = state.members[g, k]
            code = block.mix[m, r]
            if code >= 0 and block.unit_of[m] != out:
                if counts[code] == 0:
                    seen[values] = code
                    values += 1
                counts[code] += 1
                known += 1
        if joining >= 0:
            for k in range(block.unit_start[joining], block.unit_start[joining + 1]):
                code = block.mix[block.unit_members[k], r]
                if code >= 0:
                    if counts[code] == 0:
                        seen[values] = code
                        values += 1
                    counts[code] += 1
                    known += 1
        away = 0.0
        for v in range(values):
            code = seen[v]
            most = max(most, counts[code])
            wished = known * block.mix_share[r, code]
            away += abs(counts[code] - wished) - wished
            counts[code] = 0
        if block.mix_kind[r] == 0:
            price += block.mix_weight[r] * (known - most)
        else:
            price += block.mix_weight[r] * 0.5 * (away + known * block.mix_share[r, block.mix_share.shape[1] - 1])
    return price


@compiled_in_place
def worth(block: Block, state: State, g: int, out: int, joining: int) -> float:
    """Worth of group ``g`` once unit ``out`` has left it and unit ``joining`` has joined; -1 for neither.

    Returns:
        Fit, plus the price of the worst fit, less those of size and mix; ``IMPOSSIBLE`` if a hard rule breaks.
    """
    prices = block.prices
    first_out = last_out = first_in = last_in = 0
    if out >= 0:
        first_out, last_out = block.unit_start[out], block.unit_start[out + 1]
    if joining >= 0:
        first_in, last_in = block.unit_start[joining], block.unit_start[joining + 1]
    n = state.size[g] - (last_out - first_out) + (last_in - first_in)
    if n == 0:
        return 0.0
    if n < block.limits[0] or n > block.limits[2] or (joining >= 0 and block.group_closed[g] == 1):
        return -1e300
    if not _meets(block, state, g, out, joining):
        return -1e300
    joined = state.sums[0]
    for k in range(first_in, last_in):
        i = block.unit_members[k]
        for p in range(state.leaders.shape[1]):
            if state.leaders[g, p] >= 0 and block.leader_may[state.leaders[g, p], i] == 0:
                return -1e300
        joined[k - first_in] = 0.0
        for other in range(first_in, last_in):
            joined[k - first_in] += block.affinity[i, block.unit_members[other]]
    total, worst = 0.0, 1e300
    for at in range(state.size[g]):
        m = state.members[g, at]
        if block.unit_of[m] == out:
            continue
        row = block.affinity[m]
        fit = state.within[m]
        for k in range(first_out, last_out):
            fit -= row[block.unit_members[k]]
        for k in range(first_in, last_in):
            score = row[block.unit_members[k]]
            if score < 0.0:
                return -1e300
            fit += score
            joined[k - first_in] += score
        total += fit
        worst = min(worst, fit)
    for k in range(last_in - first_in):
        total += joined[k]
        worst = min(worst, joined[k])
    worst /= n - 1
    if worst < prices[3] - 1e-10:
        return -1e300
    price = _mix_price(block, state, g, out, joining)
    if price < 0.0:
        return -1e300
    return float(total / (n - 1) + prices[0] * n * worst - prices[1] * abs(n - block.limits[1]) - price)
