"""Slots without the dark ones, made beside those in use and brought level with them before they take their place.

What takes long, a few microseconds a member, is made from a copy while the index goes on answering and changing; who
changed meanwhile is carried over afterwards, in ever smaller rounds, the last of which is short enough for everybody
to wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np

from matcher.eligibility.filter import OnlineFilter
from matcher.index.bounds import shelf_keys
from matcher.index.slots import Slots


def renumbered(
    slots: Slots, eligibility: OnlineFilter, slot_of: dict[str, int], as_of: date
) -> tuple[Slots, OnlineFilter]:
    """Slots without the dark ones, in the order of their shelves, so that a shelf is read from memory in one go."""
    kept = np.fromiter(slot_of.values(), dtype=np.int64, count=len(slot_of))
    rows = slots.rows[kept]
    slots.coder.set_stages(rows, slots.events_of(kept), as_of)
    kept = kept[np.lexsort((kept, shelf_keys(rows)))]
    return slots.renumbered(kept, as_of), eligibility.renumbered(kept, len(slots))


class Renumbering:
    """New slots and what goes with them. Begin it, and finish it, while nobody changes the index.

    Args:
        slots: those in use; only ever appended to.
        eligibility: the filter over them, copied here.
        slot_of: who has which of them, copied here.
        as_of: the day for which they stand.

    Attributes:
        slots: the new ones, once :meth:`make` is done; so are ``eligibility`` and ``slot_of``.
    """

    def __init__(self, slots: Slots, eligibility: OnlineFilter, slot_of: Mapping[str, int], as_of: date) -> None:
        self._old = slots
        self.slots = slots
        self.eligibility = eligibility.copy()
        self.slot_of = dict(slot_of)
        self._as_of = as_of
        self._changed: dict[str, None] = {}

    @property
    def behind(self) -> int:
        """How many changed since they were last carried over."""
        return len(self._changed)

    def note(self, member_ids: Iterable[str]) -> None:
        """Say who came, changed, left, or has more or fewer places taken."""
        self._changed.update(dict.fromkeys(member_ids))

    def make(self) -> None:
        """Make the new slots of what stood at the beginning."""
        self.slots, self.eligibility = renumbered(self._old, self.eligibility, self.slot_of, self._as_of)
        self.slot_of = {name: slot for slot, name in enumerate(self.slots.ids)}

    def changed(self, slot_of: Mapping[str, int]) -> dict[str, int | None]:
        """Who has to be carried over, and their slots in use now. Only while nobody changes the index."""
        changed, self._changed = self._changed, {}
        return {name: slot_of.get(name) for name in changed}

    def carry_over(self, changed: Mapping[str, int | None]) -> None:
        """Give each of ``changed`` a new slot as they stand now, and make their earlier one dark."""
        for name in changed:
            earlier = self.slot_of.pop(name, None)
            if earlier is not None:
                self.eligibility.discard(self.slots.record(earlier), earlier)
        there = {name: slot for name, slot in changed.items() if slot is not None}
        first = len(self.slots)
        self.slots.append_slots(self._old, np.fromiter(there.values(), dtype=np.int64, count=len(there)))
        if there:
            self.eligibility.add((self._old.record(slot) for slot in there.values()), first, self._as_of)
        self.slot_of.update((name, slot) for slot, name in enumerate(there, first))
