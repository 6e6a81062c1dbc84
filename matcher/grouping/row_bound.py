"""An upper bound on what any plan is worth: nobody fits a group better than the few whom they would fit best.

A member of a group of n has the mean of n - 1 scores, at most the mean of their best n - 1 scores, and that falls as n
grows: so nobody's fit exceeds the mean of their best ``least - 1`` scores with members they may share a group with,
where ``least`` is the smallest group. The worst fit of a group is no larger than anybody's in it, and prices are never
negative. This is the row bound of the maximally diverse grouping problem, on the members who may meet.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled
from matcher.grouping.block import Block
from matcher.grouping.masks import shares_both


@compiled
def best_fits(block: Block) -> npt.NDArray[np.float64]:
    """(n,) what no member's fit exceeds in any group; -1 for who can be in none, since too few may be with them.

    O(n^2 k) for groups of at least k.
    """
    n, slot_words = block.unit_of.size, block.limits[7]
    k = block.limits[0] - 1
    best = np.empty(k)
    found = np.empty(n)
    for i in range(n):
        row = block.affinity[i]
        count = 0
        for j in range(n):
            score = row[j]
            if score < 0.0 or i == j or (count == k and score <= best[k - 1]):
                continue
            if not shares_both(block.masks[i], block.masks[j], slot_words):
                continue
            at = min(count, k - 1)
            while at > 0 and best[at - 1] < score:
                best[at] = best[at - 1]
                at -= 1
            best[at] = score
            count = min(k, count + 1)
        total = 0.0
        for at in range(k):
            total += best[at]
        found[i] = total / k if count == k else -1.0
    return found


def row_bound(block: Block) -> float:
    """What no plan of the block's members is worth more than."""
    fits = best_fits(block)
    return float((1.0 + block.prices[0]) * fits[fits > 0.0].sum())
