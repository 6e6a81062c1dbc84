"""How far a grouping is, for whoever waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["reading", "bound", "construction", "search", "description", "diagnosis"]


@dataclass(frozen=True, slots=True)
class GroupingProgress:
    """One report.

    Attributes:
        phase: what is being done.
        placed: members in groups, in the best plan so far.
        objective: that plan's total.
        upper_bound: no plan has a larger total; infinite until it is known.
        share_done: of the time or of the iterations, from 0 to 1.
    """

    phase: Phase
    placed: int
    objective: float
    upper_bound: float
    share_done: float
