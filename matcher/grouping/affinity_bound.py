"""Upper bounds for a grouping by affinities.

*Rows.* A member in a group of size s has s - 1 companions, at best the ones of greatest affinity.

*Spectrum.* Let Z be the matrix that is 1 where two members share a group. Its eigenvalues are the groups' sizes, its
diagonal is 1, and the objective is half of <A, Z>. For any diagonal matrix D and any number c

    <A, Z> = <A - cJ + D, Z> + c (sum of squared sizes) - trace D,

and <M, Z> is at most the sum of M's eigenvalues times the sizes, both in descending order (Donath and Hoffman, IBM
Journal 17, 1973). Sizes that majorize all feasible ones bound this for every grouping. If all groups have the same size
s, the all-ones vector is an eigenvector of Z, so that part of <A + D, Z> is s/n times the sum of all entries and only
the ``groups - 1`` largest eigenvalues of A + D on its complement count; c has no use then.

Both are convex in D and c. Subgradient steps towards the best objective known lower them (the eigenvectors say how),
and every step is a bound by itself, so it does not matter when they end. The first one, D = 0, already is within two
percent of good groups where affinities are Euclidean distances; for independent random numbers no such bound is tight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.affinity_solution import BoundCertificate
from matcher.grouping.diversity_sizes import dominating_sizes, most_even_sizes

Floats = npt.NDArray[np.float64]

_MOST_STEPS = 30
_SHARE = 0.03
"""Of the time limit; no step begins after that. A step's time is not foreseeable: the linear algebra library uses all
processors, and where others keep those busy, it takes twenty times as long as alone."""
_ONE_STEP_SHARE = 0.3
"""Of the time limit; not even a first step is tried if it would take more than that."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An upper bound, rounding allowed for, and what shows it."""

    value: float
    certificate: BoundCertificate


def seconds_per_step(n: int) -> float:
    """What a step roughly takes on a quiet machine."""
    return 1e-5 * n + 1e-9 * n**3


def best_bound(problem: GroupingProblem, objective: float, time_limit_s: float) -> Bound:
    """The lowest bound that a small part of the time limit buys.

    Args:
        problem: what to bound.
        objective: that of a good grouping; the steps aim at it.
        time_limit_s: of the whole solver; a few percent of it buy steps, and one is done unless it would take most.

    Returns:
        O(n^2 log n) for the rows, O(n^3) a step for the eigenvalues, none of those where all affinities are equal.
    """
    bound = row_bound(problem)
    constant = float(problem.affinity[0, -1])
    if np.count_nonzero(problem.affinity == constant) >= problem.n * (problem.n - 1):
        return min(bound, _constant_bound(problem, constant), key=lambda other: other.value)
    if seconds_per_step(problem.n) < _ONE_STEP_SHARE * time_limit_s:
        descend = _uniform_spectrum if problem.uniform else _mixed_spectrum
        until = perf_counter() + _SHARE * time_limit_s
        bound = min(bound, descend(problem, objective, until), key=lambda other: other.value)
    return bound


def row_bound(problem: GroupingProblem) -> Bound:
    """Each member with the best companions, in a group of the best size."""
    sizes = dominating_sizes(problem.size_min, problem.size_max, problem.n)
    least, most = int(problem.size_min.min()), int(sizes[0])
    ranked = problem.affinity.copy()
    np.fill_diagonal(ranked, -np.inf)
    ranked = np.sort(ranked, axis=1)[:, ::-1][:, : most - 1]
    sums = np.concatenate((np.zeros((problem.n, 1)), np.cumsum(ranked, axis=1)), axis=1)[:, least - 1 :]
    value = 0.5 * float(sums.max(axis=1).sum())
    slack = 4 * np.finfo(np.float64).eps * problem.n * float(np.abs(ranked).sum())
    return Bound(value + slack, BoundCertificate("rows"))


def _constant_bound(problem: GroupingProblem, constant: float) -> Bound:
    squares = _greatest_squares(problem, constant)
    value = 0.5 * (constant * squares - constant * problem.n)
    slack = 16 * np.finfo(np.float64).eps * abs(constant) * squares
    return Bound(value + slack, BoundCertificate("spectrum", np.full(problem.n, constant), constant))


def _greatest_squares(problem: GroupingProblem, shift: float) -> float:
    """The sum of squared sizes that makes it, times ``shift``, greatest."""
    choose = dominating_sizes if shift >= 0 else most_even_sizes
    return float((choose(problem.size_min, problem.size_max, problem.n).astype(np.float64) ** 2).sum())


def _slack(matrix: Floats, sizes: float) -> float:
    """More than rounding can do to the sum of eigenvalues times sizes that add up to ``sizes``."""
    return 16 * float(np.finfo(np.float64).eps) * float(np.linalg.norm(matrix)) * sizes


def _uniform_spectrum(problem: GroupingProblem, objective: float, until: float) -> Bound:
    n, kept = problem.n, problem.group_count - 1
    size = n / problem.group_count
    total = float(problem.affinity.sum())

    def evaluate(diagonal: Floats) -> tuple[float, Floats]:
        matrix = problem.affinity + np.diag(diagonal)
        means = matrix.mean(axis=1)
        matrix += means.mean() - means[:, None] - means[None, :]
        norm = float(np.linalg.norm(matrix)) + 1.0
        values, vectors = np.linalg.eigh(matrix - norm / n)  # the all-ones vector to the lower end
        part, shift = float(values[n - kept :].sum()), float(diagonal.sum())
        value = 0.5 * (size / n * (total + shift) - shift + size * part)
        slack = _slack(matrix, 2 * n) + 16 * np.finfo(np.float64).eps * float(np.abs(problem.affinity).sum())
        slope = 0.5 * (size / n - 1 + size * (vectors[:, n - kept :] ** 2).sum(axis=1))
        return value + slack, slope

    value, diagonal = _descend(evaluate, np.zeros(n), objective, until)
    return Bound(value, BoundCertificate("spectrum", diagonal))


def _mixed_spectrum(problem: GroupingProblem, objective: float, until: float) -> Bound:
    n = problem.n
    sizes = dominating_sizes(problem.size_min, problem.size_max, n).astype(np.float64)
    mean = float(problem.affinity.sum()) / (n * (n - 1))

    def evaluate(duals: Floats) -> tuple[float, Floats]:
        # The shift times n, so that a step of one length means as much to it as to an entry of the diagonal.
        diagonal, shift = duals[:n], float(duals[n]) / n
        matrix = problem.affinity - shift + np.diag(diagonal)
        values, vectors = np.linalg.eigh(matrix)
        values, vectors = values[::-1][: len(sizes)], vectors[:, ::-1][:, : len(sizes)]
        squares = _greatest_squares(problem, shift)
        value = 0.5 * (float(sizes @ values) + shift * squares - float(diagonal.sum()))
        slack = _slack(matrix, n) + 16 * np.finfo(np.float64).eps * (abs(shift) * squares + np.abs(diagonal).sum())
        slope = np.empty(n + 1)
        slope[:n] = 0.5 * ((vectors**2) @ sizes - 1)
        slope[n] = 0.5 * (squares - float(sizes @ vectors.sum(axis=0) ** 2)) / n
        return value + slack, slope

    value, duals = _descend(evaluate, np.concatenate((np.zeros(n), [n * mean])), objective, until)
    return Bound(value, BoundCertificate("spectrum", duals[:n].copy(), float(duals[n]) / n))


def _descend(
    evaluate: Callable[[Floats], tuple[float, Floats]], start: Floats, objective: float, until: float
) -> tuple[float, Floats]:
    """Subgradient steps after Polyak: as if the minimum lay a share of the gap below the best value so far.

    Three steps in a row without success halve that share and return to the best duals.
    """
    best, best_duals = np.inf, start
    duals, share, failures = start, 0.05, 0
    for _ in range(_MOST_STEPS):
        value, slope = evaluate(duals)
        if value < best - 1e-4 * abs(best) or best == np.inf:
            failures = 0
        else:
            failures += 1
        if value < best:
            best, best_duals, best_slope = value, duals, slope
        if failures == 3:
            share, failures = 0.5 * share, 0
            duals, value, slope = best_duals, best, best_slope
        steepness = float(slope @ slope)
        if steepness == 0.0 or best <= objective or perf_counter() > until:
            break
        duals = duals - (share * (best - objective) + value - best) / steepness * slope
    return float(best), best_duals
