"""Who a search is for, and what it found."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.eligibility.funnel import Funnel
from matcher.embedding.rows import Rows
from matcher.index.search_plan import TopMembers
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
