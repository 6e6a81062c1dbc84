"""The brute-force ranking of everybody for one member, kept as arrays so that hundreds of seekers take seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from matcher import MemberProfile, Recommendations
from tests.oracle.score import Kind
from tests.oracle.vectorised import VectorisedOracle

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Truth:
    """Everybody eligible, best first."""

    ids: list[str]
    scores: npt.NDArray[np.float64]
    score_of: Mapping[str, float]

    @classmethod
    def of(
        cls,
        oracle: VectorisedOracle,
        seeker: MemberProfile,
        kind: Kind,
        weights: Mapping[str, float],
        means: Mapping[str, float],
        most: int,
    ) -> Self:
        """The ranking by the oracle; names stand for the first ``most`` places and those tied with the last of them."""
        scores = oracle.scores(seeker, kind, weights, means)
        rows = np.flatnonzero(oracle.rules.eligible(seeker, kind))
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        ranked = scores[rows]
        last = ranked[min(most, ranked.size) - 1] if ranked.size else 0.0
        named = int(np.searchsorted(-ranked, -(last - 2 * TOLERANCE), side="right"))
        ids = [oracle.member_ids[row] for row in rows[:named]]
        return cls(ids, ranked, dict(zip(ids, ranked[:named].tolist(), strict=True)))


def complaints(answer: Recommendations, truth: Truth) -> list[str]:
    """What is wrong with an answer; an id may differ from the oracle's only within a tie."""
    wrong: list[str] = []
    due = min(answer.k, truth.scores.size)
    named = [peer.member_id for peer in answer.peers]
    if len(named) != due:
        wrong.append(f"{len(named)} peers where {due} were due")
    if answer.funnel.eligible != truth.scores.size:
        wrong.append(f"funnel says {answer.funnel.eligible} eligible, not {truth.scores.size}")
    if not answer.certified:
        wrong.append("not certified")
    if len(set(named)) != len(named):
        wrong.append("somebody is there twice")
    for rank, peer in enumerate(answer.peers[:due]):
        expected = truth.scores[rank]
        if not abs(peer.score - expected) <= TOLERANCE:
            wrong.append(f"rank {rank}: score {peer.score!r}, not {expected!r}")
        own = truth.score_of.get(peer.member_id)
        if own is None or not abs(own - peer.score) <= TOLERANCE:
            wrong.append(f"rank {rank}: {peer.member_id} scores {own!r}, not {peer.score!r}")
        around = truth.scores[max(0, rank - 1) : rank + 2]
        if np.count_nonzero(np.abs(around - expected) <= 2 * TOLERANCE) == 1 and peer.member_id != truth.ids[rank]:
            wrong.append(f"rank {rank}: {peer.member_id} where {truth.ids[rank]} stands alone")
    for one, after in zip(answer.peers, answer.peers[1:], strict=False):
        if (-one.score, one.member_id) > (-after.score, after.member_id):
            wrong.append(f"{one.member_id} before {after.member_id}")
    return wrong
