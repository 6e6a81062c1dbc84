"""Masks: rows of words, one bit for each meeting time, then one for each language."""

from __future__ import annotations

import numpy as np

from matcher.compilation import compiled_in_place
from matcher.grouping.block import Words

_SEQUENCE = 0x03F79D71B4CB0A89
"""A de Bruijn sequence: any six bits in a row stand in it at one place only (Leiserson, Prokop and Randall 1998)."""
_AT = np.zeros(64, np.int64)
for _at in range(64):
    _AT[(_SEQUENCE << _at & 2**64 - 1) >> 58] = _at


@compiled_in_place
def lowest_bit(word: np.uint64) -> int:
    """Position of the lowest set bit of a word that is not 0; some nanoseconds."""
    lowest = word & (~word + np.uint64(1))
    at: int = _AT[np.int64((lowest * np.uint64(_SEQUENCE)) >> np.uint64(58))]
    return at


@compiled_in_place
def shared(base: Words, mask: Words, slot_words: int) -> int:
    """What two masks have in common: 1 a time, 2 a language, 3 both, 0 nothing."""
    found = 0
    for w in range(base.size):
        if base[w] & mask[w] != np.uint64(0):
            found |= 1 if w < slot_words else 2
    return found


@compiled_in_place
def shares_both(base: Words, mask: Words, slot_words: int) -> bool:
    """Whether two masks have a time and a language in common."""
    return shared(base, mask, slot_words) == 3
