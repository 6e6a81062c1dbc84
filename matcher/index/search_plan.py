"""The planner: how one search reaches its exact top k with the least work, and what certifies it.

1. Few eligible: look at each, and score those whose bound by procedure and stage may reach the best (plan ``gather``).
2. Else open the shelves with the highest bounds until they hold some hundreds of eligible members and score those:
   the k-th best is a threshold, and every other shelf whose bound does not reach it is done with.
3. What is left is scanned shelf by shelf in falling order of bound, the threshold rising, until no shelf reaches it:
   members whose brief says that they may reach it are scored (plan ``shelves``). Where much is left and interests
   weigh much, of which briefs tell nothing, FAISS sweeps it instead: only vectors whose inner product, an upper bound
   of the score, exceeds the threshold are scored (plan ``sweep``).

Members that came since the shelves were arranged are scored one by one. Nobody unscored can beat the k-th best: the
bound of their shelf, or their own inner product, does not exceed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.eligibility.bitsets import Words, slots_of_bits
from matcher.embedding.encoder import Encoder
from matcher.embedding.facets import INTERESTS
from matcher.embedding.rows import Rows
from matcher.index.best_of import best_among, highest_scores, joined, opened_ids, shut_ids
from matcher.index.ordered_scan import scan_slots
from matcher.index.shelves import Shelves
from matcher.scoring.fit import Scoring

GATHER_LIMIT = 600
"""Up to so many eligible members are looked at one by one: they are scattered, and memory is what costs."""
SEED_ROWS = 200
"""Eligible members scored before sweeping; more find a better threshold, fewer cost less."""
SWEEP_FROM = 6000
"""Eligible members expected on the shelves that are left, from which FAISS may sweep instead."""
SWEEP_FROM_INTERESTS = 0.25
"""Weight of the seeker's interests from which it does: of all facets they alone are not in the briefs of a scan, and
one that can leave out next to nobody by them costs more than a sweep."""
SWEEP_SLACK = 2e-6
"""Taken off the threshold for float32; the encoder's margin is larger, so ties are kept."""


@dataclass(frozen=True, slots=True)
class TopMembers:
    """The best members of one search.

    Attributes:
        slots: (m,) best first; ties by member id.
        scores: (m,) float64 exact scores.
        bound: nobody who was not scored can score more than this.
        plan: ``gather``, ``shelves`` or ``sweep``.
        scored: how many exact scores competed.
    """

    slots: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    bound: float
    plan: str
    scored: int


class Begun(NamedTuple):
    """A search that has opened the shelves with the highest bounds and knows what must be beaten.

    Attributes:
        seeker: (1,) of FACET_ROW.
        eligible: bit set of those who may be answered.
        eligible_count: how many that are.
        k: how many are wanted.
        bounds: (shelves,) bound of every shelf.
        opened: (shelves,) flags: those whose eligible are scored.
        slots: who was scored.
        scores: their exact scores.
        best: (k,) the best of them, ascending.
        left: shelves that may hold one of the k best and are not opened.
    """

    seeker: Rows
    eligible: Words
    eligible_count: int
    k: int
    bounds: npt.NDArray[np.float64]
    opened: npt.NDArray[np.bool_]
    slots: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    best: npt.NDArray[np.float64]
    left: npt.NDArray[np.int64]

    def eligible_left(self, shelves: Shelves) -> float:
        """How many eligible members are to be expected on the shelves that are left."""
        return shelves.rows_on(self.left) * self.eligible_count / shelves.size

    def radius(self) -> float:
        """What an inner product must exceed for its member to matter."""
        return float(self.best[0]) - SWEEP_SLACK


def search(
    shelves: Shelves,
    rows: Rows,
    ids: Sequence[str],
    seeker: Rows,
    eligible: Words,
    eligible_count: int,
    k: int,
    scoring: Scoring,
    encoder: Encoder,
) -> TopMembers:
    """The exact ``min(k, eligible_count)`` best members.

    Args:
        shelves: arrangement of the first slots.
        rows: (slots,) of FACET_ROW, the later ones not on shelves yet.
        ids: member id by slot, for ties.
        seeker: (1,) of FACET_ROW.
        eligible: bit set of those who may be answered.
        eligible_count: how many that are.
        k: how many are wanted, at least 1.
        scoring: weights and means of the request.
        encoder: the one the shelves' vectors were made with.
    """
    begun = begin(shelves, rows, ids, seeker, eligible, eligible_count, k, scoring)
    if isinstance(begun, TopMembers):
        return begun
    if begun.eligible_left(shelves) <= SWEEP_FROM or _interests_weigh(seeker, scoring) < SWEEP_FROM_INTERESTS:
        return scanned(begun, shelves, rows, ids, scoring)
    query = encoder.query(seeker, scoring.weights, scoring.means, scoring.mentoring)
    return swept(begun, shelves.above(begun.left, eligible, query, begun.radius()), shelves, rows, ids, scoring)


def _interests_weigh(seeker: Rows, scoring: Scoring) -> float:
    return float(scoring.weights[INTERESTS]) if seeker[0]["interest_count"] else 0.0


def begin(
    shelves: Shelves,
    rows: Rows,
    ids: Sequence[str],
    seeker: Rows,
    eligible: Words,
    eligible_count: int,
    k: int,
    scoring: Scoring,
) -> Begun | TopMembers:
    """What :func:`search` does before it sweeps or scans: the answer if so few are eligible that all are looked at."""
    if eligible_count <= max(GATHER_LIMIT, k):
        slots, scores, passed_over = scan_slots(
            slots_of_bits(eligible, 0, eligible_count),
            seeker,
            rows,
            scoring.groups,
            scoring.weights,
            scoring.means,
            scoring.mentoring,
            min(k, max(1, eligible_count)),
        )
        best_slots, best_scores = _top(slots, scores, ids, k)
        return TopMembers(best_slots, best_scores, passed_over, "gather", slots.size)
    late = slots_of_bits(eligible, shelves.size, min(eligible_count, rows.size - shelves.size))
    bounds = shelves.bounds(seeker, scoring)
    wanted = int(max(SEED_ROWS, 2 * k) * shelves.size / eligible_count) + 1
    while True:
        opened = shelves.best(bounds, wanted)
        slots = shelves.eligible_on(opened_ids(opened), eligible, late)
        if slots.size >= k or wanted >= shelves.size:
            break
        wanted *= 4
    scores = scoring.slots(seeker, rows, slots)
    best = highest_scores(scores, k)
    left = shut_ids(bounds, opened, best[0])
    return Begun(seeker, eligible, eligible_count, k, bounds, opened, slots, scores, best, left)


def scanned(begun: Begun, shelves: Shelves, rows: Rows, ids: Sequence[str], scoring: Scoring) -> TopMembers:
    """The end of a search that opens the shelves that are left, in falling order of their bounds."""
    more, scores = np.empty(0, np.int64), np.empty(0)
    if begun.left.size:
        more, scores = shelves.scan(
            begun.left, begun.bounds, begun.eligible, begun.seeker, rows, scoring, begun.best.copy()
        )
    return _ended(begun, more, scores, shelves, ids, "shelves", -1.0)


def swept(
    begun: Begun, more: npt.NDArray[np.int64], shelves: Shelves, rows: Rows, ids: Sequence[str], scoring: Scoring
) -> TopMembers:
    """The end of a search that swept the shelves that are left and found ``more`` above its radius."""
    scores = scoring.slots(begun.seeker, rows, more)
    return _ended(begun, more, scores, shelves, ids, "sweep", begun.radius())


def _ended(
    begun: Begun,
    more: npt.NDArray[np.int64],
    more_scores: npt.NDArray[np.float64],
    shelves: Shelves,
    ids: Sequence[str],
    plan: str,
    swept_to: float,
) -> TopMembers:
    slots, scores = joined(begun.slots, begun.scores, more, more_scores)
    best_slots, best_scores = _top(slots, scores, ids, begun.k)
    # What certifies the answer: the highest bound of a shelf that stayed shut, or what was swept down to.
    bound = max(swept_to, shelves.highest_shut(begun.bounds, begun.opened, best_scores[-1]))
    return TopMembers(best_slots, best_scores, bound, plan, slots.size)


def _top(
    slots: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], ids: Sequence[str], k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The k best, best first, ties by member id."""
    slots, scores = best_among(slots, scores, k)
    ranked = sorted((-score, ids[slot], slot) for score, slot in zip(scores.tolist(), slots.tolist(), strict=True))[:k]
    return np.array([slot for _, _, slot in ranked], dtype=np.int64), np.array([-score for score, _, _ in ranked])
