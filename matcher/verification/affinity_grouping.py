"""Checks a grouping by affinities from its problem alone: sizes, objective, and the bound from its certificate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from matcher.errors import VerificationError
from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.affinity_solution import GroupingSolution

_EQUAL = 1e-9


def verify_grouping(problem: GroupingProblem, solution: GroupingSolution) -> None:
    """Recompute everything that the solution claims; O(n^2 log n) for a bound by rows, O(n^3) for one by eigenvalues.

    The bound may lie above what the certificate shows, since it allows for rounding, but not below it.

    Raises:
        VerificationError: naming the first promise that is broken.
    """
    group_of = solution.group_of
    _require(group_of.shape == (problem.n,), "group_of: not one entry a member")
    _require(group_of.dtype == np.int32, "group_of: not int32")
    _require(((group_of >= 0) & (group_of < problem.group_count)).all(), "group_of: names a group that does not exist")
    sizes = np.bincount(group_of, minlength=problem.group_count)
    _require((sizes >= problem.size_min).all(), "sizes: a group has too few members")
    _require((sizes <= problem.size_max).all(), "sizes: a group has too many members")

    together = group_of[:, None] == group_of[None, :]
    objective = 0.5 * float(np.where(together, problem.affinity, 0.0).sum())
    rounding = 1e-12 * float(np.abs(problem.affinity).sum())
    _require(abs(solution.objective - objective) <= rounding, "objective: not the affinity inside the groups")

    bound = _shown_bound(problem, solution)
    _require(bool(np.isfinite(solution.upper_bound)), "upper_bound: not a finite number")
    _require(solution.upper_bound >= bound - rounding, "upper_bound: lower than the certificate shows")
    _require(solution.upper_bound >= solution.objective - rounding, "upper_bound: below the grouping itself")
    apart = solution.upper_bound - solution.objective
    gap = apart / max(abs(solution.objective), 1e-300) if apart else 0.0
    _require(solution.gap == gap, "gap: not the one between grouping and bound")
    optimal = solution.objective >= solution.upper_bound - _EQUAL * abs(solution.upper_bound)
    _require((solution.status == "optimal") == optimal, "status: not what the gap says")


def _require(holds: bool | np.bool_, broken: str) -> None:
    if not holds:
        raise VerificationError(broken)


def _shown_bound(problem: GroupingProblem, solution: GroupingSolution) -> float:
    certificate = solution.certificate
    if certificate.kind == "rows":
        return _rows(problem)
    _require(certificate.kind == "spectrum", "certificate: of no known kind")
    diagonal = certificate.diagonal
    if diagonal is None or diagonal.shape != (problem.n,) or not np.isfinite(diagonal).all():
        raise VerificationError("certificate: the diagonal is not one finite number a member")
    _require(bool(np.isfinite(certificate.shift)), "certificate: the shift is not a finite number")
    if problem.uniform:
        return _same_sizes(problem, diagonal)
    return _open_sizes(problem, diagonal, certificate.shift)


def _greatest_sizes(problem: GroupingProblem) -> list[int]:
    """For each k, what the k largest groups hold at most, less the same for k - 1."""
    highest = sorted(problem.size_max.tolist(), reverse=True)
    lowest = sorted(problem.size_min.tolist())
    count = problem.group_count
    held = [min(sum(highest[:k]), problem.n - sum(lowest[: count - k])) for k in range(count + 1)]
    return [more - less for less, more in pairwise(held)]


def _rows(problem: GroupingProblem) -> float:
    least, most = int(problem.size_min.min()), _greatest_sizes(problem)[0]
    total = 0.0
    for i in range(problem.n):
        others = np.sort(np.delete(problem.affinity[i], i))[::-1]
        total += max(float(others[: size - 1].sum()) for size in _turning_sizes(others, least, most))
    return total / 2


def _turning_sizes(others: npt.NDArray[np.float64], least: int, most: int) -> list[int]:
    """The sizes at which the sum of the best companions can be greatest: where they turn negative, or the limits."""
    positive = 1 + int((others > 0).sum())
    return sorted({least, most, min(max(positive, least), most)})


def _same_sizes(problem: GroupingProblem, diagonal: npt.NDArray[np.float64]) -> float:
    n, count = problem.n, problem.group_count
    size = n // count
    matrix = problem.affinity + np.diag(diagonal)
    along_ones = float(matrix.sum()) / n
    beside = 0.0
    if count > 1 and float(np.ptp(matrix)) > 0.0:  # a constant matrix is zero beside the all-ones vector
        # A basis of that complement: the reflection that takes the all-ones vector to the first axis, less that axis.
        normal = np.full(n, 1 / np.sqrt(n))
        normal[0] += 1.0
        normal /= np.linalg.norm(normal)
        times = matrix @ normal
        turned = matrix - 2 * np.outer(normal, times) - 2 * np.outer(times, normal)
        turned += 4 * float(normal @ times) * np.outer(normal, normal)
        beside = float(np.sort(np.linalg.eigvalsh(turned[1:, 1:]))[::-1][: count - 1].sum())
    return 0.5 * (size * (along_ones + beside) - float(diagonal.sum()))


def _open_sizes(problem: GroupingProblem, diagonal: npt.NDArray[np.float64], shift: float) -> float:
    matrix = problem.affinity - shift + np.diag(diagonal)
    largest = np.zeros(problem.group_count)
    if matrix.any():
        largest = np.sort(np.linalg.eigvalsh(matrix))[::-1][: problem.group_count]
    sizes = _greatest_sizes(problem)
    squares = sum(size * size for size in sizes) if shift >= 0 else _least_squares(problem)
    return 0.5 * (float(largest @ np.array(sizes, np.float64)) + shift * squares - float(diagonal.sum()))


def _least_squares(problem: GroupingProblem) -> int:
    """The least sum of squared sizes: from the minima on, whoever is in a smallest group that has room gets company."""
    sizes, room = problem.size_min.astype(np.int64), problem.size_max.astype(np.int64)
    for _ in range(problem.n - int(sizes.sum())):
        sizes[np.argmin(np.where(sizes < room, sizes, problem.n + 1))] += 1
    return int((sizes**2).sum())
