"""Who a search is for, and what it found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.eligibility.funnel import Funnel
from matcher.embedding.rows import Rows
from matcher.index.search_plan import TopMembers
from matcher.index.shelves import alike_to
from matcher.index.slots import Slots
from matcher.members.record import MemberRecord
from matcher.scoring.fit import Scoring


@dataclass(frozen=True, slots=True, eq=False)
class Seeker:
    """Who a search is for: a stored member or an unsaved profile.

    Attributes:
        record: the profile's facts.
        row: (1,) of FACET_ROW.
    """

    record: MemberRecord
    row: Rows

    @property
    def looks_at_all(self) -> bool:
        """Whether a search has to look at most of all members, at some nanoseconds each: of somebody without a
        procedure nearly everybody may turn out to be the best peer."""
        return alike_to(self.row)

    @property
    def rules_out_few(self) -> bool:
        """Whether it has to score many of them, too: of somebody who tells of interests but of no topics nothing that
        a look shows rules out whoever can be talked to."""
        return self.looks_at_all and bool(self.row["topic_count"][0] == 0 < self.row["interest_count"][0])


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a search found, and what it read: slots never change, so all of it stays consistent.

    Attributes:
        top: slots and exact scores, best first.
        slots: the slots that ``top`` names.
        funnel: how many each rule removed.
        scoring: what the scores depend on.
    """

    top: TopMembers
    slots: Slots
    funnel: Funnel
    scoring: Scoring


@dataclass(frozen=True, slots=True, eq=False)
class FoundTogether:
    """What one of many searches found.

    Attributes:
        top: slots and exact scores, best first.
        slots: the slots that ``top`` names.
        eligible: how many peers the hard rules leave.
    """

    top: TopMembers
    slots: Slots
    eligible: int


@dataclass(frozen=True, slots=True, eq=False)
class Everybody:
    """All members of an index, for batches.

    Attributes:
        ids: ascending.
        slots: (n,) the slot of each.
        alike: (n,) positions in ``ids``, in an order in which neighbours seek alike: by procedure, stage and id.
    """

    ids: list[str]
    slots: npt.NDArray[np.int64]
    alike: npt.NDArray[np.int64]
