"""Groups from a bare matrix of affinities: the best that a time limit buys, and how much better any other can be."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from time import perf_counter

import numpy as np
import numpy.typing as npt

from matcher.errors import InvalidRequest, Problem
from matcher.grouping.affinity_bound import Bound, quick_bound, seconds_per_step, spectral_bounds
from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.affinity_solution import GroupingSolution
from matcher.grouping.diversity_run import Annealer, spread_of
from matcher.grouping.diversity_search import DiversitySearch, Found, first_grouping

Progress = Callable[[float, float, float], None]
"""(objective of the best grouping so far, upper bound, share of the limit used)."""

_EQUAL = 1e-9
"""The bound meets the objective if they are this close, relatively."""

_FOR_SEARCH, _FOR_BOUND = 0.98, 0.1
"""Shares of the time limit after which the search ends, and after which no step for the bound begins."""

_MOST_FOR_ONE_STEP = 0.05
"""Share of the time limit; where one step towards the bound takes more, the rows alone bound."""


def solve_grouping(
    problem: GroupingProblem,
    time_limit_s: float,
    seed: int = 0,
    *,
    iterations: int | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> GroupingSolution:
    """Search for the grouping with most affinity inside the groups, and bound all others.

    The way is :mod:`matcher.grouping.diversity_search`; the bound is found beside it, for a few percent of the time.
    The search ends early only if its grouping meets the bound, as it does at once where all affinities are equal.

    Args:
        problem: what to group.
        time_limit_s: seconds, wall clock. Compiled code is loaded, or on a machine's first call compiled, before the
            clock starts. The answer is valid whenever it ends.
        seed: of everything drawn, from 0.
        iterations: sweeps at most; in one, each member once has all swaps and moves priced, O(n^2). If time does not
            run out first, problem, seed and iterations determine the grouping, on one thread or on two.
        progress: called some times a second, in this thread; what it raises reaches the caller.
        cancel: asked as often; True ends the search, and the best so far is returned.

    Raises:
        InvalidRequest: a limit or the seed is out of its range.
    """
    _check("time_limit_s", time_limit_s, 0.0, "seconds, above 0")
    _check("seed", seed, -1, "a whole number from 0")
    if iterations is not None:
        _check("iterations", iterations, 0, "a whole number from 1, or None")
    _load_compiled()
    began = perf_counter()
    first = first_grouping(problem, np.random.default_rng([seed, 0]))
    found = Found(first, objective_of(problem, first), stopped="bound")
    bound = quick_bound(problem)
    if found.objective < _goal(bound) and spread_of(problem) > 0.0:
        deadline = began + _FOR_SEARCH * time_limit_s
        search = DiversitySearch(problem, found, _goal(bound), seed, deadline, iterations)
        bound = _search_and_bound(search, bound, time_limit_s, progress, cancel)
    objective = objective_of(problem, found.group_of)
    if progress is not None:
        progress(objective, bound.value, 1.0)
    return GroupingSolution(
        group_of=found.group_of,
        objective=objective,
        upper_bound=bound.value,
        gap=(bound.value - objective) / max(abs(objective), 1e-300) if bound.value != objective else 0.0,
        status="optimal" if objective >= _goal(bound) else "feasible",
        certificate=bound.certificate,
        iterations=found.steps // problem.n,
        starts=found.starts,
        crossings=found.crossings,
        stopped=found.stopped,
    )


def _search_and_bound(
    search: DiversitySearch,
    quick: Bound,
    time_limit_s: float,
    progress: Progress | None,
    cancel: Callable[[], bool] | None,
) -> Bound:
    """Search, and meanwhile bound by eigenvalues in a thread of its own, which takes little of the search's time."""
    over = Event()
    until = perf_counter() + _FOR_BOUND * time_limit_s
    bounds = [quick]

    def refine() -> None:
        for refined in spectral_bounds(search.problem, lambda: search.best.objective):
            bounds.append(min(bounds[-1], refined, key=lambda bound: bound.value))
            search.goal = min(search.goal, _goal(bounds[-1]))
            if over.is_set() or perf_counter() >= until:
                break

    def watch(objective: float, used: float) -> bool:
        if progress is not None:
            progress(objective, bounds[-1].value, used)
        return cancel is None or not cancel()

    beside = Thread(target=refine, name="grouping-bound", daemon=True)
    try:
        if seconds_per_step(search.problem.n) < _MOST_FOR_ONE_STEP * time_limit_s:
            beside.start()
            if search.iterations is not None:
                beside.join()  # where the bound ends the search must not depend on who is faster
        search.run(watch)
        over.set()
        if beside.ident is not None:  # a step that is not done soon comes too late
            beside.join(min(1.0, max(0.0, search.deadline - perf_counter())))
    finally:
        over.set()
    return bounds[-1]


def _goal(bound: Bound) -> float:
    return bound.value - _EQUAL * abs(bound.value)


def objective_of(problem: GroupingProblem, group_of: npt.NDArray[np.int32]) -> float:
    """The affinity inside the groups, added up anew; O(sum of squared sizes)."""
    total = 0.0
    order = np.argsort(group_of, kind="stable")
    ends = np.cumsum(np.bincount(group_of, minlength=problem.group_count))
    for members in np.split(order, ends[:-1]):
        total += 0.5 * float(problem.affinity[np.ix_(members, members)].sum())
    return total


def _check(name: str, value: float, above: float, accepted: str) -> None:
    whole = isinstance(value, int | np.integer)
    if isinstance(value, bool) or not (whole or (name == "time_limit_s" and isinstance(value, float | np.floating))):
        raise InvalidRequest(Problem(name, f"is {value!r:.80}", accepted))
    if not value > above:
        raise InvalidRequest(Problem(name, f"is {value}", accepted))


def _load_compiled() -> None:
    tiny = GroupingProblem(np.ones((2, 2)), 1, 1)
    Annealer(tiny, np.arange(2, dtype=np.int32), np.random.SeedSequence(0)).at(1.0, 1)
