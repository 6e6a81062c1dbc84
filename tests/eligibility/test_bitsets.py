"""Bit sets against Python's own sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.eligibility.bitsets import (
    BitSets,
    all_but,
    and_into,
    clear_bits,
    copied,
    count_bits,
    in_both,
    or_into,
    slots_of_bits,
)
from tests.oracle import strategies

SLOTS = st.sets(st.one_of(st.integers(0, 2000), st.sampled_from((0, 63, 64, 127, 128, 1023, 1024))))


def packed(slots: set[int], sets: BitSets, key: str) -> None:
    sets.grow(max(slots, default=0) + 1)
    sets.add(key, sorted(slots))


def unpacked(sets: BitSets, key: str, first_slot: int = 0) -> list[int]:
    words = sets.get(key)
    return [int(slot) for slot in slots_of_bits(words, first_slot, count_bits(words))]


@strategies.UNHURRIED
@given(SLOTS, SLOTS, SLOTS, st.integers(0, 2100))
def test_they_are_sets(one: set[int], other: set[int], gone: set[int], first_slot: int) -> None:
    sets = BitSets(10)
    packed(one, sets, "one")
    packed(other, sets, "other")
    sets.grow(2001)
    assert unpacked(sets, "one") == sorted(one)
    assert unpacked(sets, "one", first_slot) == sorted(slot for slot in one if slot >= first_slot)
    assert unpacked(sets, "nobody") == []
    union = sets.union(["one", "other", "nobody"])
    assert slots_of_bits(union, 0, 4096).tolist() == sorted(one | other)
    both = in_both(sets.get("one"), sets.get("other"))
    assert slots_of_bits(both, 0, 4096).tolist() == sorted(one & other)
    others = all_but(sets.get("one"))
    assert slots_of_bits(others, 0, 4096).tolist() == sorted({*range(64 * others.size)} - one)
    for keys, members in ((["one", "other", "nobody"], one | other), (["one"], one), (["nobody"], set())):
        outside = sets.outside(keys)
        assert slots_of_bits(outside, 0, 4096).tolist() == sorted({*range(64 * outside.size)} - members)
    or_into(both, sets.get("one"))
    assert slots_of_bits(both, 0, 4096).tolist() == sorted(one)
    kept = copied(sets.get("one"))
    assert and_into(kept, sets.get("other")) == len(one & other) == count_bits(kept)
    assert unpacked(sets, "one") == sorted(one)
    clear_bits(sets.for_writing("one"), np.array(sorted(gone), dtype=np.int64))
    assert unpacked(sets, "one") == sorted(one - gone)


@strategies.UNHURRIED
@given(SLOTS, st.permutations(range(0, 300, 7)))
def test_renumbered_they_hold_the_same_members(one: set[int], kept: list[int]) -> None:
    sets = BitSets(10)
    packed(one, sets, "one")
    sets.grow(2001)
    chosen = sets.select(np.array(kept, dtype=np.int64), 2001)
    assert unpacked(chosen, "one") == [new for new, old in enumerate(kept) if old in one]
