"""One annealing from hot to cold within a budget of sweeps or of seconds, and the temperatures it should have."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from threading import Event
from time import perf_counter

import numpy as np
import numpy.typing as npt

from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.diversity_annealing import anneal, threshold_logs

Ids = npt.NDArray[np.int32]

_STAGES = 64
"""Temperatures of one run; its time or its sweeps are shared out among them."""

_PILOT_RATIO = 0.8
_PILOT_STEPS = 6000
_LIVELY, _FROZEN = 0.5, 0.03
"""Shares of members that change place in their turn, between which a grouping takes its shape: at the first it still
is without any, at the second hardly anything happens. A share, unlike a multiple of the affinities' spread, means the
same for independent affinities and for distances, whose temperatures are an order of magnitude apart."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may take: so many ``steps`` (one member's turn each), or, if that is None, ``seconds``."""

    steps: int | None
    seconds: float

    def part(self, share: float) -> Budget:
        """That share of it."""
        return Budget(None if self.steps is None else int(self.steps * share), self.seconds * share)


@dataclass(frozen=True, slots=True)
class Range:
    """Temperatures, in units of affinity, and what the search for them took."""

    hot: float
    cold: float
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The best grouping of one annealing.

    Attributes:
        objective: as the search added it up.
        group_of: (n,) int32.
        steps: members' turns taken.
    """

    objective: float
    group_of: Ids
    steps: int


class Annealer:
    """A grouping that is being annealed; one thread's own."""

    def __init__(self, problem: GroupingProblem, group_of: Ids, seed: np.random.SeedSequence) -> None:
        self._problem = problem
        self._group_of = group_of.copy()
        self._sizes = np.bincount(group_of, minlength=problem.group_count).astype(np.int32)
        self._gains = np.empty((problem.group_count, problem.n))
        self._logs = threshold_logs(problem.n)
        self._state = seed.generate_state(1, np.uint64) | np.uint64(1)  # never zero, where the generator would stay
        self._best_of, self._best = self._group_of.copy(), -np.inf
        self.steps = 0

    def at(self, temperature: float, steps: int) -> int:
        """Let ``steps`` members have their turn; how many changes were made."""
        problem = self._problem
        first = self.steps % problem.n
        self._best, changes = anneal(
            problem.affinity,
            self._gains,
            self._group_of,
            self._sizes,
            problem.size_min,
            problem.size_max,
            temperature,
            first,
            steps,
            self._state,
            self._logs,
            self._best_of,
            self._best,
        )
        self.steps += steps
        return int(changes)

    def restart_from_best(self) -> None:
        """Take up the best grouping again."""
        self._group_of[:] = self._best_of
        self._sizes[:] = np.bincount(self._best_of, minlength=self._problem.group_count)

    def result(self) -> Run:
        """The best so far."""
        return Run(self._best, self._best_of, self.steps)


def spread_of(problem: GroupingProblem) -> float:
    """The standard deviation of affinities between different members; 0 for a single one."""
    n = problem.n
    if n == 1:
        return 0.0
    mean = problem.affinity.sum() / (n * (n - 1))
    squares = ((problem.affinity - mean) ** 2).sum() - n * mean**2
    return sqrt(max(0.0, float(squares) / (n * (n - 1))))


def find_range(
    problem: GroupingProblem, group_of: Ids, seed: np.random.SeedSequence, budget: Budget, stop: Event
) -> Range:
    """Cool fast and note at which temperatures changes become rare.

    Takes at most about the budget; if that is not enough, temperatures that suit independent affinities are assumed.
    """
    began = perf_counter()
    annealer = Annealer(problem, group_of, seed)
    typical = spread_of(problem) * sqrt(problem.n / problem.group_count)
    lively, frozen = 0.3 * typical, 0.12 * typical
    temperature, most = 1.2 * typical, 40
    steps = max(2 * problem.n, _PILOT_STEPS)
    if budget.steps is not None:
        steps = min(steps, budget.steps // most)
    for _ in range(most):
        if stop.is_set() or steps < problem.n or (budget.steps is None and perf_counter() - began > budget.seconds):
            break
        changes = annealer.at(temperature, steps) / steps
        if changes > _LIVELY:
            lively, frozen = temperature, 0.4 * temperature
        elif changes < _FROZEN:
            frozen = temperature
            break
        temperature *= _PILOT_RATIO
    else:
        frozen = 0.1 * lively
    # Measured: narrower than what the pilot sees, since slow cooling has everything happen closer to the middle.
    hot = 0.85 * lively
    return Range(hot, min(1.4 * max(frozen, 0.1 * lively), 0.7 * hot), annealer.steps)


def run_down(
    problem: GroupingProblem,
    group_of: Ids,
    hot: float,
    cold: float,
    budget: Budget,
    seed: np.random.SeedSequence,
    stop: Event,
) -> Run:
    """Anneal from ``hot`` to ``cold``, the temperature falling by the same factor all along, then climb to the top.

    With a budget of seconds the temperature follows the clock, so that the run reaches its end whatever else the
    machine does meanwhile. With a budget of steps the result depends on the arguments alone.
    """
    began = perf_counter()
    annealer = Annealer(problem, group_of, seed)
    chunk = problem.n
    stage = 0
    while not stop.is_set():
        if budget.steps is None:
            spent = perf_counter() - began
            fraction = spent / budget.seconds if budget.seconds > 0 else 1.0
            if fraction >= 1.0:
                break
            if annealer.steps:
                chunk = max(problem.n, int(annealer.steps / spent * budget.seconds / _STAGES))
        else:
            fraction = stage / _STAGES
            chunk = (stage + 1) * budget.steps // _STAGES - stage * budget.steps // _STAGES
            stage += 1
            if fraction >= 1.0:
                break
        annealer.at(hot * (cold / hot) ** fraction, chunk)
    _climb(annealer, problem.n, hot, budget, began)
    return annealer.result()


def _climb(annealer: Annealer, n: int, hot: float, budget: Budget, began: float) -> None:
    """Go on from the best grouping while something gains; a share of the budget at most."""
    if not annealer.steps:
        annealer.at(-1e-10 * hot, 0)
    annealer.restart_from_best()
    for _ in range(30):
        if budget.steps is None and perf_counter() - began > 1.05 * budget.seconds:
            break
        if not annealer.at(-1e-10 * hot, n):
            break
