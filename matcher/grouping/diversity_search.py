"""The search for a maximally diverse grouping: a small population of annealings, and crossings of them.

Half of the time goes into annealings from nothing. Then two parents are crossed, and the child is annealed from a
middle temperature, low enough for what the parents agree on to last. It takes the place of the worst of the population
if it is better and not there already. So long as parents differ much, a child is nearly a fresh start; later it
recombines, which pays most where sizes are open.

Two annealings run at a time, in two threads if there are two processors. What they start from is settled before either
begins and both are waited for, so a run limited by iterations has one result, however many threads there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event
from time import perf_counter
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.diversity_crossing import cross
from matcher.grouping.diversity_run import Budget, Range, Run, find_range, run_down
from matcher.grouping.diversity_sizes import most_even_sizes, most_uneven_sizes

Ids = npt.NDArray[np.int32]
Stopped = Literal["bound", "iterations", "time", "cancelled"]
Watch = Callable[[float, float], bool]
"""(best objective so far, share of the limit used) -> False to stop."""

_AT_ONCE = 2
_STARTS = 8
_FOR_STARTS, _FOR_CROSSING = 0.5, 0.0125
"""Shares of the budget: for all starts, for one crossing."""
_MIDDLE = 0.5
_POLL_S = 0.05


@dataclass(slots=True)
class Found:
    """What a search did.

    Attributes:
        group_of: (n,) int32, the best grouping.
        objective: its objective as the search added it up.
        steps: members' turns, 1/n of a sweep each.
        starts, crossings: annealings of either kind.
        stopped: why it ended.
    """

    group_of: Ids
    objective: float
    steps: int = 0
    starts: int = 0
    crossings: int = 0
    stopped: Stopped = "time"


def first_grouping(problem: GroupingProblem, draw: np.random.Generator) -> Ids:
    """Everybody at random, in the sizes that bring most if all affinities were equal."""
    total = float(problem.affinity.sum())
    choose = most_uneven_sizes if total >= 0 else most_even_sizes
    sizes = choose(problem.size_min, problem.size_max, problem.n)
    return draw.permutation(np.repeat(np.arange(problem.group_count, dtype=np.int32), sizes))


@dataclass(slots=True)
class DiversitySearch:
    """The state of one search.

    Attributes:
        problem: what to group.
        best: the grouping to beat, and in the end the one found.
        goal: stops at this objective; may be lowered meanwhile.
        seed: of everything drawn.
        deadline: a time of ``perf_counter``.
        iterations: sweeps at most, or None.
        threads: how many annealings may run at once; changes nothing but the time.
    """

    problem: GroupingProblem
    best: Found
    goal: float
    seed: int
    deadline: float
    iterations: int | None
    threads: int = field(default_factory=lambda: min(_AT_ONCE, os.cpu_count() or 1))
    _stop: Event = field(default_factory=Event)
    _began: float = field(default_factory=perf_counter)
    _tasks: int = 0
    _watch: Watch = field(default=lambda _objective, _used: True)

    def run(self, watch: Watch) -> Found:
        """Search until the goal, a limit or the caller's wish ends it.

        ``watch`` is called some twenty times a second, in this thread; False ends the search, an exception too.
        """
        self._watch = watch
        draw = np.random.default_rng([self.seed, 1])
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                self._search(pool, draw)
            finally:
                self._stop.set()  # whatever the caller's functions raised, the threads end soon
        return self.best

    def _search(self, pool: ThreadPoolExecutor, draw: np.random.Generator) -> None:
        start = first_grouping(self.problem, draw)
        pilot = pool.submit(find_range, self.problem, start, self._next_seed(), self._left().part(0.1), self._stop)
        self._await([pilot])
        span = pilot.result()
        self.best.steps += span.steps
        whole = self._left()
        population: list[Run] = []
        # Open sizes settle at higher temperatures than who is with whom.
        hottest = span.hot if self.problem.uniform else 2 * span.hot
        for _ in range(_STARTS // _AT_ONCE):
            groupings = [first_grouping(self.problem, draw) for _ in range(_AT_ONCE)]
            runs = self._anneal(pool, groupings, hottest, span, whole.part(_FOR_STARTS / _STARTS))
            population += runs
            self.best.starts += len(runs)
            if self._ended():
                return
        middle = span.cold * (span.hot / span.cold) ** _MIDDLE
        while not self._ended():
            parents = [draw.choice(len(population), 2, replace=False).tolist() for _ in range(_AT_ONCE)]
            groupings = [
                cross(population[one].group_of, population[other].group_of, self.problem.group_count, draw)
                for one, other in parents
            ]
            runs = self._anneal(pool, groupings, middle, span, whole.part(_FOR_CROSSING))
            self.best.crossings += len(runs)
            for child in runs:
                _take_in(population, child)

    def _anneal(
        self, pool: ThreadPoolExecutor, groupings: list[Ids], hot: float, span: Range, share: Budget
    ) -> list[Run]:
        left = self._left().part(1 / len(groupings))
        steps = None if share.steps is None or left.steps is None else max(1, min(share.steps, left.steps))
        # Those that run at the same time each have the time of all of them.
        budget = Budget(steps, min(share.seconds, left.seconds) * min(self.threads, len(groupings)))
        futures = [
            pool.submit(run_down, self.problem, grouping, hot, span.cold, budget, self._next_seed(), self._stop)
            for grouping in groupings
        ]
        self._await(futures)
        runs = [future.result() for future in futures]
        for run in runs:
            self.best.steps += run.steps
            if run.objective > self.best.objective:
                self.best.objective, self.best.group_of = run.objective, run.group_of
        return runs

    def _next_seed(self) -> np.random.SeedSequence:
        self._tasks += 1
        return np.random.SeedSequence([self.seed, 2, self._tasks])

    def _await(self, futures: Sequence[Future[Any]]) -> None:
        waiting = True
        while waiting:
            waiting = bool(wait(futures, timeout=_POLL_S).not_done)
            if not self._stop.is_set() and not self._watch(self.best.objective, self._used()):
                self._end("cancelled")
            if self.best.objective >= self.goal:
                self._end("bound")
            if perf_counter() >= self.deadline:
                self._end("time")

    def _end(self, why: Stopped) -> None:
        if not self._stop.is_set():
            self.best.stopped = why
            self._stop.set()

    def _left(self) -> Budget:
        steps = None if self.iterations is None else max(0, self.iterations * self.problem.n - self.best.steps)
        return Budget(steps, max(0.0, self.deadline - perf_counter()))

    def _used(self) -> float:
        whole = self.deadline - self._began
        used = (perf_counter() - self._began) / whole if whole > 0 else 1.0
        if self.iterations is not None:
            used = max(used, self.best.steps / max(1, self.iterations * self.problem.n))
        return min(1.0, used)

    def _ended(self) -> bool:
        if self.best.objective >= self.goal:
            self._end("bound")
        if self.iterations is not None and self.best.steps >= self.iterations * self.problem.n:
            self._end("iterations")
        return self._stop.is_set()


def _take_in(population: list[Run], child: Run) -> None:
    """Let the child have the worst one's place, if it is better and nobody's double."""
    same = 1e-9 * abs(child.objective)
    if any(abs(child.objective - run.objective) <= same for run in population):
        return
    worst = min(range(len(population)), key=lambda place: population[place].objective)
    if child.objective > population[worst].objective:
        population[worst] = child
