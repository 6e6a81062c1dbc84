"""Which time, or language, most of some units share: counted for 64 of them at once.

Counters stand upright: one word holds the lowest digit of 64 counters, the next their second digit, and so on, so that
adding a mask to all of them is one addition with carry, word by word (carry-save addition; Knuth, The Art of Computer
Programming 4A, 7.1.3).
"""

from __future__ import annotations

import numpy as np

from matcher.compilation import compiled_in_place
from matcher.grouping.block import CANDIDATES, DIGITS, PLANES, Block, Ids, State, Words
from matcher.grouping.lots import draw
from matcher.grouping.masks import lowest_bit


@compiled_in_place
def led_by(block: Block, unit: int, leader: int) -> bool:
    """Whether a facilitator may lead everybody of a unit."""
    for k in range(block.unit_start[unit], block.unit_start[unit + 1]):
        if block.leader_may[leader, block.unit_members[k]] == 0:
            return False
    return True


@compiled_in_place
def most_common_bit(
    block: Block, state: State, base: Words, first: int, last: int, pool: Ids, count: int, leader: int, chosen: Ids
) -> int:
    """How many members of a pool share the bit of ``base`` that most share, and in ``chosen[0]`` which bit that is.

    Two groups' worth, rounded up to a power of two, counts like any more, so that plenty is chosen from by lot. Some
    nanoseconds a unit and word.

    Args:
        block: the block.
        state: for its lots.
        base: a mask with a bit in the words.
        first: of the words of ``base`` that count; ``chosen`` counts from here.
        last: the word after them.
        pool: units.
        count: of them.
        leader: who may not lead a unit does not count it; -1 for nobody.
        chosen: (1,) written.
    """
    digits = 1
    while digits < DIGITS - 1 and 1 << digits < 2 * block.limits[2]:
        digits += 1
    planes, candidates = state.words[PLANES:], state.words[CANDIDATES]
    for w in range(last - first):
        candidates[w] = base[first + w]
        for at in range(digits + 1):  # the last one: so many, or more
            planes[at, w] = np.uint64(0)
    for c in range(count):
        unit = pool[c]
        if leader >= 0 and not led_by(block, unit, leader):
            continue
        begin, end = block.unit_start[unit], block.unit_start[unit + 1]
        for w in range(first, last):
            word = base[w]
            for k in range(begin, end):
                word &= block.masks[block.unit_members[k], w]
            for _ in range(begin, end):
                carry = word
                at = 0
                while at < digits and carry != np.uint64(0):
                    both = planes[at, w - first] & carry
                    planes[at, w - first] ^= carry
                    carry = both
                    at += 1
                planes[digits, w - first] |= carry
    best = 0
    for at in range(digits, -1, -1):
        found = False
        for w in range(last - first):
            found = found or candidates[w] & planes[at, w] != np.uint64(0)
        if found:
            best += 1 << at
            for w in range(last - first):
                candidates[w] &= planes[at, w]
            if at == digits:
                break
    ties = 0
    for w in range(last - first):
        word = candidates[w]
        while word != np.uint64(0):
            bit = 64 * w + lowest_bit(word)
            word &= word - np.uint64(1)
            ties += 1
            if draw(state.lots, ties) == 0:
                chosen[0] = bit
    return best
