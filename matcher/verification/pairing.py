"""Checks a pairing from its problem alone: every pair allowed, every wish kept, every number recomputed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import PairingSolution
from matcher.verification.odd_sets import odd_terms, require

Ints = npt.NDArray[np.int64]


def verify_pairing(problem: PairingProblem, solution: PairingSolution) -> None:
    """Recompute feasibility, sums, bounds, blocking pairs and triads; O(n + m log k) for k odd sets.

    The bound is weak duality (see :mod:`matcher.pairing.bound`): whatever the duals, no plan exceeds it.

    Raises:
        VerificationError: naming the first promise that is broken.
    """
    edges = solution.edges
    m = len(problem.u)
    require(
        ((edges >= 0) & (edges < m)).all() and len(np.unique(edges)) == len(edges),
        "edges: not distinct edges of the problem",
    )
    ends = np.stack((problem.u[edges], problem.v[edges]), 1)
    require(np.array_equal(np.sort(ends, 1), solution.pairs), "pairs: not the edges' ends")
    chosen = np.zeros(m, np.bool_)
    chosen[edges] = True
    require(chosen[problem.locked_edges].all(), "locked: a locked pair is missing")
    require(not chosen[problem.banned_edges].any(), "banned: a banned pair was made")
    partners = np.bincount(ends.ravel(), minlength=problem.n)
    require((partners <= problem.capacity).all(), "capacity: somebody has too many partners")
    unlocked = chosen.copy()
    unlocked[problem.locked_edges] = False
    require((problem.weight[unlocked] >= problem.threshold).all(), "threshold: a pair below it was made")

    worth = problem.weight.copy()
    worth[problem.incumbent_edges] += problem.edge_bonus
    room = problem.capacity - np.bincount(
        np.concatenate((problem.u[problem.locked_edges], problem.v[problem.locked_edges])), minlength=problem.n
    )
    allowed = (problem.weight >= problem.threshold) & (room[problem.u] > 0) & (room[problem.v] > 0)
    allowed[problem.locked_edges] = False
    allowed[problem.banned_edges] = False
    _check_sums(problem, solution, worth, allowed, room)
    _check_bounds(problem, solution, worth, allowed, room)
    _check_blocking(problem, solution, worth, allowed, room, unlocked)
    alone = np.flatnonzero((partners == 0) & (problem.capacity > 0)).tolist()
    require([left.member for left in solution.unmatched] == alone, "unmatched: not everyone without partner, in order")
    _check_triads(problem, solution, allowed, partners)


def _check_sums(
    problem: PairingProblem, solution: PairingSolution, worth: Ints, allowed: npt.NDArray[np.bool_], room: Ints
) -> None:
    prize = solution.certificate.pair_prize
    if problem.objective == "coverage":
        best = np.zeros(problem.n, np.int64)
        np.maximum.at(best, problem.u[allowed], worth[allowed])
        np.maximum.at(best, problem.v[allowed], worth[allowed])
        slots = np.minimum(room, _degree(problem, allowed))
        require(2 * prize > int((best * slots).sum()), "certificate: a pair's prize does not outweigh the scores")
    else:
        require(prize == 0, "certificate: a pair's prize without the objective coverage")
    require(solution.total_weight == problem.weight[solution.edges].sum(), "total_weight: not the sum of the scores")
    objective = int(worth[solution.edges].sum()) + prize * len(solution.edges)
    require(solution.objective_weight == objective, "objective_weight: not the sum of what counts")


def _check_bounds(
    problem: PairingProblem, solution: PairingSolution, worth: Ints, allowed: npt.NDArray[np.bool_], room: Ints
) -> None:
    certificate = solution.certificate
    base = int(worth[problem.locked_edges].sum()) + certificate.pair_prize * len(problem.locked_edges)
    slots = np.minimum(room, _degree(problem, allowed))
    bound = base + _doubled(problem, solution, certificate.y, worth, allowed, slots, slots) // 2
    require(solution.upper_bound == bound, "upper_bound: the certificate shows another one")
    require(solution.objective_weight <= bound, "upper_bound: below the plan itself")
    gap = (bound - solution.objective_weight) / bound if bound else 0.0
    require(solution.gap == gap, "gap: not the one between plan and bound")
    require(
        solution.status == "feasible" or problem.objective == "stable" or bound == solution.objective_weight,
        "status: optimal, but the bound is higher",
    )
    if problem.outside is None:
        require(solution.upper_bound_all_pairs is None, "upper_bound_all_pairs: nothing is known of pairs outside")
        return
    y = certificate.y_all_pairs
    require(y is not None, "certificate: y_all_pairs is missing")
    assert y is not None
    beyond = np.where(problem.outside >= 0, problem.outside + certificate.pair_prize, 0)
    require((y >= beyond).all(), "certificate: y_all_pairs leaves pairs outside the graph uncovered")
    doubled = min(_doubled(problem, solution, y, worth, allowed, room, odd) for odd in (slots, None))
    bound = base + doubled // 2
    require(solution.upper_bound_all_pairs == bound, "upper_bound_all_pairs: the certificate shows another one")


def _degree(problem: PairingProblem, allowed: npt.NDArray[np.bool_]) -> Ints:
    return np.bincount(problem.u[allowed], minlength=problem.n) + np.bincount(problem.v[allowed], minlength=problem.n)


def _doubled(
    problem: PairingProblem,
    solution: PairingSolution,
    y: Ints,
    worth: Ints,
    allowed: npt.NDArray[np.bool_],
    slots: Ints,
    odd_slots: Ints | None,
) -> int:
    """Twice the bound that ``y`` and, with ``odd_slots``, the odd sets give for the part that locks leave open."""
    require(len(y) == problem.n and (y >= 0).all(), "certificate: a dual is missing or negative")
    uncovered = 2 * (worth + solution.certificate.pair_prize) - y[problem.u] - y[problem.v]
    total = int((slots * y).sum())
    if odd_slots is not None and len(solution.certificate.odd_sets):
        total += odd_terms(problem.u, problem.v, odd_slots, solution.certificate.odd_sets, uncovered)
    return total + int(np.maximum(uncovered[allowed], 0).sum())


def _check_blocking(
    problem: PairingProblem,
    solution: PairingSolution,
    worth: Ints,
    allowed: npt.NDArray[np.bool_],
    room: Ints,
    unlocked: npt.NDArray[np.bool_],
) -> None:
    least = np.full(problem.n, np.iinfo(np.int64).max)
    count = np.zeros(problem.n, np.int64)
    for side in (problem.u[unlocked], problem.v[unlocked]):
        np.minimum.at(least, side, worth[unlocked])
        np.add.at(count, side, 1)
    least[count < room] = 0
    size = np.minimum(worth - least[problem.u], worth - least[problem.v])
    blocking = np.flatnonzero(allowed & ~unlocked & (size > 0))
    listed = solution.blocking_pairs
    require(np.array_equal(np.sort(listed.edges), blocking), "blocking_pairs: not the ones there are")
    require(np.array_equal(size[listed.edges], listed.sizes), "blocking_pairs: a size is wrong")
    require((np.diff(listed.sizes) <= 0).all(), "blocking_pairs: not the largest first")
    require(problem.objective != "stable" or not len(blocking), "stable: there are blocking pairs")


def _check_triads(
    problem: PairingProblem, solution: PairingSolution, allowed: npt.NDArray[np.bool_], partners: Ints
) -> None:
    triads = solution.triads
    require(problem.triads or not len(triads), "triads: not asked for")
    require(len(np.unique(triads)) == triads.size, "triads: a member is in two")
    pairs = {(a, b) for a, b in solution.pairs.tolist()}
    locked = {x for row in problem.locked.tolist() for x in row}
    friends = set()
    if len(triads):
        friends = {(a, b) for a, b in np.sort(np.stack((problem.u[allowed], problem.v[allowed]), 1), 1).tolist()}
    for joiner, a, b in triads.tolist():
        require(partners[joiner] == 0 and (a, b) in pairs, "triads: somebody joins who has a partner, or joins no pair")
        require(partners[a] == partners[b] == 1 and not {a, b} & locked, "triads: the pair joined is not free to be")
        for x in (a, b):
            require((min(joiner, x), max(joiner, x)) in friends, "triads: two members who may not be paired")
