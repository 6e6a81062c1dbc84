"""Groups that a search has formed and could form again: the stuff that plans are put together from anew."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_in_place
from matcher.grouping.block import MAX, TOUCHED, Block, Ids, Longs, State, Words

MOST, MOST_A_UNIT = 1 << 15, 128
"""Groups that are remembered of a block: so many, or about so many for each unit."""


class Remembered(NamedTuple):
    """Feasible groups of a block, each once.

    Attributes:
        units: (c, max) of each, -1 at the end.
        leaders: (c, p) who led it.
        slots: (c,) when it met.
        members: (c,) how many.
        values: (c,) what it is worth.
        keys: (c,) a hash of all but the worth, which follows from it.
        table: (t,) where each key is, -1 where none is: open addressing.
        held: (1,) how many groups there are.
    """

    units: npt.NDArray[np.int32]
    leaders: Ids
    slots: Ids
    members: Ids
    values: npt.NDArray[np.float64]
    keys: Words
    table: npt.NDArray[np.int32]
    held: Longs


def nothing_remembered(block: Block, most: int) -> Remembered:
    """Room for about as many groups as there can be use for, ``most`` at most."""
    most = min(most, 1 << (MOST_A_UNIT * block.unit_start.size).bit_length())
    return Remembered(
        np.full((most, int(block.limits[MAX])), -1, np.int32),
        np.full((most, block.group_leaders.shape[1]), -1, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.zeros(most),
        np.zeros(most, np.uint64),
        np.full(2 * most, -1, np.int32),
        np.zeros(1, np.int64),
    )


@compiled_in_place
def _scattered(number: int) -> np.uint64:
    """64 bits from a number (the finaliser of splitmix64; Steele and others 2014, doi:10.1145/2714064.2660195)."""
    x = np.uint64(number) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled_in_place
def remember(block: Block, state: State, known: Remembered, g: int) -> int:
    """Add group ``g``, as it is, unless it is known; returns its number, -1 if there is no room; O(members)."""
    at: int = known.held[0]
    if state.size[g] == 0 or at == known.keys.size:
        return -1
    key = _scattered(state.slot[g] + 1)
    for p in range(known.leaders.shape[1]):
        key += _scattered(state.leaders[g, p] + (1 << 20))
    units = 0
    for k in range(state.size[g]):
        unit = block.unit_of[state.members[g, k]]
        if block.unit_members[block.unit_start[unit]] == state.members[g, k]:
            known.units[at, units] = unit
            units += 1
            key += _scattered(unit + (1 << 40))
    mask = known.table.size - 1
    place = np.int64(key >> np.uint64(20)) & mask
    while known.table[place] >= 0:
        if known.keys[known.table[place]] == key:
            there: int = known.table[place]
            return there
        place = (place + 1) & mask
    for k in range(units, known.units.shape[1]):
        known.units[at, k] = -1
    for p in range(known.leaders.shape[1]):
        known.leaders[at, p] = state.leaders[g, p]
    known.slots[at], known.members[at], known.values[at] = state.slot[g], state.size[g], state.value[g]
    known.keys[at], known.table[place] = key, at
    known.held[0] = at + 1
    return at


@compiled
def remember_all(block: Block, state: State, known: Remembered) -> Ids:
    """Add all groups of a plan; returns the numbers of those for which there was room."""
    found = np.empty(state.size.size, np.int64)
    count = 0
    for g in range(state.size.size):
        found[count] = remember(block, state, known, g)
        if found[count] >= 0:
            count += 1
    return found[:count]


@compiled_in_place
def remember_new(block: Block, state: State, known: Remembered, before: Ids) -> None:
    """Add the groups in which somebody is who was elsewhere ``before``; O(members of the block)."""
    if known.held[0] == known.keys.size:
        return
    seen = state.numbers[TOUCHED]
    for g in range(state.size.size):
        seen[g] = 0
    for i in range(before.size):
        if before[i] != state.group_of[i]:
            if before[i] >= 0:
                seen[before[i]] = 1
            if state.group_of[i] >= 0:
                seen[state.group_of[i]] = 1
    for g in range(state.size.size):
        if seen[g] == 1:
            remember(block, state, known, g)


@compiled_in_place
def _enter(known: Remembered) -> None:
    mask = known.table.size - 1
    known.table[:] = -1
    for at in range(known.held[0]):
        place = np.int64(known.keys[at] >> np.uint64(20)) & mask
        while known.table[place] >= 0:
            place = (place + 1) & mask
        known.table[place] = at


def retain(known: Remembered, kept: Ids) -> None:
    """Forget all but some of the groups, which come to stand in the order given."""
    for array in (known.units, known.leaders, known.slots, known.members, known.values, known.keys):
        array[: kept.size] = array[kept]
    known.held[0] = kept.size
    _enter(known)


def merge(into: Remembered, other: Remembered) -> None:
    """Add the groups of ``other`` that are not known yet, as many as there is room for."""
    count, size = int(into.held[0]), int(other.held[0])
    fresh = np.flatnonzero(~np.isin(other.keys[:size], into.keys[:count]))[: into.keys.size - count]
    pairs: Any = zip(into[:6], other[:6], strict=True)
    for to, source in pairs:
        to[count : count + fresh.size] = source[fresh]
    into.held[0] = count + fresh.size
    _enter(into)
