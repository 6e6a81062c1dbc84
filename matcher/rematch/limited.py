"""A plan under a churn limit, and the problems that show its bound; no solver is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import PairingSolution

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Limited:
    """The best plan found under one limit.

    Attributes:
        limit: ties that may be broken; ``None`` for no limit.
        broken: ties in force, locked ones left out, that are not in the plan.
        objective: what all problems count together, without any multiplier.
        bound: no plan within the limit counts more.
        multiplier: the one that shows the bound.
        problems: as they were solved at last: with the ties that are kept locked, if the limit binds.
        solutions: of those problems.
        shown_by: solutions of the problems with the multiplier, whose certificates show the bound.
    """

    limit: int | None
    broken: int
    objective: int
    bound: int
    multiplier: int
    problems: tuple[PairingProblem, ...]
    solutions: tuple[PairingSolution, ...]
    shown_by: tuple[PairingSolution, ...]


def open_ties(problem: PairingProblem) -> Ints:
    """Edges of the ties in force that a plan may break."""
    return np.setdiff1d(problem.incumbent_edges, problem.locked_edges, assume_unique=True).astype(np.int64)


def with_multiplier(problem: PairingProblem, multiplier: int) -> PairingProblem:
    """The problem with every tie in force counted for so much more."""
    return _remade(problem, incumbent_bonus=problem.incumbent_bonus + multiplier)


def locking(problem: PairingProblem, edges: Ints) -> PairingProblem:
    """The problem with these edges locked, and none besides."""
    return _remade(problem, locked=np.stack((problem.u[edges], problem.v[edges]), 1))


def _remade(problem: PairingProblem, **other: Any) -> PairingProblem:
    names = ("u", "v", "weight", "capacity", "locked", "banned", "incumbent", "incumbent_bonus", "outside", "objective")
    same = {name: getattr(problem, name) for name in (*names, "threshold", "triads", "n")}
    return PairingProblem(**{**same, **other})
