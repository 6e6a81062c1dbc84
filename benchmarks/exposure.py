"""What it costs in score to show everybody: weights of exposure against how evenly members are shown.

Every member asks for ten buddies once a day, in a drawn order, for some days; what was shown counts as in the service.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.community import DAY, drawn
from benchmarks.tables import Table
from matcher import MemberIndex, recommend_buddies
from service.exposure import Exposures, gini

WEIGHTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
PEERS = 10
BATCH = 200
"""Requests between two looks at the counts: some seconds of a busy service."""
HALF_LIFE_DAYS = 7


@dataclass(slots=True)
class Outcome:
    """What came of one weight. Scores of the first day count as those of all others do."""

    scores: list[float] = field(default_factory=list)
    worst: float = 0.0
    shown: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """One table for each size."""
    days = 2 if quick else 4
    for size in sizes or ([600] if quick else [3000]):
        index = MemberIndex.build(drawn(size), DAY)
        seekers = [name for name in sorted(index.member_ids()) if recommend_buddies(index, name, 1).peers]
        yield _table(size, index, seekers, days)


def _table(size: int, index: MemberIndex, seekers: list[str], days: int) -> Table:
    table = Table(
        f"Load-aware recommendations: {size:,} members, {len(seekers):,} ask for {PEERS} buddies daily, {days} days",
        ["exposure_weight", "mean score", "lost", "most lost by one peer", "Gini", "most / mean", "never", "p50 ms"],
        notes=["lost: against weight 0; most lost: below the k-th best score of the same request; never: was shown to"
               " nobody, of those whom anybody may be shown"],
    )  # fmt: skip
    plain: float | None = None
    reachable = {peer.member_id for name in seekers for peer in recommend_buddies(index, name, 1000).peers}
    for weight in WEIGHTS:
        outcome = _simulated(index, seekers, weight, days)
        mean = float(np.mean(outcome.scores))
        plain = mean if plain is None else plain
        counts = np.sort(np.array([outcome.shown[name] for name in reachable], dtype=np.float64))
        table.add(
            weight,
            f"{mean:.4f}",
            f"{(1 - mean / plain) * 100:.2f}%",
            f"{outcome.worst:.4f}",
            f"{gini(counts, counts.size):.3f}",
            f"{counts[-1] / counts.mean():.1f}",
            f"{(counts == 0).mean() * 100:.1f}%",
            f"{np.median(outcome.seconds) * 1000:.2f}",
        )
    return table


def _simulated(index: MemberIndex, seekers: list[str], weight: float, days: int) -> Outcome:
    outcome, faded = Outcome(), dict[str, float]()
    order = np.random.default_rng(0)
    for _ in range(days):
        asking = [seekers[place] for place in order.permutation(len(seekers))]
        for first in range(0, len(asking), BATCH):
            now = Exposures(dict(faded), 1.0, {}, len(index))
            handicaps = now.handicaps(weight) if weight else None
            for seeker in asking[first : first + BATCH]:
                began = time.perf_counter()
                found = recommend_buddies(index, seeker, PEERS, handicaps=handicaps)
                outcome.seconds.append(time.perf_counter() - began)
                for peer in found.peers:
                    faded[peer.member_id] = faded.get(peer.member_id, 0.0) + 1
                    outcome.shown[peer.member_id] += 1
                    outcome.scores.append(peer.score)
                if weight and len(found.peers) == PEERS:
                    best = recommend_buddies(index, seeker, PEERS).peers[-1].score
                    outcome.worst = max(outcome.worst, best - min(peer.score for peer in found.peers))
        faded = {name: count * 0.5 ** (1 / HALF_LIFE_DAYS) for name, count in faded.items()}
    return outcome
