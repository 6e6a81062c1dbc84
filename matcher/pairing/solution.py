"""What a solver hands back: the plan, how good it surely is, and why anyone is left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Why = Literal["no_candidates", "below_threshold", "parity_or_capacity", "outcompeted"]


@dataclass(frozen=True, slots=True, eq=False)
class OddSets:
    """k sets of n members; any two are apart, or one holds the other.

    Attributes:
        home: (n,) int32, the smallest set that holds each member; -1 for none.
        parent: (k,) int32, the smallest set around each set, whose number is larger; -1 for none.
        z: (k,) int64 >= 0, their duals, in half units.
        boundary_start: (k + 1,) int64, where the boundary edges of each set begin.
        boundary: edges out of each set that count as covered by it.
    """

    home: npt.NDArray[np.int32]
    parent: npt.NDArray[np.int32]
    z: npt.NDArray[np.int64]
    boundary_start: npt.NDArray[np.int64]
    boundary: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.z)


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """Duals that bound every plan, in half units of the objective's weights.

    Attributes:
        y: (n,) int64 >= 0.
        odd_sets: sets of members with their ``z``, nested.
        y_all_pairs: (n,) int64 >= 0, or None without ``outside``: duals that cover the pairs outside the graph as well.
        pair_prize: what a pair counts beside its score; 0 but for the objective ``coverage``, where one pair more
            outweighs all scores together.
    """

    y: npt.NDArray[np.int64]
    odd_sets: OddSets
    y_all_pairs: npt.NDArray[np.int64] | None
    pair_prize: int


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A member without any partner.

    Attributes:
        member: the id.
        why: ``no_candidates`` no edge, or all banned; ``below_threshold`` all edges below it; ``parity_or_capacity``
            somebody has to be left over whatever the scores; ``outcompeted`` others fit better.
        score_rise: if all this member's scores were higher by this, the member would surely be paired; None where that
            is unknown or no rise would do.
    """

    member: int
    why: Why
    score_rise: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BlockingPairs:
    """Pairs outside the plan whose members would both gain by leaving for each other.

    Attributes:
        edges: (k,) int64 edge numbers, the largest gain first.
        sizes: (k,) int64, what the one who gains less would gain (incumbents' bonus included).
    """

    edges: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.edges)


@dataclass(frozen=True, slots=True, eq=False)
class PairingSolution:
    """A valid plan, and a bound on every other.

    Attributes:
        pairs: (k, 2) int32, the smaller id first, ascending.
        edges: (k,) int64, the same as edge numbers.
        total_weight: sum of the pairs' scores.
        objective_weight: what the bound bounds: scores, bonus of kept incumbents, and ``certificate.pair_prize`` a
        pair.
        upper_bound: no plan has a higher ``objective_weight``.
        gap: ``(upper_bound - objective_weight) / upper_bound``; with ``stable`` the price of stability at most.
        upper_bound_all_pairs: the same over all eligible pairs, those outside the graph included; None without
        ``outside``.
        certificate: shows the bounds.
        status: ``optimal`` if the plan is shown to be best (for ``stable``: has no blocking pair), else ``feasible``.
        unmatched: members without partner who have capacity, ascending, with reasons.
        blocking_pairs: under any objective.
        triads: (k, 3) int32: who joins, and the pair joined. The pairs stay in ``pairs``.
    """

    pairs: npt.NDArray[np.int32]
    edges: npt.NDArray[np.int64]
    total_weight: int
    objective_weight: int
    upper_bound: int
    gap: float
    upper_bound_all_pairs: int | None
    certificate: Certificate
    status: Literal["optimal", "feasible"]
    unmatched: tuple[Unmatched, ...]
    blocking_pairs: BlockingPairs
    triads: npt.NDArray[np.int32]
