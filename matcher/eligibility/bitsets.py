"""Packed bit sets over member slots, one per attribute value: a rule online is a few ANDs over them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled

Words = npt.NDArray[np.uint64]
WORD_BITS = 64


def words_for(slots: int) -> int:
    """Words that hold ``slots`` bits."""
    return (slots + WORD_BITS - 1) // WORD_BITS


@compiled
def _popcount(word: Any) -> int:
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled
def count_bits(words: Words) -> int:
    """Number of set bits."""
    total = 0
    for i in range(words.size):
        total += _popcount(words[i])
    return total


@compiled
def and_into(kept: Words, allowed: Words) -> int:
    """``kept &= allowed``; returns how many bits are left. ``allowed`` may be longer."""
    total = 0
    for i in range(kept.size):
        kept[i] &= allowed[i]
        total += _popcount(kept[i])
    return total


@compiled
def set_bits(words: Words, slots: npt.NDArray[np.int64]) -> None:
    """Set the bits of ``slots``."""
    for i in range(slots.size):
        words[slots[i] >> 6] |= np.uint64(1) << np.uint64(slots[i] & 63)


@compiled
def clear_bits(words: Words, slots: npt.NDArray[np.int64]) -> None:
    """Clear the bits of ``slots``."""
    for i in range(slots.size):
        words[slots[i] >> 6] &= ~(np.uint64(1) << np.uint64(slots[i] & 63))


@compiled
def slots_of_bits(words: Words, first_word: int, count: int) -> npt.NDArray[np.int64]:
    """The slots of the set bits from ``first_word`` on, ascending; ``count`` is at least their number."""
    slots = np.empty(count, dtype=np.int64)
    found = 0
    for i in range(first_word, words.size):
        word = words[i]
        while word != np.uint64(0):
            lowest = word & (~word + np.uint64(1))
            slots[found] = i * 64 + _popcount(lowest - np.uint64(1))
            found += 1
            word ^= lowest
    return slots[:found]


class BitSets:
    """Bit sets by key, all of one capacity, growing together.

    Args:
        capacity: slots to make room for at first.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.words = words_for(capacity)
        self.by_key: dict[Hashable, Words] = {}
        self.empty: Words = np.zeros(self.words, dtype=np.uint64)

    def grow(self, slots: int) -> None:
        """Make room for ``slots`` bits; doubles, so that a slot costs O(1) amortised per set that exists."""
        if slots <= self.words * WORD_BITS:
            return
        self.words = max(2 * self.words, words_for(slots))
        self.by_key = {key: self._longer(words) for key, words in self.by_key.items()}
        self.empty = self._longer(self.empty)

    def _longer(self, words: Words) -> Words:
        longer: Words = np.zeros(self.words, dtype=np.uint64)
        longer[: words.size] = words
        return longer

    def get(self, key: Hashable) -> Words:
        """The set of ``key``, empty if nobody has it. Not to be written to."""
        return self.by_key.get(key, self.empty)

    def for_writing(self, key: Hashable) -> Words:
        """The set of ``key``, made if it is new."""
        words = self.by_key.get(key)
        if words is None:
            words = self.by_key[key] = np.zeros(self.words, dtype=np.uint64)
        return words

    def union(self, keys: list[Hashable]) -> Words:
        """Members who have any of ``keys``."""
        if len(keys) == 1:
            return self.get(keys[0])
        found: Words = self.empty.copy()
        for key in keys:
            words = self.by_key.get(key)
            if words is not None:
                np.bitwise_or(found, words, out=found)
        return found

    def select(self, kept: npt.NDArray[np.int64], slots: int) -> BitSets:
        """The same sets over renumbered slots: new slot i is old slot ``kept[i]``."""
        chosen = BitSets(max(1024, kept.size))
        for key, words in self.by_key.items():
            flags = np.unpackbits(words.view(np.uint8), bitorder="little")[:slots][kept]
            if flags.any():
                packed = np.packbits(flags, bitorder="little")
                chosen.for_writing(key).view(np.uint8)[: packed.size] = packed
        return chosen
