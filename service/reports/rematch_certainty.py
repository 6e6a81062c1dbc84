"""How sure a rematch is, as lines of tables: certificates, and what other limits would bring."""

from __future__ import annotations

from typing import Any

from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.rematch.plan import RematchPlan
from service.reports.rematch_words import DASH, KIND_WORDS, OBJECTIVE_WORDS, certainty_of, score, small_share


def certificate_lines(plan: RematchPlan) -> list[dict[str, str]]:
    """The certificate of each kind of tie."""
    return [
        {
            "kind": KIND_WORDS[one.kind],
            "objective": OBJECTIVE_WORDS[one.objective],
            "pairs": f"{one.pairs:,}",
            "score": f"{one.score / WEIGHT_SCALE:,.2f}",
            "reached": f"{(one.worth + one.prize * one.pairs) / WEIGHT_SCALE:,.2f}",
            "bound": f"{one.upper_bound / WEIGHT_SCALE:,.2f}",
            "all_pairs": f"{one.upper_bound_all_pairs / WEIGHT_SCALE:,.2f}",
            "certainty": certainty_of(one),
        }
        for one in plan.certificates
    ]


def curve_lines(plan: RematchPlan) -> list[dict[str, Any]]:
    """The best plan under each limit."""
    return [
        {
            "limit": "no limit" if point.limit is None else f"{point.limit:,}",
            "own": point.limit == plan.churn.plan.limit,
            "broken": f"{point.broken:,}",
            "pairs": f"{point.pairs:,}",
            "score": f"{point.score / WEIGHT_SCALE:,.2f}",
            "mean": score(point.score / WEIGHT_SCALE / point.pairs) if point.pairs else DASH,
            "gap": small_share((point.bound - point.objective) / point.bound if point.bound > 0 else 0.0),
        }
        for point in plan.churn.points
    ]
