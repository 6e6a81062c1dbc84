"""Building an index from a stream of profiles."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import date

from matcher.catalog import default_catalog
from matcher.eligibility.filter import OnlineFilter
from matcher.eligibility.relations import Relations
from matcher.embedding.encoder import Encoder
from matcher.embedding.population import FacetMeans
from matcher.embedding.rows import RowCoder
from matcher.embedding.weights import FacetWeights
from matcher.index.contents import Contents
from matcher.index.population_means import estimated_means
from matcher.index.renumbering import renumbered
from matcher.index.shelves import Shelves
from matcher.index.slots import Slots
from matcher.members.collector import collector_paused
from matcher.members.profile import MemberProfile

BUILD_CHUNK = 1 << 14
FIT_SAMPLE = 20_000


def built(
    members: Iterable[MemberProfile],
    as_of: date,
    weights: FacetWeights | None,
    means: FacetMeans | None,
    relations: Relations | None,
    progress: Callable[[int], None] | None,
) -> Contents:
    """What an index of ``members`` is made of; arguments as in :meth:`MemberIndex.build`."""
    catalog = default_catalog()
    slots = Slots(RowCoder(catalog))
    eligibility = OnlineFilter(relations or Relations())
    slot_of: dict[str, int] = {}
    stream = iter(members)
    with collector_paused():
        while latest := {member.member_id: member for member in itertools.islice(stream, BUILD_CHUNK)}:
            chunk, first = list(latest.values()), len(slots)
            for name in latest.keys() & slot_of.keys():
                eligibility.discard(slots.record(slot_of[name]), slot_of[name])
            slots.append(chunk, as_of)
            eligibility.add(chunk, first, as_of)
            slot_of.update(zip(latest, range(first, len(slots)), strict=True))
            if progress is not None:
                progress(len(slot_of))
    slots, eligibility = renumbered(slots, eligibility, slot_of, as_of)
    slot_of = {name: slot for slot, name in enumerate(slots.ids)}
    rows = slots.rows
    step = max(1, rows.size // FIT_SAMPLE)
    encoder = Encoder.fit(rows[::step], catalog, slots.coder.groups())
    estimated = means if means is not None else estimated_means(slots, eligibility, slot_of)
    shelves = Shelves.arrange(rows, encoder, catalog.family_of, catalog.domain_of)
    return Contents(
        slots, eligibility, shelves, encoder, as_of, weights or FacetWeights.buddy(), estimated, means is not None
    )
