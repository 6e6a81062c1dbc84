"""Score against ties broken: the best plans under several limits, each at least as good as those under lower ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from matcher.rematch.churn import ChurnSolver
from matcher.rematch.limited import Limited
from matcher.rematch.plan import ChurnCurve, ChurnPoint
from matcher.rematch.standing import share_of


def churn_curve(
    solver: ChurnSolver,
    limit: int | None,
    sweep: Sequence[int | float],
    could_stand: int,
    prizes: Sequence[int],
    tell: Callable[[float], None],
) -> tuple[ChurnCurve, dict[int | None, Limited]]:
    """Solve under the limit asked for, under 0, under those of the sweep, and under none.

    Args:
        solver: of the problems.
        limit: ties that may be broken; ``None`` for no limit.
        sweep: further limits: whole numbers of ties, or shares of those that could stand.
        could_stand: ties in force that could stand, protected ones among them.
        prizes: what a pair counts beside its score, by problem.
        tell: told how much is done.

    Returns:
        The curve, and the plan under each limit. A plan found under a lower limit that is better stands for a higher
        one as well.
    """
    limits = {0, *(share_of(one, could_stand) if isinstance(one, float) else one for one in sweep)}
    if limit is not None:
        limits.add(limit)
    order: list[int | None] = [*sorted(limits), None]
    found: dict[int | None, Limited] = {}
    before: Limited | None = None
    for done, one in enumerate(order):
        best = solver.best(one)
        if before is not None and before.objective > best.objective:
            best = dataclasses.replace(
                best,
                broken=before.broken,
                objective=before.objective,
                problems=before.problems,
                solutions=before.solutions,
            )
        found[one] = before = best
        tell((done + 1) / len(order))
    points = {one: _point(best, prizes) for one, best in found.items()}
    curve = ChurnCurve(could_stand, could_stand - solver.could_break, points[limit], tuple(points.values()))
    return curve, found


def _point(found: Limited, prizes: Sequence[int]) -> ChurnPoint:
    counts = [len(solution.edges) for solution in found.solutions]
    prize = sum(each * count for each, count in zip(prizes, counts, strict=True))
    return ChurnPoint(
        limit=found.limit,
        broken=found.broken,
        pairs=sum(counts),
        score=sum(solution.total_weight for solution in found.solutions) - prize,
        worth=found.objective - prize,
        objective=found.objective,
        bound=found.bound,
        multiplier=found.multiplier,
    )
