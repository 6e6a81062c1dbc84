"""When two rankings say the same, although their sums were rounded in another order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

Ranking = Sequence[tuple[str, float]]

TOLERANCE = 1e-9


def disagreements(answer: Ranking, everyone: Ranking, k: int, tolerance: float = TOLERANCE) -> list[str]:
    """What is wrong with an answer of at most k peers, given the oracle's ranking of everyone eligible.

    Peers whose scores differ by no more than the tolerance may change places, or one be there for the other.
    """
    wrong: list[str] = []
    truth = dict(everyone)
    named = [peer for peer, _ in answer]
    if len(answer) != min(k, len(everyone)):
        wrong.append(f"{len(answer)} peers where {min(k, len(everyone))} of {len(everyone)} were due")
    wrong += [f"{peer} is there twice" for peer in sorted(set(named)) if named.count(peer) > 1]
    wrong += [f"{peer} is not eligible" for peer in named if peer not in truth]
    wrong += [
        f"{peer} scores {score!r}, not {truth[peer]!r}"
        for peer, score in answer
        if peer in truth and not abs(score - truth[peer]) <= tolerance
    ]
    for (peer, score), (after, lower) in itertools.pairwise(answer):
        if (-score, peer) > (-lower, after):
            wrong.append(f"{peer} stands before {after}: {score!r}, {lower!r}")
    if answer:
        worst = min(score for _, score in answer)
        passed_over = [(peer, score) for peer, score in everyone if peer not in named and score > worst + tolerance]
        wrong += [f"{peer} with {score!r} was passed over for {worst!r}" for peer, score in passed_over]
    return wrong
