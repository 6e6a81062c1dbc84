"""The plan, the ties in force and the baselines by the same figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.members.vocabulary import Kind
from matcher.rematch.config import Baseline
from matcher.rematch.everyone import Everyone
from matcher.rematch.kind_problem import Candidates, Places
from matcher.rematch.measuring import KindPlan, Metrics, measure, measure_all
from matcher.rematch.plan import Certificate, PlannedTie
from matcher.rematch.possible import who_could
from matcher.rematch.subgroups import SubgroupRow


def rate(
    everyone: Everyone,
    parts: Sequence[Candidates],
    planned: Mapping[Kind, Sequence[PlannedTie]],
    baselines: Mapping[Baseline, Mapping[Kind, Places]],
    certificates: Iterable[Certificate],
    gaps: Callable[[Mapping[str, KindPlan]], tuple[SubgroupRow, ...]],
    thresholds: Mapping[Kind, float],
) -> tuple[dict[str, tuple[Metrics, ...]], dict[Kind, tuple[SubgroupRow, ...]]]:
    """Figures of ``plan``, ``incumbent`` and each baseline: a :class:`Metrics` for each kind, then for all together.

    The plan in force counts without ties that cannot stand, and a baseline without new ones below the threshold: it
    makes them without looking at scores, and the plan may not have them.

    Args:
        everyone: the community.
        parts: the candidates of each kind.
        planned: the ties of the plan by kind.
        baselines: pairs by name and kind.
        certificates: of the plan.
        gaps: measures subgroups under plans of one kind.
        thresholds: below which no new tie is made, by kind.

    Returns:
        Figures by plan, and subgroups by kind.
    """
    place = {name: at for at, name in enumerate(everyone.member_ids)}
    pairs: dict[str, dict[Kind, Places]] = {
        "plan": {
            kind: np.array([(place[tie.member_id], place[tie.peer_id]) for tie in ties], np.int64).reshape(-1, 2)
            for kind, ties in planned.items()
        },
        "incumbent": {part.kind: part.in_force for part in parts},
        **{
            name: {part.kind: _strong(everyone, part, of_kind[part.kind], thresholds[part.kind]) for part in parts}
            for name, of_kind in baselines.items()
        },
    }
    could = {part.kind: who_could(everyone, part.kind, part.room, part.banned, part.graph.eligible) for part in parts}
    bounds = {one.kind: (float(one.worth + one.prize * one.pairs), float(one.upper_bound)) for one in certificates}
    found = {}
    by_kind: dict[Kind, dict[str, KindPlan]] = {part.kind: {} for part in parts}
    for name, of_kind in pairs.items():
        plans = [KindPlan(part.kind, of_kind[part.kind], part.weights, could[part.kind]) for part in parts]
        for part, plan in zip(parts, plans, strict=True):
            by_kind[part.kind][name] = plan
        figures = [
            measure(
                everyone,
                plan,
                part.edges,
                part.room,
                part.in_force,
                bounds[part.kind] if name == "plan" else None,
            )
            for part, plan in zip(parts, plans, strict=True)
        ]
        found[name] = (*figures, measure_all(everyone, plans, [part.in_force for part in parts]))
    return found, {kind: gaps(of_kind) for kind, of_kind in by_kind.items()}


def _strong(everyone: Everyone, part: Candidates, pairs: Places, threshold: float) -> Places:
    """The pairs that score enough for a new tie, or are in force."""
    n = len(everyone)
    scores = everyone.scores(pairs[:, 0], pairs[:, 1], part.kind, part.weights)
    millionths = np.rint(scores * WEIGHT_SCALE)
    keys, stand = pairs.astype(np.int64), part.in_force
    kept = np.isin(keys[:, 0] * n + keys[:, 1], stand[:, 0] * n + stand[:, 1])
    found: Places = pairs[kept | (millionths >= round(threshold * WEIGHT_SCALE))]
    return found
