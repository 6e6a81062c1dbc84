"""Which of some groups to form, so that nobody is in two: a search that puts one in, and takes out what is in its way.

Simulated annealing on the set packing problem. What an inserted group frees is filled greedily, by what a group is
worth beyond the prices of its members.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place
from matcher.grouping.block import Floats, Ids, Words
from matcher.grouping.lots import Lots, accepts, draw, none, share

Rows = npt.NDArray[np.int32]


class Choice(NamedTuple):
    """Groups to choose from. There are u units and f facilitators.

    Attributes:
        units: (c, k) whom a group takes: its units, and its facilitators' own; -1 at the end.
        leaders: (c, p) facilitators.
        slots: (c,) meeting times.
        worth: (c,) places included.
        rest: (c,) worth less the prices of what it takes.
        start: (u + 1,) where the groups of a unit begin in ``of_unit``.
        of_unit: groups by unit.
        room: (f,) groups that a facilitator may lead.
        overlap: (s, w) mask of the meeting times that overlap each one.
        most: groups in all.
    """

    units: Rows
    leaders: Ids
    slots: Ids
    worth: Floats
    rest: Floats
    start: Ids
    of_unit: Ids
    room: Ids
    overlap: Words
    most: int


class Packed(NamedTuple):
    """Which groups are formed.

    Attributes:
        chosen: (c,) the groups, in no order.
        place: (c,) where each stands there, -1 for one that is not formed.
        taken: (u,) by which group, or -1.
        led: (f, r) groups that a facilitator leads.
        load: (f,) how many.
        formed: (1,) groups.
    """

    chosen: Ids
    place: Ids
    taken: Ids
    led: Ids
    load: Ids
    formed: Ids


@compiled_in_place
def _add(choice: Choice, packed: Packed, c: int) -> None:
    packed.place[c] = packed.formed[0]
    packed.chosen[packed.formed[0]] = c
    packed.formed[0] += 1
    for k in range(choice.units.shape[1]):
        if choice.units[c, k] >= 0:
            packed.taken[choice.units[c, k]] = c
    for p in range(choice.leaders.shape[1]):
        leader = choice.leaders[c, p]
        packed.led[leader, packed.load[leader]] = c
        packed.load[leader] += 1


@compiled_in_place
def _remove(choice: Choice, packed: Packed, c: int) -> None:
    packed.formed[0] -= 1
    last = packed.chosen[packed.formed[0]]
    packed.chosen[packed.place[c]] = last
    packed.place[last] = packed.place[c]
    packed.place[c] = -1
    for k in range(choice.units.shape[1]):
        if choice.units[c, k] >= 0:
            packed.taken[choice.units[c, k]] = -1
    for p in range(choice.leaders.shape[1]):
        leader = choice.leaders[c, p]
        packed.load[leader] -= 1
        for q in range(packed.load[leader]):
            if packed.led[leader, q] == c:
                packed.led[leader, q] = packed.led[leader, packed.load[leader]]


@compiled_in_place
def _overlaps(choice: Choice, one: int, other: int) -> bool:
    slot = choice.slots[other]
    return bool(choice.overlap[choice.slots[one], slot >> 6] >> np.uint64(slot & 63) & np.uint64(1) != np.uint64(0))


@compiled_in_place
def _goes(choice: Choice, packed: Packed, c: int) -> bool:
    """Whether a group can be formed besides those that are."""
    for k in range(choice.units.shape[1]):
        if choice.units[c, k] >= 0 and packed.taken[choice.units[c, k]] >= 0:
            return False
    for p in range(choice.leaders.shape[1]):
        leader = choice.leaders[c, p]
        if packed.load[leader] >= choice.room[leader]:
            return False
        for q in range(packed.load[leader]):
            if _overlaps(choice, c, packed.led[leader, q]):
                return False
    return bool(packed.formed[0] < choice.most)


@compiled_in_place
def _make_way(choice: Choice, packed: Packed, c: int, lots: Lots, gone: Ids) -> int:
    """Take out what is in the way of a group, into ``gone``; returns how many groups that is."""
    count = 0
    for k in range(choice.units.shape[1]):
        if choice.units[c, k] >= 0 and packed.taken[choice.units[c, k]] >= 0:
            gone[count] = packed.taken[choice.units[c, k]]
            _remove(choice, packed, gone[count])
            count += 1
    for p in range(choice.leaders.shape[1]):
        leader = choice.leaders[c, p]
        q = 0
        while q < packed.load[leader]:
            if _overlaps(choice, c, packed.led[leader, q]):
                gone[count] = packed.led[leader, q]
                _remove(choice, packed, gone[count])
                count += 1
            else:
                q += 1
        if packed.load[leader] >= choice.room[leader]:
            gone[count] = packed.led[leader, draw(lots, packed.load[leader])]
            _remove(choice, packed, gone[count])
            count += 1
    if packed.formed[0] >= choice.most:
        gone[count] = packed.chosen[draw(lots, packed.formed[0])]
        _remove(choice, packed, gone[count])
        count += 1
    return count


@compiled_in_place
def _fill_up(choice: Choice, packed: Packed, freed: Ids, count: int, lots: Lots, added: Ids, already: int) -> int:
    """Form what is worth most with units of some groups that are gone, into ``added``; returns how many are there."""
    for at in range(count):
        for k in range(choice.units.shape[1]):
            unit = choice.units[freed[at], k]
            if unit < 0 or packed.taken[unit] >= 0:
                continue
            best, best_rest = none(), -1e300
            for e in range(choice.start[unit], choice.start[unit + 1]):
                c = choice.of_unit[e]
                rated = choice.rest[c] + share(lots)
                if rated > best_rest and _goes(choice, packed, c):
                    best, best_rest = c, rated
            if best >= 0:
                _add(choice, packed, best)
                added[already] = best
                already += 1
    return already


@compiled_in_place
def _note(packed: Packed, best: Ids) -> int:
    """Write which groups are formed; returns how many."""
    for at in range(packed.formed[0]):
        best[at] = packed.chosen[at]
    count: int = packed.formed[0]
    return count


def pack(choice: Choice, packed: Packed, start: Ids, lots: Lots, steps: int, hot: float, cold: float) -> Ids:
    """Anneal for ``steps`` insertions; returns the groups of the best packing seen.

    Args:
        choice: what to choose from.
        packed: empty; changed.
        start: groups to begin with, those before others that they do not go with.
        lots: the generator.
        steps: some microseconds each.
        hot: temperature of the first step, in worth.
        cold: of the last.
    """
    units = choice.start.size - 1
    gone, added = np.empty(units + 8, np.int64), np.empty(units + 8, np.int64)
    best = np.empty(choice.slots.size, np.int64)
    return best[: _anneal(choice, packed, start, lots, steps, hot, cold, gone, added, best)]


@compiled_in_place
def _anneal(
    choice: Choice,
    packed: Packed,
    start: Ids,
    lots: Lots,
    steps: int,
    hot: float,
    cold: float,
    gone: Ids,
    added: Ids,
    best: Ids,
) -> int:
    """As :func:`pack`, with room for groups taken out and put in; writes the best packing, returns how many it has."""
    groups, units = choice.slots.size, choice.start.size - 1
    for c in start:
        if _goes(choice, packed, c):
            _add(choice, packed, c)
    total = 0.0
    for at in range(packed.formed[0]):
        total += choice.worth[packed.chosen[at]]
    kept, best_total = _note(packed, best), total
    temperature = hot
    for turn in range(steps):
        if turn & 63 == 0:
            temperature = hot * (cold / hot) ** (turn / steps)
        c = draw(lots, groups)
        unit = draw(lots, units)
        if packed.taken[unit] < 0 and choice.start[unit] < choice.start[unit + 1]:
            c = choice.of_unit[choice.start[unit] + draw(lots, choice.start[unit + 1] - choice.start[unit])]
        if packed.place[c] >= 0:
            continue
        dropped = _make_way(choice, packed, c, lots, gone)
        _add(choice, packed, c)
        added[0] = c
        count = _fill_up(choice, packed, gone, dropped, lots, added, 1)
        change = 0.0
        for at in range(count):
            change += choice.worth[added[at]]
        for at in range(dropped):
            change -= choice.worth[gone[at]]
        if accepts(lots, change, temperature):
            total += change
            if total > best_total + 1e-9:
                kept, best_total = _note(packed, best), total
        else:
            for at in range(count):
                _remove(choice, packed, added[at])
            for at in range(dropped):
                _add(choice, packed, gone[at])
    return int(kept)
