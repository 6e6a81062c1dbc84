"""How tight is the encoder's bound, and does it ever lie below the truth?

The truth is the arithmetic mean of both fits, put together here from the nine kernels of each pair; the bound is the
inner product of 129 float32. Slack is the one less the other: below zero by more than float32 rounding would be a
defect, and the less of it the fewer members a search has to score.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.community import DAY, Insides, drawn
from benchmarks.measuring import seconds_of
from benchmarks.tables import Table, verdict
from matcher.catalog import default_catalog
from matcher.embedding.encoder import GRID_WIDTHS
from matcher.embedding.rows import Rows
from matcher.embedding.vectors import AXES, BUCKETS, DIMENSIONS
from matcher.index.member_index import MemberIndex
from matcher.members.vocabulary import KINDS
from matcher.scoring.fit import Scoring

SIZES = (100_000,)
PAIRS, QUICK_PAIRS = 1_000_000, 100_000
PEERS_EACH = 100
SLACK_BAR, DIMENSIONS_BAR = 0.03, 129
ROUNDING = 1e-6
FACETS = (("procedure", 0), ("topics", 2), ("interests", 6), ("stage", 1), ("age", 7))
"""Blocks of a vector in their order, with the part of the score that each stands for."""
SPARSE = (0, 2, 6)


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """Two tables a size: slack, and where the dimensions go."""
    for size in sizes or ((20_000,) if quick else SIZES):
        index = MemberIndex.build(drawn(size), DAY)
        yield _slack_table(index, QUICK_PAIRS if quick else PAIRS)
        yield _blocks_table(index, QUICK_PAIRS)


def _slack_table(index: MemberIndex, pairs: int) -> Table:
    table = Table(
        f"The encoder's bound over {pairs:,} random pairs of {len(index):,} members",
        ("kind", "mean slack", "p95", "largest", "least", "never below", "bar on the mean"),
        notes=(
            "Slack: inner product less exact mean of both fits; the least includes the margin for float32 rounding.",
        ),
    )
    for kind in KINDS:
        slack = slacks(Insides(index), Insides(index).scoring(kind), pairs)
        table.add(
            kind,
            f"{slack.mean():.4f}",
            f"{np.percentile(slack, 95):.4f}",
            f"{slack.max():.4f}",
            f"{slack.min():.2e}",
            "yes" if slack.min() >= -ROUNDING else "NO",
            verdict(float(slack.mean()), SLACK_BAR if kind == "buddy" else None),
        )
    return table


def slacks(insides: Insides, scoring: Scoring, pairs: int) -> npt.NDArray[np.float64]:
    """Inner product less exact arithmetic mean, for ``pairs`` pairs at random."""
    slack = []
    for one, peers in _groups_of_pairs(insides, pairs):
        query = insides.encoder.query(one, scoring.weights, scoring.means, scoring.mentoring)
        slack.append(insides.encoder.items(peers) @ query - _means(scoring.parts(one, peers), scoring))
    return np.concatenate(slack)


def _means(parts: npt.NDArray[np.float64], scoring: Scoring) -> npt.NDArray[np.float64]:
    known = np.where(parts[:, :8] < 0, scoring.means, parts[:, :8])
    there = known @ scoring.weights
    if scoring.mentoring:
        return np.asarray(there)
    back = np.where(parts[:, 8] < 0, scoring.means[3], parts[:, 8])
    return np.asarray(there + 0.5 * scoring.weights[3] * (back - known[:, 3]))


def _blocks_table(index: MemberIndex, pairs: int) -> Table:
    insides, catalog = Insides(index), default_catalog()
    scoring = insides.scoring("buddy")
    took, _ = seconds_of(insides.vectors)
    widths: tuple[int, ...] = (
        len(catalog.procedures) + len(catalog.families) + len(catalog.domains),
        len(catalog.topics.tags) + len(catalog.topics.groups),
        len(catalog.interests.tags) + len(catalog.interests.groups),
    )
    table = Table(
        f"Where the {DIMENSIONS} dimensions and the slack of a buddy's bound go",
        ("facet", "coordinates uncut", "dimensions", "how", "mean slack"),
        notes=(
            f"Encoding took {took.processor / len(index) * 1e6:.1f} cpu microseconds a member. Free tags not counted.",
        ),
    )
    slacks_by_facet = _block_slacks(insides, scoring, pairs)
    widths += GRID_WIDTHS
    for (name, part), (first, last), width, slack in zip(FACETS, _blocks(), widths, slacks_by_facet, strict=True):
        table.add(name, width, last - first, "norms" if part in SPARSE else "axes and a norm", f"{slack:.4f}")
    table.add("the others", "", DIMENSIONS - _blocks()[-1][1], "whole", "0")
    table.add("all", "", DIMENSIONS, verdict(DIMENSIONS, DIMENSIONS_BAR), "")
    return table


def _block_slacks(insides: Insides, scoring: Scoring, pairs: int) -> list[float]:
    """What each facet adds to the mean slack: its block of the inner product less its weighted kernel."""
    total = np.zeros(len(FACETS))
    for one, peers in _groups_of_pairs(insides, pairs):
        parts = scoring.parts(one, peers)
        mine, theirs = insides.encoder.items(one)[0].astype(np.float64), insides.encoder.items(peers)
        for place, ((_, part), (first, last)) in enumerate(zip(FACETS, _blocks(), strict=True)):
            product = (theirs[:, first:last] @ mine[first:last]).sum()
            total[place] += scoring.weights[part] * (product - np.maximum(parts[:, part], 0.0).sum())
    return [float(slack) for slack in total / pairs]


def _blocks() -> list[tuple[int, int]]:
    ends = np.cumsum([0, *BUCKETS, *(axes + 1 for axes in AXES)]).tolist()
    return list(itertools.pairwise(ends))


def _groups_of_pairs(insides: Insides, pairs: int) -> Iterator[tuple[Rows, Rows]]:
    rows, rng = insides.rows, np.random.default_rng(5)
    for _ in range(0, pairs, PEERS_EACH):
        seeker = int(rng.integers(rows.size))
        yield rows[seeker : seeker + 1], rows[rng.integers(rows.size, size=PEERS_EACH)]
