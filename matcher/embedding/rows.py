"""Profiles as fixed-size rows: the facts that the facets read, coded against the catalogue for one day.

A row is 128 bytes, so a candidate costs two cache lines to score and a million members 128 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.catalog import Catalog
from matcher.compilation import compiled_in_place
from matcher.members.profile import MAX_INTERESTS, MAX_TOPICS, MemberProfile
from matcher.members.stage import NO_DAY, primary_event, stage_band, stage_value
from matcher.members.vocabulary import CADENCES, CHANNELS, SUPPORT_TYPES

UNKNOWN = -1

FACET_ROW = np.dtype(
    [
        ("u", np.float64),
        ("topic_norm", np.float64),
        ("interest_norm", np.float64),
        ("procedure", np.int16),
        ("family", np.int16),
        ("domain", np.int16),
        ("birth_year", np.int16),
        ("band", np.int8),
        ("cadence", np.int8),
        ("needs", np.uint8),
        ("offers", np.uint8),
        ("channels", np.uint8),
        ("topic_count", np.uint8),
        ("interest_count", np.uint8),
        ("spare", np.uint8),
        ("topics", np.int16, (MAX_TOPICS,)),
        ("interests", np.int32, (MAX_INTERESTS,)),
    ]
)
"""``procedure``, ``birth_year`` (0) and ``cadence`` hold -1 or 0 where unknown; ``band`` is -1 without a dated
procedure; ``needs``, ``offers`` and ``channels`` are bit masks in vocabulary order, 0 where unknown. ``interests``
holds catalogue codes, then codes of free tags above them; a free tag that nobody indexed has is negative."""

Rows = npt.NDArray[Any]


class Events(NamedTuple):
    """Procedures of many members, flat: member i owns ``starts[i]:starts[i + 1]``."""

    codes: npt.NDArray[np.int16]
    days: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]


TagGroups = tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]
"""(tags,) group code of every topic, and of every catalogue interest. A plain tuple, because numba's cache on disk
refers to named ones by name and cannot be read any more once they are renamed."""


TAG_SHARE, GROUP_SHARE = 0.7, 0.3
"""A tag is one unit vector: this much of its square on its own coordinate, the rest on its group's."""


def mask_of(values: Sequence[str], vocabulary: Sequence[str]) -> int:
    """Bit mask of ``values`` in the order of ``vocabulary``."""
    return sum(1 << vocabulary.index(value) for value in values)


class MaskCache(dict[tuple[str, ...], int]):
    """Masks of the few tuples that occur, so that a million profiles cost a million look-ups and no arithmetic."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def __missing__(self, values: tuple[str, ...]) -> int:
        mask = self[values] = mask_of(values, self._vocabulary)
        return mask


@compiled_in_place
def tag_inner_product(
    one: npt.NDArray[Any], count_one: int, other: npt.NDArray[Any], count_other: int, groups: npt.NDArray[np.int16]
) -> float:
    """Inner product of two tag sets in the two-level vocabulary; a free tag is its own group."""
    total = 0.0
    for i in range(count_one):
        tag = one[i]
        if 0 <= tag < groups.size:
            group = groups[tag]
            for j in range(count_other):
                peer = other[j]
                if peer == tag:
                    total += 1.0
                elif 0 <= peer < groups.size and groups[peer] == group:
                    total += 0.3
        else:
            for j in range(count_other):
                if other[j] == tag:
                    total += 1.0
    return total


@compiled_in_place
def _set_norms(rows: Rows, groups: TagGroups) -> None:
    for i in range(rows.size):
        row = rows[i]
        row.topic_norm = np.sqrt(tag_inner_product(row.topics, row.topic_count, row.topics, row.topic_count, groups[0]))
        row.interest_norm = np.sqrt(
            tag_inner_product(row.interests, row.interest_count, row.interests, row.interest_count, groups[1])
        )


@compiled_in_place
def set_stages(
    rows: Rows,
    codes: npt.NDArray[np.int16],
    days: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int64],
    family_of: npt.NDArray[np.int16],
    domain_of: npt.NDArray[np.int16],
    recovery_days: npt.NDArray[np.int32],
    as_of: int,
) -> None:
    """Write what depends on the day into ``rows``: primary procedure and stage. O(events)."""
    for i in range(rows.size):
        row = rows[i]
        first = starts[i]
        position = primary_event(days[first : starts[i + 1]], as_of)
        row.u = 0.0
        row.band = -1
        if position < 0:
            row.procedure = -1
            row.family = -1
            row.domain = -1
            continue
        code = codes[first + position]
        row.procedure = code
        row.family = family_of[code]
        row.domain = domain_of[code]
        day = days[first + position]
        if day != -2147483648:
            row.u = stage_value(as_of - day, recovery_days[code])
            row.band = stage_band(as_of - day, recovery_days[code])


@dataclass(slots=True)
class RowCoder:
    """Codes profiles into rows. Learns free interest tags as it goes; everything else comes from the catalogue."""

    catalog: Catalog
    free_tags: dict[str, int] = field(default_factory=dict)

    def groups(self) -> TagGroups:
        """The vocabularies' group tables, as compiled code takes them."""
        return self.catalog.topics.group_of, self.catalog.interests.group_of

    def events(self, members: Sequence[MemberProfile]) -> Events:
        """All procedures of ``members``, flat."""
        place = self.catalog.place
        codes = [place(event.procedure) for member in members for event in member.procedures]
        days = [NO_DAY if e.date is None else e.date.toordinal() for member in members for e in member.procedures]
        starts = np.zeros(len(members) + 1, dtype=np.int64)
        np.cumsum([len(member.procedures) for member in members], out=starts[1:])
        return Events(np.array(codes, dtype=np.int16), np.array(days, dtype=np.int32), starts)

    def _interest_code(self, tag: str, learn: bool) -> int:
        code = self.catalog.interests.code(tag)
        if code is not None:
            return code
        known = self.free_tags.get(tag)
        if known is None:
            if not learn:
                return UNKNOWN - 1
            known = self.free_tags[tag] = len(self.catalog.interests.tags) + len(self.free_tags)
        return known

    def rows(self, members: Sequence[MemberProfile], events: Events, as_of: date, *, learn: bool = True) -> Rows:
        """Code ``members``: (n,) of :data:`FACET_ROW`.

        Args:
            members: the profiles.
            events: their procedures, as :meth:`events` gives them.
            as_of: the day for which stages are computed.
            learn: give new free tags a code; without it they match nothing, which is what an unsaved profile needs.
        """
        rows = np.zeros(len(members), dtype=FACET_ROW)
        support, channels = MaskCache(SUPPORT_TYPES), MaskCache(CHANNELS)
        rows["birth_year"] = [member.birth_year or 0 for member in members]
        rows["cadence"] = [UNKNOWN if m.cadence is None else CADENCES.index(m.cadence) for m in members]
        rows["needs"] = [support[member.needs] for member in members]
        rows["offers"] = [support[member.offers] for member in members]
        rows["channels"] = [channels[member.channels] for member in members]
        topic_code = self.catalog.topics.code
        self._fill(rows, "topics", "topic_count", [[topic_code(tag) or 0 for tag in m.topics] for m in members])
        self._fill(
            rows,
            "interests",
            "interest_count",
            [[self._interest_code(tag, learn) for tag in m.interests] for m in members],
        )
        for member_row in np.flatnonzero((rows["interests"] < UNKNOWN).any(axis=1)):
            tags = rows["interests"][member_row]  # tags unknown to the index differ from each other, too
            unseen = np.flatnonzero(tags < UNKNOWN)
            tags[unseen] = UNKNOWN - 1 - np.arange(unseen.size)
        _set_norms(rows, self.groups())
        self.set_stages(rows, events, as_of)
        return rows

    def set_stages(self, rows: Rows, events: Events, as_of: date) -> None:
        """Recompute in place what depends on the day."""
        catalog = self.catalog
        set_stages(rows, *events, catalog.family_of, catalog.domain_of, catalog.recovery_days, as_of.toordinal())

    @staticmethod
    def _fill(rows: Rows, tags: str, count: str, codes: list[list[int]]) -> None:
        counts = np.fromiter(map(len, codes), dtype=np.int64, count=len(codes))
        flat = np.fromiter((code for row in codes for code in row), dtype=np.int64, count=int(counts.sum()))
        row_of = np.repeat(np.arange(len(codes)), counts)
        within = np.arange(flat.size) - np.repeat(np.cumsum(counts) - counts, counts)
        rows[tags][row_of, within] = flat
        rows[count] = counts
