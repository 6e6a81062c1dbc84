"""The means of the members that an index holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.eligibility.filter import LIVE, OnlineFilter
from matcher.embedding.population import SAMPLE_SIZE, FacetMeans
from matcher.index.slots import Slots


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
