"""The candidate graph: members as nodes, their best eligible peers as weighted edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from matcher.eligibility.funnel import Funnel

WEIGHT_SCALE = 1_000_000
"""Edge weights are scores times this, rounded: whole numbers make certificates exact."""
NOTHING_OUTSIDE = -1


@dataclass(frozen=True, slots=True, eq=False)
class CandidateGraph:
    """Edges between eligible pairs, and for each member what was left out.

    Attributes:
        member_ids: (n,) id of each node, ascending.
        u: (m,) int32, the smaller node of each edge; for mentoring the seeker.
        v: (m,) int32, the larger node; for mentoring the mentor.
        weight: (m,) int64 scores in millionths.
        outside: (n,) int64: no eligible pair of this member that is not an edge scores more; -1 where every eligible
            pair is an edge.
        eligible: (n,) int32 how many peers the hard rules leave each member.
    """

    member_ids: tuple[str, ...]
    u: npt.NDArray[np.int32]
    v: npt.NDArray[np.int32]
    weight: npt.NDArray[np.int64]
    outside: npt.NDArray[np.int64]
    eligible: npt.NDArray[np.int32]
    _funnel: Callable[[str], Funnel] = field(repr=False)

    def __len__(self) -> int:
        return len(self.member_ids)

    def funnel(self, node: int) -> Funnel:
        """How many members each hard rule took from a node: why it has few edges, or none."""
        return self._funnel(self.member_ids[node])
