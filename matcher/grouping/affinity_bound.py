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

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.affinity_solution import BoundCertificate
from matcher.grouping.diversity_sizes import dominating_sizes, most_even_sizes

Floats = npt.NDArray[np.float64]

Objective = Callable[[], float]
"""The best objective known by now."""

_MOST_STEPS = 30


@dataclass(frozen=True, slots=True)
class Bound:
    """An upper bound, rounding allowed for, and what shows it."""

    value: float
    certificate: BoundCertificate


def seconds_per_step(n: int) -> float:
    """What a step of :func:`spectral_bound` roughly takes on a quiet machine.

    On a busy one it may be twenty times as much: the linear algebra library splits a step among all processors and
    waits for the slowest.
    """
    return 1e-5 * n + 1e-9 * n**3


def quick_bound(problem: GroupingProblem) -> Bound:
    """The bound by rows, or the exact one where all affinities are equal; O(n^2 log n)."""
    bound = row_bound(problem)
    constant = float(problem.affinity[0, -1])
    # The diagonal is zero and equals the constant only if that is zero, too.
    equal = int(np.count_nonzero(problem.affinity == constant)) - (problem.n if constant == 0.0 else 0)
    if equal < problem.n * (problem.n - 1):
        return bound
    return min(bound, _constant_bound(problem, constant), key=lambda other: other.value)


def spectral_bounds(problem: GroupingProblem, objective: Objective) -> Iterator[Bound]:
    """The bound by eigenvalues, after each of some thirty steps at most; O(n^3) a step.

    Args:
        problem: what to bound.
        objective: that of a good grouping; the steps aim at it.

    Yields:
        The lowest so far.
    """
    return _uniform_spectrum(problem, objective) if problem.uniform else _mixed_spectrum(problem, objective)


def row_bound(problem: GroupingProblem) -> Bound:
    """Each member with the best companions, in a group of the best size."""
    sizes = dominating_sizes(problem.size_min, problem.size_max, problem.n)
    least, most = int(problem.size_min.min()), int(sizes[0])
    ranked = problem.affinity.copy()
    np.fill_diagonal(ranked, -np.inf)
    ranked = np.sort(ranked, axis=1)[:, ::-1][:, : most - 1]
    sums = np.concatenate((np.zeros((problem.n, 1)), np.cumsum(ranked, axis=1)), axis=1)[:, least - 1 :]
    value = 0.5 * float(sums.max(axis=1).sum())
    return Bound(value + _slack(float(np.abs(ranked).sum()), problem.n), BoundCertificate("rows"))


def _constant_bound(problem: GroupingProblem, constant: float) -> Bound:
    squares = _greatest_squares(problem, constant)
    value = 0.5 * (constant * squares - constant * problem.n)
    return Bound(
        value + _slack(abs(constant) * squares, 1), BoundCertificate("spectrum", np.full(problem.n, constant), constant)
    )


def _greatest_squares(problem: GroupingProblem, shift: float) -> float:
    """The sum of squared sizes that makes it, times ``shift``, greatest."""
    choose = dominating_sizes if shift >= 0 else most_even_sizes
    return float((choose(problem.size_min, problem.size_max, problem.n).astype(np.float64) ** 2).sum())


def _slack(magnitude: float, times: int) -> float:
    """More than rounding can do to numbers of that size in all, ``times`` over."""
    return 16 * float(np.finfo(np.float64).eps) * magnitude * times


def _uniform_spectrum(problem: GroupingProblem, objective: Objective) -> Iterator[Bound]:
    n, kept = problem.n, problem.group_count - 1
    size = n / problem.group_count
    total = float(problem.affinity.sum())

    def evaluate(diagonal: Floats) -> tuple[float, Floats]:
        matrix = problem.affinity + np.diag(diagonal)
        summands = float(np.abs(matrix).sum()) + float(np.abs(diagonal).sum())
        means = matrix.mean(axis=1)
        matrix += means.mean() - means[:, None] - means[None, :]
        norm = float(np.linalg.norm(matrix))
        values, vectors = np.linalg.eigh(matrix - norm / n)  # the all-ones vector to the lower end
        part, shift = float(values[n - kept :].sum()), float(diagonal.sum())
        value = 0.5 * (size / n * (total + shift) - shift + size * part)
        slack = _slack(norm, 2 * n) + _slack(summands, 1)
        slope = 0.5 * (size / n - 1 + size * (vectors[:, n - kept :] ** 2).sum(axis=1))
        return value + slack, slope

    for value, diagonal in _descend(evaluate, np.zeros(n), objective):
        yield Bound(value, BoundCertificate("spectrum", diagonal))


def _mixed_spectrum(problem: GroupingProblem, objective: Objective) -> Iterator[Bound]:
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
        summands = abs(shift) * squares + float(np.abs(diagonal).sum())
        slack = _slack(float(np.linalg.norm(matrix)) + abs(shift) * n, n) + _slack(summands, 1)
        slope = np.empty(n + 1)
        slope[:n] = 0.5 * ((vectors**2) @ sizes - 1)
        slope[n] = 0.5 * (squares - float(sizes @ vectors.sum(axis=0) ** 2)) / n
        return value + slack, slope

    for value, duals in _descend(evaluate, np.concatenate((np.zeros(n), [n * mean])), objective):
        yield Bound(value, BoundCertificate("spectrum", duals[:n].copy(), float(duals[n]) / n))


def _descend(
    evaluate: Callable[[Floats], tuple[float, Floats]], start: Floats, objective: Objective
) -> Iterator[tuple[float, Floats]]:
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
        yield float(best), best_duals
        if failures == 3:
            share, failures = 0.5 * share, 0
            duals, value, slope = best_duals, best, best_slope
        steepness = float(slope @ slope)
        if steepness == 0.0 or best <= objective():
            break
        duals = duals - (share * (best - objective()) + value - best) / steepness * slope
