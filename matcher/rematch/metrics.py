"""How good a plan is: every figure that a rematch reports is defined here, once, with its formula and its source.

All work on arrays over members or ties and take well under a second for 1,000,000; :mod:`matcher.rematch.measuring`
takes them of a plan.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.rematch.everyone import FACETS, Floats
from matcher.rematch.tie_rules import Ints

Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[Any]
WORST_SHARE = 0.1


def matched_share(loads: Ints, could: Bools) -> float | None:
    """Members with at least one tie, of those who could have one: ``|{i in C: x_i > 0}| / |C|``.

    Whoever no hard rule leaves a single partner is not in C: no plan can match them. The coverage of recommender
    systems, in the sense of user coverage (Herlocker, Konstan, Terveen and Riedl 2004, ACM TOIS 22).
    """
    return float((loads[could] > 0).mean()) if could.any() else None


def score_summary(scores: Floats) -> tuple[float, float, float, float] | None:
    """Mean, median, first decile, and mean of the worst tenth of the ties' mutual scores.

    Median and decile interpolate between order statistics at ``(m - 1) p`` (type 7 of Hyndman and Fan 1996, The
    American Statistician 50). The worst tenth are the lowest ``ceil(m / 10)`` scores; their mean is the expected
    shortfall at 10% (Acerbi and Tasche 2002, Journal of Banking and Finance 26): unlike the decile, it sees how bad the
    worst are.
    """
    if not scores.size:
        return None
    ordered = np.sort(scores)
    worst = ordered[: -(-scores.size // 10)]
    median, tenth = np.quantile(ordered, [0.5, WORST_SHARE])
    return float(ordered.mean()), float(median), float(tenth), float(worst.mean())


def fit_by_facet(there: Floats, back: Floats) -> dict[str, float]:
    """Mean kernel of each facet over the ties, both directions of a tie counting half.

    A facet that one side says nothing of counts its population mean, as in the score, so the weighted sum of these
    figures is the arithmetic mean of all directed fits: they say where a plan's score comes from.

    Args:
        there: (m, 7) as :meth:`~matcher.rematch.everyone.Everyone.facet_fits` gives them.
        back: (m, 7) the way back.
    """
    if not len(there):
        return {}
    return dict(zip(FACETS, ((there.mean(0) + back.mean(0)) / 2).tolist(), strict=True))


def exposure_gini(loads: Ints) -> float | None:
    """How unevenly partners are spread over those who could have one; 0 all alike, towards 1 one has them all.

    ``G = sum_i (2 i - n - 1) x_(i) / (n sum_i x_i)`` over the ascending loads ``x_(i)``: half the mean difference of
    two members by the mean (Gini 1912; in this form Sen 1973, On Economic Inequality; on exposure in
    recommendation Fleder and Hosanagar 2009, Management Science 55). Who is left out counts 0, so with at most one
    partner each it is 1 less the matched share.
    """
    total = int(loads.sum())
    if not total:
        return None
    ordered = np.sort(loads).astype(np.float64)
    ranks = 2.0 * np.arange(1, loads.size + 1) - loads.size - 1
    return float(ranks @ ordered / (loads.size * total))


def most_partners(loads: Ints) -> int:
    """The highest number of partners that anybody is given: ``max_i x_i``."""
    return int(loads.max()) if loads.size else 0


def blocking_pairs(
    edges: tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]],
    room: Ints,
    pairs: npt.NDArray[Any],
    scores: Ints,
) -> int:
    """Candidate pairs outside a plan whose members would both rather have each other than what the plan gives them.

    A member with room left gains the whole score, one without it what exceeds the least of the present partners; a pair
    blocks if both gain (Gale and Shapley 1962, American Mathematical Monthly 69; with room for several Roth and
    Sotomayor 1990, chapter 5). Bonuses count for nothing here: these are the members' wishes.

    Args:
        edges: u, v (m,) nodes and weights of the candidate graph in millionths; a mentor is another node than the same
            member as a seeker.
        room: (nodes,) partners each may have.
        pairs: (k, 2) nodes of the plan.
        scores: (k,) of its pairs, in the units of the weights.
    """
    u, v, weight = (np.asarray(part, dtype=np.int64) for part in edges)
    nodes = room.size
    loads = np.bincount(pairs.ravel(), minlength=nodes)
    least = np.full(nodes, np.iinfo(np.int64).max)
    np.minimum.at(least, pairs[:, 0], scores)
    np.minimum.at(least, pairs[:, 1], scores)
    least[loads < room] = 0
    least[room == 0] = np.iinfo(np.int64).max
    wanting = np.flatnonzero(weight > np.maximum(least[u], least[v]))
    made = np.sort(pairs.astype(np.int64), axis=1)
    keys = np.minimum(u, v)[wanting] * nodes + np.maximum(u, v)[wanting]
    return int(np.count_nonzero(~np.isin(keys, made[:, 0] * nodes + made[:, 1])))


def gap(objective: float, upper_bound: float) -> float:
    """How far below the best possible a plan is at most: ``(bound - objective) / bound``, by weak duality.

    The bound is a feasible dual of the matching linear program (Edmonds 1965, Journal of Research of the National
    Bureau of Standards 69B) and is recomputed by the verifier from the certificate alone.
    """
    return (upper_bound - objective) / upper_bound if upper_bound > 0 else 0.0


def churn(in_force: Places, pairs: Places, members: int) -> tuple[int, float | None]:
    """Ties in force that could stand and are not in the plan, and their share: ``|F - P|`` and ``|F - P| / |F|``.

    Args:
        in_force: (k, 2) positions of F, each tie once; void ones are no choice of a plan and are left out beforehand.
        pairs: (m, 2) positions of P; buddies with the smaller position first in both.
        members: n.
    """
    keys = [part.astype(np.int64)[:, 0] * members + part[:, 1] for part in (in_force, pairs)]
    broken = int(np.count_nonzero(~np.isin(keys[0], keys[1])))
    return broken, broken / len(in_force) if len(in_force) else None
