"""The event queue of a search: a binary heap of (time, first, second) over plain arrays.

Times are exact integers in half units. What ``first`` and ``second`` mean is the searches' business; entries that have
become void are left in place and dropped by whoever takes them out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled_in_place


class Events(NamedTuple):
    """A heap; ``size[0]`` entries are alive."""

    time: npt.NDArray[np.int64]
    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    size: npt.NDArray[np.int64]


def room_for(capacity: int) -> Events:
    """An empty heap for at most ``capacity`` entries; memory is taken only as entries come (16 bytes each)."""
    return Events(
        np.empty(capacity, np.int64), np.empty(capacity, np.int32), np.empty(capacity, np.int32), np.zeros(1, np.int64)
    )


@compiled_in_place
def push(events: Events, time: int, first: int, second: int) -> None:
    """Put an entry in; O(log size)."""
    at = events.size[0]
    events.size[0] = at + 1
    while at > 0:
        above = (at - 1) >> 1
        if events.time[above] <= time:
            break
        events.time[at] = events.time[above]
        events.first[at] = events.first[above]
        events.second[at] = events.second[above]
        at = above
    events.time[at] = time
    events.first[at] = first
    events.second[at] = second


@compiled_in_place
def drop_first(events: Events) -> None:
    """Take the earliest entry out; O(log size)."""
    last = events.size[0] - 1
    events.size[0] = last
    if last == 0:
        return
    time, first, second = events.time[last], events.first[last], events.second[last]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        if below + 1 < last and events.time[below + 1] < events.time[below]:
            below += 1
        if events.time[below] >= time:
            break
        events.time[at] = events.time[below]
        events.first[at] = events.first[below]
        events.second[at] = events.second[below]
        at = below
    events.time[at] = time
    events.first[at] = first
    events.second[at] = second
