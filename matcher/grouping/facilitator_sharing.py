"""Which part of a divided cohort may give a facilitator more groups: the one where most wait whom nobody else can lead.

Only one part may, since two could give them the same hour. Facilitators are dealt out one after the other; what a
member counts for falls with every facilitator who could lead them already, as in greedy coverage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from matcher.grouping.block import Ids
from matcher.grouping.instance import Instance

MOST_LOOKED_AT, MOST_OF_A_PART, LEAST_OF_A_PART = 15_000, 150, 30
"""Members who are looked at, of those who wait and as many others: in all, and of each part."""
PLACED_COUNTS = 0.03
"""What a member counts for who has a place already, against 1 of who waits."""


def share_out(
    instance: Instance,
    members: Sequence[Ids],
    waits: npt.NDArray[np.bool_],
    led_in: Sequence[Mapping[int, Sequence[int]]],
    lots: np.random.Generator,
) -> Ids:
    """(f,) the part of each facilitator; about a millisecond for each who is not to be placed themselves.

    Args:
        instance: all of it.
        members: of each part.
        waits: (n,) whether a member has no group.
        led_in: of each part, the times of the groups there by facilitator.
        lots: the order of facilitators, and whom to look at.
    """
    parts = len(members)
    meetings: dict[int, list[tuple[int, int]]] = {}
    for number, slots_of in enumerate(led_in):
        for leader, slots in slots_of.items():
            meetings.setdefault(leader, []).extend((number, slot) for slot in slots)
    most = min(MOST_OF_A_PART, max(LEAST_OF_A_PART, MOST_LOOKED_AT // parts))
    looked = [_some(own[waits[own] == waiting], most, lots) for own in members for waiting in (True, False)]
    part_of = np.repeat(np.arange(2 * parts) // 2, [places.size for places, _ in looked])
    places = np.concatenate([places for places, _ in looked])
    masks = instance.masks[places]
    counts = np.concatenate([np.full(places.size, weight) for places, weight in looked])
    counts[~waits[places]] *= PLACED_COUNTS
    target = instance.cohort.spec.enrolled_sizes()[1]
    chosen: Ids = lots.integers(0, parts, len(instance.leaders.names))
    for leader in lots.permutation(len(instance.leaders.names)).tolist():
        if instance.leaders.member[leader] >= 0:  # who could have a place leads where that would be
            continue
        led = meetings.get(leader, [])
        spare = int(instance.leaders.room[leader]) - len(led)
        if spare <= 0:
            if led:
                chosen[leader] = np.bincount([number for number, _ in led]).argmax()
            continue
        free = instance.leaders.masks[leader].copy()
        for _, slot in led:
            free &= ~instance.overlap[slot]
        free &= instance.offered
        common = masks & free
        reached = common[:, : instance.slot_words].any(axis=1) & common[:, instance.slot_words :].any(axis=1)
        if not reached.any():
            continue
        here = np.bincount(part_of[reached], counts[reached], parts)
        best = int(here.argmax())
        chosen[leader] = best
        served = reached & (part_of == best)
        counts[served] *= np.exp(-spare * target / max(here[best], spare * target))
    return chosen


def _some(places: Ids, most: int, lots: np.random.Generator) -> tuple[Ids, float]:
    """At most so many of some members, and for how many each of them stands."""
    if places.size <= most:
        return places, 1.0
    return lots.choice(places, most, replace=False), places.size / most
