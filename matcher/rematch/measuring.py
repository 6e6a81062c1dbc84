"""The figures of :mod:`matcher.rematch.metrics` of whole plans, the same of every plan so that they stand side by side:
the ties of each kind, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.embedding.weights import FacetWeights
from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.members.vocabulary import Kind
from matcher.rematch.everyone import Everyone, Floats
from matcher.rematch.metrics import (
    Bools,
    Places,
    blocking_pairs,
    churn,
    exposure_gini,
    fit_by_facet,
    gap,
    matched_share,
    most_partners,
    score_summary,
)
from matcher.rematch.tie_rules import Ints

SCORE_BINS = 40


@dataclass(frozen=True, slots=True, eq=False)
class KindPlan:
    """The ties of one kind in a plan, to be measured.

    Attributes:
        kind: ``buddy`` or ``mentor``.
        pairs: (m, 2) positions; for mentoring the seeker first.
        weights: of the facets.
        could: (n, 2) bool: who could have a buddy, or a mentor; and who could be somebody's mentor (``False`` for
            buddies). See :func:`matcher.rematch.possible.who_could`.
    """

    kind: Kind
    pairs: npt.NDArray[Any]
    weights: FacetWeights
    could: Bools


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of one plan and one kind of tie, or of all kinds; ``None`` where there is nothing to take them of.

    Each is the function of its name in :mod:`matcher.rematch.metrics`.

    Attributes:
        kind: ``buddy``, ``mentor`` or ``all``.
        ties: how many there are.
        matched, could: members with a tie, and members who could have one: of mentoring those who seek one.
        matched_share: matched of could.
        mean, median, tenth, worst_tenth: of the ties' mutual scores.
        facets: fit by facet.
        histogram: ties by mutual score in 40 equal bins from 0 to 1. What is shown of it pools bins of under 11.
        gini, most: exposure and the most partners; of mentoring for the mentors.
        blocking: blocking pairs; ``None`` for all kinds together.
        gap: how far below the best at most, where a bound is known.
        broken, churn: ties in force that could stand and are not in the plan, and their share.
    """

    kind: Literal["buddy", "mentor", "all"]
    ties: int
    matched: int
    could: int
    matched_share: float | None
    mean: float | None
    median: float | None
    tenth: float | None
    worst_tenth: float | None
    facets: Mapping[str, float]
    histogram: tuple[int, ...]
    gini: float | None
    most: int
    blocking: int | None = None
    gap: float | None = None
    broken: int | None = None
    churn: float | None = None


def loads_of(plan: KindPlan) -> Ints:
    """(n, 2) partners of everybody: buddies or mentors; and mentees."""
    n, pairs = len(plan.could), plan.pairs
    if plan.kind == "buddy":
        return np.stack([np.bincount(pairs.ravel(), minlength=n), np.zeros(n, np.int64)], axis=1)
    return np.stack([np.bincount(pairs[:, side], minlength=n) for side in (0, 1)], axis=1)


def tie_scores(everyone: Everyone, plan: KindPlan) -> Floats:
    """(m,) the exact mutual scores of the ties."""
    return everyone.scores(plan.pairs[:, 0], plan.pairs[:, 1], plan.kind, plan.weights)


def measure(
    everyone: Everyone,
    plan: KindPlan,
    edges: tuple[Places, Places, Places] | None = None,
    room: Ints | None = None,
    in_force: Places | None = None,
    bound: tuple[float, float] | None = None,
) -> Metrics:
    """All figures of one kind of tie.

    Args:
        everyone: the community.
        plan: the ties.
        edges: u, v and weight of the candidate graph, positions on both sides, if blocking pairs are to be counted.
        room: (n, 2) partners each may have, with ``edges``.
        in_force: ties that could stand, if churn is to be counted.
        bound: objective and upper bound, where there is a certificate.
    """
    scores, loads = tie_scores(everyone, plan), loads_of(plan)
    exposed = int(plan.kind == "mentor")
    blocking = None
    if edges is not None and room is not None:
        shift = len(everyone) * exposed
        nodes = plan.pairs.astype(np.int64) + np.array([0, shift])
        places = room.T.ravel() if exposed else room[:, 0]
        as_nodes = (edges[0], edges[1].astype(np.int64) + shift, edges[2])
        blocking = blocking_pairs(as_nodes, places, nodes, np.rint(scores * WEIGHT_SCALE).astype(np.int64))
    broken, share = (None, None) if in_force is None else churn(in_force, plan.pairs, len(everyone))
    having = _Having(scores, loads[:, 0], plan.could[:, 0], loads[plan.could[:, exposed], exposed])
    return _metrics(
        plan.kind,
        having,
        _facets(everyone, plan),
        blocking=blocking,
        gap=None if bound is None else gap(*bound),
        broken=broken,
        churn=share,
    )


def measure_all(everyone: Everyone, plans: Sequence[KindPlan], in_force: Sequence[Places] = ()) -> Metrics:
    """The same of all kinds together: matched is who has any tie, and a load counts ties of any kind and side.

    Args:
        everyone: the community.
        plans: one a kind.
        in_force: ties that could stand, in the order of ``plans``, if churn is to be counted.
    """
    scores = np.concatenate([*(tie_scores(everyone, plan) for plan in plans), np.empty(0)])
    loads, could = np.zeros(len(everyone), np.int64), np.zeros(len(everyone), np.bool_)
    facets: dict[str, float] = {}
    for plan in plans:
        loads += loads_of(plan).sum(1)
        could |= plan.could.any(1)
        for name, fit in _facets(everyone, plan).items():
            facets[name] = facets.get(name, 0.0) + fit * len(plan.pairs) / scores.size
    broken = share = None
    if in_force:
        counts = [churn(old, plan.pairs, len(everyone))[0] for old, plan in zip(in_force, plans, strict=True)]
        broken, stood = sum(counts), sum(map(len, in_force))
        share = broken / stood if stood else None
    return _metrics("all", _Having(scores, loads, could, loads[could]), facets, broken=broken, churn=share)


def _facets(everyone: Everyone, plan: KindPlan) -> dict[str, float]:
    return fit_by_facet(*everyone.facet_fits(plan.pairs[:, 0], plan.pairs[:, 1], plan.kind))


class _Having(NamedTuple):
    """Scores of the ties; loads by member and who could have one; the loads over which exposure is taken."""

    scores: Floats
    loads: Ints
    could: Bools
    exposed: Ints


def _metrics(
    kind: Literal["buddy", "mentor", "all"], having: _Having, facets: Mapping[str, float], **rest: Any
) -> Metrics:
    mean, median, tenth, worst_tenth = score_summary(having.scores) or (None, None, None, None)
    return Metrics(
        kind=kind,
        ties=having.scores.size,
        matched=int(np.count_nonzero(having.loads[having.could])),
        could=int(np.count_nonzero(having.could)),
        matched_share=matched_share(having.loads, having.could),
        mean=mean,
        median=median,
        tenth=tenth,
        worst_tenth=worst_tenth,
        facets=facets,
        histogram=tuple(np.histogram(having.scores, SCORE_BINS, (0.0, 1.0))[0].tolist()),
        gini=exposure_gini(having.exposed),
        most=most_partners(having.exposed),
        **rest,
    )
