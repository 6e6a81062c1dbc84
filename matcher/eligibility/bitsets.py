"""Sets of member slots, one per attribute value, packed where large: a rule online is a few ANDs over them.

Whole sets are combined by functions of our own and not by numpy, which gives the interpreter lock back at every one.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_short

Words = npt.NDArray[np.uint64]
WORD_BITS = 64


def words_for(slots: int) -> int:
    """Words that hold ``slots`` bits."""
    return (slots + WORD_BITS - 1) // WORD_BITS


@compiled_short
def popcount(word: Any) -> int:
    """Number of set bits in a word."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled_short
def count_bits(words: Words) -> int:
    """Number of set bits."""
    total = 0
    for i in range(words.size):
        total += popcount(words[i])
    return total


@compiled_short
def and_into(kept: Words, allowed: Words) -> int:
    """``kept &= allowed``; returns how many bits are left. ``allowed`` may be longer."""
    total = 0
    for i in range(kept.size):
        kept[i] &= allowed[i]
        total += popcount(kept[i])
    return total


@compiled_short
def keep_only(kept: Words, allowed: Words) -> None:
    """``kept &= allowed``, uncounted: a third of the time. ``allowed`` may be longer."""
    for i in range(kept.size):
        kept[i] &= allowed[i]


@compiled_short
def leave_out(kept: Words, others: Words) -> None:
    """``kept &= ~others``."""
    for i in range(kept.size):
        kept[i] &= ~others[i]


@compiled_short
def copied(words: Words) -> Words:
    """A copy of one's own."""
    copy = np.empty_like(words)
    for i in range(words.size):
        copy[i] = words[i]
    return copy


@compiled_short
def or_into(kept: Words, more: Words) -> None:
    """``kept |= more``. ``kept`` may be longer."""
    for i in range(more.size):
        kept[i] |= more[i]


@compiled_short
def in_both(one: Words, other: Words) -> Words:
    """``one & other``."""
    both = np.empty_like(one)
    for i in range(one.size):
        both[i] = one[i] & other[i]
    return both


@compiled_short
def all_but(words: Words) -> Words:
    """``~words``."""
    others = np.empty_like(words)
    for i in range(words.size):
        others[i] = ~words[i]
    return others


@compiled_short
def set_bits(words: Words, slots: npt.NDArray[np.int64]) -> None:
    """Set the bits of ``slots``."""
    for i in range(slots.size):
        words[slots[i] >> 6] |= np.uint64(1) << np.uint64(slots[i] & 63)


@compiled_short
def clear_bits(words: Words, slots: npt.NDArray[np.int64]) -> None:
    """Clear the bits of ``slots``."""
    for i in range(slots.size):
        words[slots[i] >> 6] &= ~(np.uint64(1) << np.uint64(slots[i] & 63))


@compiled_short
def slots_of_bits(words: Words, first_slot: int, count: int) -> npt.NDArray[np.int64]:
    """The slots of the set bits from ``first_slot`` on, ascending; ``count`` is at least their number."""
    slots = np.empty(count, dtype=np.int64)
    found = 0
    for i in range(first_slot >> 6, words.size):
        word = words[i]
        if i == first_slot >> 6:
            word &= ~np.uint64(0) << np.uint64(first_slot & 63)
        while word != np.uint64(0):
            lowest = word & (~word + np.uint64(1))
            slots[found] = i * 64 + popcount(lowest - np.uint64(1))
            found += 1
            word ^= lowest
    return slots[:found]


class BitSets:
    """Sets of slots by key, all of one capacity, growing together.

    A set is a list of slots while that is smaller than a bit for everybody, and packed bits from then on: values that
    few share (a clinic, a word of somebody's own) cost what they hold, however many there are.

    Args:
        capacity: slots to make room for at first.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.words = words_for(capacity)
        self.packed: dict[Hashable, Words] = {}
        self.listed: dict[Hashable, array[int]] = {}
        self.empty: Words = np.zeros(self.words, dtype=np.uint64)

    def grow(self, slots: int) -> None:
        """Make room for ``slots`` bits; doubles, so that a slot costs O(1) amortised per set that exists."""
        if slots <= self.words * WORD_BITS:
            return
        self.words = max(2 * self.words, words_for(slots))
        self.packed = {key: self._longer(words) for key, words in self.packed.items()}
        self.empty = self._longer(self.empty)

    def _longer(self, words: Words) -> Words:
        longer: Words = np.zeros(self.words, dtype=np.uint64)
        longer[: words.size] = words
        return longer

    def add(self, key: Hashable, slots: Sequence[int]) -> None:
        """Put ``slots`` into the set of ``key``."""
        words = self.packed.get(key)
        if words is None:
            listed = self.listed.get(key)
            if listed is None:
                listed = self.listed[key] = array("q")
            listed.extend(slots)
            if len(listed) > self.words:
                self.for_writing(key)
        else:
            set_bits(words, np.array(slots, dtype=np.int64))

    def get(self, key: Hashable) -> Words:
        """The set of ``key`` as bits, empty if nobody has it. Not to be written to."""
        words = self.packed.get(key)
        if words is not None:
            return words
        return self.union([key]) if key in self.listed else self.empty

    def for_writing(self, key: Hashable) -> Words:
        """The set of ``key`` as bits that may be written to, made if it is new."""
        words = self.packed.get(key)
        if words is None:
            words = self.packed[key] = copied(self.get(key))
            self.listed.pop(key, None)
        return words

    def drop(self, key: Hashable) -> None:
        """Empty the set of ``key``."""
        self.packed.pop(key, None)
        self.listed.pop(key, None)

    def union(self, keys: Sequence[Hashable]) -> Words:
        """Members who have any of ``keys``. Not to be written to."""
        if len(keys) == 1 and keys[0] in self.packed:
            return self.packed[keys[0]]
        found = copied(self.empty)
        for key in keys:
            words = self.packed.get(key)
            if words is not None:
                or_into(found, words)
            elif key in self.listed:
                set_bits(found, np.array(self.listed[key], dtype=np.int64))
        return found

    def outside(self, keys: Sequence[Hashable]) -> Words:
        """Members who have none of ``keys``, which are not empty. The caller's own."""
        found: Words | None = None
        listed = []
        for key in keys:
            words = self.packed.get(key)
            if words is None:
                listed.append(key)
            elif found is None:
                found = all_but(words)
            else:
                leave_out(found, words)
        if found is None:
            found = all_but(self.empty)
        for key in listed:
            if key in self.listed:
                clear_bits(found, np.array(self.listed[key], dtype=np.int64))
        return found

    def copy(self) -> BitSets:
        """The same sets, to be changed apart from these."""
        copy = BitSets(0)
        copy.words, copy.empty = self.words, self.empty
        copy.packed = {key: copied(words) for key, words in self.packed.items()}
        copy.listed = {key: listed[:] for key, listed in self.listed.items()}
        return copy

    def select(self, kept: npt.NDArray[np.int64], slots: int) -> BitSets:
        """The same sets over renumbered slots: new slot i is old slot ``kept[i]``."""
        chosen = BitSets(max(1024, kept.size))
        for key, words in self.packed.items():
            flags = np.unpackbits(words.view(np.uint8), bitorder="little")[:slots][kept]
            if flags.any():
                packed = np.packbits(flags, bitorder="little")
                chosen.for_writing(key).view(np.uint8)[: packed.size] = packed
        new_slot = np.full(slots, -1, dtype=np.int64)
        new_slot[kept] = np.arange(kept.size)
        for key, listed in self.listed.items():
            moved = new_slot[np.array(listed, dtype=np.int64)]
            moved = moved[moved >= 0]
            if moved.size:
                chosen.add(key, moved.tolist())
        return chosen
