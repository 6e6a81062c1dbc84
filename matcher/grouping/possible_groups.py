"""Every set of a few units that may be a group as far as the members alone go, and what it is worth."""

from __future__ import annotations

import numpy as np

from matcher.grouping.block import FLOOR, MAX, MIN, SIZE, TARGET, WORST, Block

_TOLERANCE = 1e-10


def possible_groups(block: Block) -> dict[int, float]:
    """The worth of every set of units, as bits, that may be a group; time, language and who leads aside.

    Some 50 microseconds for each set in which nobody is barred from anybody, of at most ``2 ** units``.
    """
    units = block.unit_start.size - 1
    members = [block.unit_members[block.unit_start[u] : block.unit_start[u + 1]] for u in range(units)]
    barred = [
        sum(1 << v for v in range(units) if (block.affinity[np.ix_(members[u], members[v])] < 0.0).any())
        for u in range(units)
    ]
    sizes, friends = [0] * (1 << units), [True] * (1 << units)
    found = {}
    for bits in range(1, 1 << units):
        first, rest = (bits & -bits).bit_length() - 1, bits & (bits - 1)
        sizes[bits] = sizes[rest] + len(members[first])
        friends[bits] = friends[rest] and not barred[first] & bits
        if friends[bits] and block.limits[MIN] <= sizes[bits] <= block.limits[MAX]:
            value = _worth(block, np.concatenate([members[u] for u in range(units) if bits >> u & 1]))
            if value is not None:
                found[bits] = value
    return found


def _worth(block: Block, members: np.ndarray) -> float | None:
    """What a group of these is worth, ``None`` if somebody fits less than the floor or is the only one of a kind."""
    n = members.size
    fits = block.affinity[np.ix_(members, members)].sum(axis=1) / (n - 1)
    worst = float(fits.min())
    once = twice = 0
    for flags in block.lone[members].tolist():
        twice |= once & flags
        once |= flags
    if once & ~twice or worst < block.prices[FLOOR] - _TOLERANCE:
        return None
    total = float(fits.sum()) + float(block.prices[WORST]) * n * worst
    return total - float(block.prices[SIZE]) * abs(n - int(block.limits[TARGET])) - _mix_price(block, members)


def _mix_price(block: Block, members: np.ndarray) -> float:
    price = 0.0
    for r in range(block.mix_kind.size):
        codes = block.mix[members, r]
        counts = np.bincount(codes[codes >= 0], minlength=block.mix_share.shape[1])
        known = int(counts.sum())
        if block.mix_kind[r] == 0:
            price += float(block.mix_weight[r] * (known - counts.max()))
        else:
            share = block.mix_share[r]
            unmet = np.abs(counts[:-1] - known * share[:-1]).sum() + known * (share[-1] - share[:-1].sum())
            price += float(block.mix_weight[r] * 0.5 * unmet)
    return price
