"""Checks plans under churn limits, their sums and their bounds, by the pairing problems alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.errors import VerificationError
from matcher.pairing.problem import PairingProblem
from matcher.rematch.limited import Limited, open_ties, with_multiplier
from matcher.rematch.plan import ChurnCurve, ChurnPoint
from matcher.verification.pairing import verify_pairing


def verify_curve(
    problems: Sequence[PairingProblem],
    prizes: Sequence[int],
    curve: ChurnCurve,
    found: Mapping[int | None, Limited],
) -> None:
    """Check every point of a churn curve, and that it says what was found.

    Args:
        problems: without a limit.
        prizes: what a pair counts beside its score, by problem.
        curve: the points.
        found: the plan of each limit.

    Raises:
        VerificationError: naming the first promise that is broken.

    Cost: that of :func:`verify_limited` for each point.
    """
    _require([point.limit for point in curve.points] == list(found), "curve: not a point a limit")
    _require(curve.plan in curve.points, "curve: the plan is none of its points")
    for point in curve.points:
        verify_limited(problems, found[point.limit])
        _check_point(problems, prizes, point, found[point.limit])


def _check_point(problems: Sequence[PairingProblem], prizes: Sequence[int], point: ChurnPoint, found: Limited) -> None:
    score = sum(
        int(problem.weight[solution.edges].sum()) - prize * len(solution.edges)
        for problem, solution, prize in zip(problems, found.solutions, prizes, strict=True)
    )
    counts = [len(solution.edges) for solution in found.solutions]
    paid = sum(prize * count for prize, count in zip(prizes, counts, strict=True))
    same = point.limit, point.broken, point.objective, point.bound, point.multiplier
    of = found.limit, found.broken, found.objective, found.bound, found.multiplier
    _require(same == of, f"curve: at {point.limit} it says something else than was found")
    sums = point.pairs, point.score, point.worth
    _require(sums == (sum(counts), score, found.objective - paid), f"curve: at {point.limit} pairs or scores differ")


def verify_limited(problems: Sequence[PairingProblem], found: Limited) -> None:
    """Check a plan under a churn limit, its sums and its bound, by the problems alone.

    Raises:
        VerificationError: naming the first promise that is broken.
    """
    broken = objective = shown = 0
    parts = zip(problems, found.problems, found.solutions, found.shown_by, strict=True)
    for problem, last, solution, by in parts:
        verify_pairing(last, solution)
        if by is not solution:
            verify_pairing(with_multiplier(problem, found.multiplier), by)
        worth = problem.weight.copy()
        worth[problem.incumbent_edges] += problem.edge_bonus
        objective += int(worth[solution.edges].sum())
        broken += int(np.count_nonzero(~np.isin(open_ties(problem), solution.edges)))
        shown += by.upper_bound - found.multiplier * len(problem.incumbent_edges)
        kept = np.isin(problem.locked_edges, solution.edges).all()
        _require(bool(kept), "limit: a protected tie is not in the plan")
    _require(broken == found.broken, "limit: another number of ties is broken")
    _require(found.limit is None or broken <= found.limit, "limit: more ties are broken than it allows")
    _require(objective == found.objective, "limit: the plan counts otherwise")
    bound = shown + found.multiplier * (found.limit or 0)
    _require(bound == found.bound and objective <= bound, "limit: the certificates show another bound")


def _require(holds: bool, broken: str) -> None:
    if not holds:
        raise VerificationError(broken)
