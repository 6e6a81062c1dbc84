"""The slots of an index: who stands where, coded for the facets. Append-only; a member who changes moves to a new
slot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from matcher.embedding.rows import FACET_ROW, Events, RowCoder, Rows
from matcher.index.growing import GrowingArray
from matcher.members.profile import MemberProfile
from matcher.members.record import MemberRecord, pack_record, unpack_record


class Slots:
    """Parallel arrays over slots: ids, packed records, facet rows and procedures.

    What a slot holds never changes, so a reader that knows how many slots there were may go on reading them.
    """

    def __init__(
        self,
        coder: RowCoder,
        ids: list[str] | None = None,
        packed: list[bytes] | None = None,
        rows: Rows | None = None,
        events: Events | None = None,
    ) -> None:
        self.coder = coder
        self.ids: list[str] = [] if ids is None else ids
        self.packed: list[bytes] = [] if packed is None else packed
        self._rows = GrowingArray(np.empty(0, dtype=FACET_ROW) if rows is None else rows)
        if events is None:
            events = Events(np.empty(0, np.int16), np.empty(0, np.int32), np.zeros(1, np.int64))
        self._codes, self._days, self._starts = (GrowingArray(part) for part in events)

    def __len__(self) -> int:
        return len(self.ids)

    def append(self, members: Sequence[MemberProfile], as_of: date) -> None:
        """Give ``members`` the next slots."""
        events = self.coder.events(members)
        rows = self.coder.rows(members, events, as_of)
        self._append([member.member_id for member in members], map(pack_record, members), rows, events)

    def append_slots(self, others: Slots, kept: npt.NDArray[np.int64]) -> None:
        """Give whom the slots ``kept`` of ``others`` hold the next slots. Both stand for the same day."""
        places = kept.tolist()
        packed = [others.packed[i] for i in places]
        self._append([others.ids[i] for i in places], packed, others.rows[kept], others.events_of(kept))

    def _append(self, ids: list[str], packed: Iterable[bytes], rows: Rows, events: Events) -> None:
        self._rows.append(rows)
        self._starts.append(events.starts[1:] + len(self._codes))
        self._codes.append(events.codes)
        self._days.append(events.days)
        self.packed.extend(packed)
        self.ids.extend(ids)

    @property
    def rows(self) -> Rows:
        """(slots,) of FACET_ROW."""
        return self._rows.items

    @property
    def events(self) -> Events:
        """Procedures of every slot."""
        return Events(self._codes.items, self._days.items, self._starts.items)

    def record(self, slot: int) -> MemberRecord:
        """The record at ``slot``."""
        return unpack_record(self.packed[slot])

    def events_of(self, kept: npt.NDArray[np.int64]) -> Events:
        """Procedures of the slots ``kept``, in that order."""
        events = self.events
        counts = np.diff(events.starts)[kept]
        starts = np.zeros(kept.size + 1, dtype=np.int64)
        np.cumsum(counts, out=starts[1:])
        flat = np.arange(int(starts[-1])) + np.repeat(events.starts[:-1][kept] - starts[:-1], counts)
        return Events(events.codes[flat], events.days[flat], starts)

    def renumbered(self, kept: npt.NDArray[np.int64], as_of: date) -> Slots:
        """New slots with only the old ones ``kept``, in that order, their stages computed for ``as_of``."""
        events = self.events_of(kept)
        rows = self.rows[kept]
        self.coder.set_stages(rows, events, as_of)
        places = kept.tolist()
        return Slots(self.coder, [self.ids[i] for i in places], [self.packed[i] for i in places], rows, events)
