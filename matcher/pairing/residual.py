"""What is left to decide once locks, bans and the threshold have had their say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.pairing.problem import PairingProblem


@dataclass(frozen=True, slots=True, eq=False)
class Residual:
    """The open part of a problem.

    Attributes:
        n: number of members.
        edge: (m,) int64, numbers of the open edges in the problem.
        u, v: their ends.
        worth: (m,) int64, score and incumbent's bonus.
        gain: (m,) int64, what a solver maximises: worth, and the prize of a pair under ``coverage``.
        capacity: (n,) int64, left beside the locks, and at most the number of open edges.
        free: (n,) int64, left beside the locks.
        pair_prize: see :class:`~matcher.pairing.solution.Certificate`.
    """

    n: int
    edge: npt.NDArray[np.int64]
    u: npt.NDArray[np.int32]
    v: npt.NDArray[np.int32]
    worth: npt.NDArray[np.int64]
    gain: npt.NDArray[np.int64]
    capacity: npt.NDArray[np.int64]
    free: npt.NDArray[np.int64]
    pair_prize: int


def open_part(problem: PairingProblem) -> Residual:
    """Take out locked, banned and too weak edges and those at members without capacity; O(n + m)."""
    n = problem.n
    used = np.bincount(np.concatenate((problem.u[problem.locked_edges], problem.v[problem.locked_edges])), minlength=n)
    free = problem.capacity - used
    is_open = problem.weight >= problem.threshold
    is_open[problem.locked_edges] = False
    is_open[problem.banned_edges] = False
    is_open &= (free[problem.u] > 0) & (free[problem.v] > 0)
    worth = worth_of(problem)
    edge = np.flatnonzero(is_open)
    if len(edge) == len(problem.u):
        u, v = problem.u, problem.v
    else:
        u, v, worth = problem.u[edge], problem.v[edge], worth[edge]
    degree = np.bincount(u, minlength=n) + np.bincount(v, minlength=n)
    capacity = np.minimum(free, degree)
    prize = pair_prize(n, u, v, worth, capacity) if problem.objective == "coverage" else 0
    return Residual(n, edge, u, v, worth, worth + prize if prize else worth, capacity, free, prize)


def worth_of(problem: PairingProblem) -> npt.NDArray[np.int64]:
    """Score and incumbent's bonus of every edge."""
    worth = problem.weight.copy()
    worth[problem.incumbent_edges] += problem.edge_bonus
    return worth


def pair_prize(
    n: int,
    u: npt.NDArray[np.int32],
    v: npt.NDArray[np.int32],
    worth: npt.NDArray[np.int64],
    capacity: npt.NDArray[np.int64],
) -> int:
    """More than any plan's scores together: every member's slots, each at the member's best edge, halved, and one."""
    best = np.zeros(n, np.int64)
    np.maximum.at(best, u, worth)
    np.maximum.at(best, v, worth)
    return int((best * capacity).sum()) // 2 + 1
