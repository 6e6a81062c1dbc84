"""What an index works out anew when it is arranged: the order of its slots, and the means of its population."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from matcher.eligibility.filter import LIVE, OnlineFilter
from matcher.embedding.population import SAMPLE_SIZE, FacetMeans
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


def estimated_means(slots: Slots, eligibility: OnlineFilter, slot_of: dict[str, int]) -> FacetMeans:
    """As :meth:`FacetMeans.estimate`, from rows that are coded already."""
    bits = eligibility.bits
    matchable = bits.get(LIVE) & bits.get("consent") & bits.get("active")
    flags = np.unpackbits(matchable.view(np.uint8), bitorder="little")
    names = sorted(name for name, slot in slot_of.items() if flags[slot])
    if len(names) > SAMPLE_SIZE:
        picks = np.linspace(0, len(names) - 1, SAMPLE_SIZE).round().astype(np.int64)
        names = [names[pick] for pick in picks]
    chosen: npt.NDArray[np.int64] = np.array([slot_of[name] for name in names], dtype=np.int64)
    return FacetMeans.of_rows(slots.rows[chosen], slots.coder.groups())
