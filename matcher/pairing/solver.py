"""The pairing solver: one way for all objectives, capacities and sizes.

Locks, bans and the threshold leave an open part; members with room for several become copies; the exact machinery
matches
those until it is done or time is up; what it left undone the dominant pairing completes. The duals bound the best
plan at
any moment, so every answer comes with its gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from time import perf_counter

import numpy as np
import numpy.typing as npt

from matcher.pairing.blocking import find_blocking
from matcher.pairing.bound import best_cover, doubled_bound
from matcher.pairing.capacity import Copies, duals_of, edges_needed, pairs_of, split
from matcher.pairing.dominant import best_first, improve_by_swaps, sweep_duals, take_dominant
from matcher.pairing.exact import Matched, match_copies
from matcher.pairing.odd_sets import no_odd_sets
from matcher.pairing.problem import PairingProblem
from matcher.pairing.residual import Residual, open_part, worth_of
from matcher.pairing.solution import Certificate, OddSets, PairingSolution
from matcher.pairing.triads import join_pairs
from matcher.pairing.unmatched import explain

Progress = Callable[[str, float, int, int], bool | None]
"""(phase, fraction of it, objective of the best whole plan known so far, bound) -> False to stop with the best plan
so far."""

MOST_EDGES = 60_000_000
"""Beyond this many edges the copies are not made, and the dominant pairing with swaps and dual sweeps answers."""

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class _Clock:
    """Watches the time, the caller's wish to stop, and what the caller is content with."""

    deadline: float
    progress: Progress | None
    gap: float = 0.0
    shift: int = 0
    plan: int = 0
    stopped: bool = False

    def goes_on(self, phase: str, fraction: float, doubled: int) -> bool:
        """Report, and say whether there is time and will to go on."""
        if self.progress is not None and self.progress(phase, fraction, self.plan, doubled // 2 - self.shift) is False:
            self.stopped = True
        return not self.stopped and perf_counter() < self.deadline

    def is_enough(self, unserved: int, doubled: int) -> bool:
        """Whether a plan that is not the best yet is as close to the bound as is asked for; ``unserved`` is what parts
        them, doubled."""
        return 0 < unserved <= self.gap * (doubled - 2 * self.shift)


def solve_pairing(
    problem: PairingProblem,
    time_limit_s: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    *,
    gap: float = 0.0,
) -> PairingSolution:
    """Find the best plan, or with a gap or a time limit one that comes near it, and bound all others.

    Args:
        problem: what to pair.
        time_limit_s: the search stops soon after; the plan is valid at any time. None: until it is optimal.
        seed: accepted for symmetry with the other solvers; nothing here is drawn, so it changes nothing.
        progress: called some times a second with (phase, fraction, plan's objective, bound). If it returns False, the
            best plan so far is returned; what it raises reaches the caller.
        gap: the search stops once it has shown that no plan is better by more than this share. 0: at the best plan.
            From some hundred thousand members on, the last thousandth takes most of the time.

    Returns:
        The same solution for the same problem on any machine, as long as time does not run out.
    """
    del seed
    clock = _Clock(inf if time_limit_s is None else perf_counter() + time_limit_s, progress, gap)
    residual = open_part(problem)
    matched, copies = None, None
    odd_sets = no_odd_sets(residual.n)
    order = best_first(residual.gain)
    taken = take_dominant(residual.u, residual.v, order, residual.capacity.copy())
    clock.plan = int(residual.gain[taken].sum())
    if problem.objective == "stable" or edges_needed(residual) > MOST_EDGES:
        clock.goes_on("dominant", 0.0, 2 * int(residual.gain.sum()))
        y = sweep_duals(residual.u, residual.v, residual.gain, residual.capacity)
        if problem.objective != "stable":
            taken = improve_by_swaps(residual.u, residual.v, residual.gain, residual.capacity, taken)
    else:
        copies = split(residual)
        clock.shift = int(residual.gain[copies.ported].sum())
        matched = match_copies(copies, clock.goes_on, clock.is_enough)
        taken, y, odd_sets = _plan_of(residual, copies, matched, order, taken)
    doubled = doubled_bound(residual, y, odd_sets)
    return _assemble(problem, residual, taken, y, odd_sets, doubled, matched, copies, clock)


def _plan_of(
    residual: Residual, copies: Copies, matched: Matched, order: npt.NDArray[np.intp], dominant: Ints
) -> tuple[Ints, Ints, OddSets]:
    number = np.empty_like(matched.place)
    number[matched.place] = np.arange(copies.n, dtype=np.int32)
    mate = matched.search.graph.mate[matched.place]
    mate = np.where(mate >= 0, number[mate], -1)
    taken = pairs_of(copies, residual, mate)
    if not matched.done:
        used = np.bincount(np.concatenate((residual.u[taken], residual.v[taken])), minlength=residual.n)
        is_taken = np.zeros(len(residual.u), np.bool_)
        is_taken[taken] = True
        rest = order[~is_taken[order]]
        more = take_dominant(residual.u, residual.v, rest, residual.capacity - used)
        taken = np.sort(np.concatenate((taken, more)))
        if residual.gain[taken].sum() < residual.gain[dominant].sum():
            taken = dominant
        taken = improve_by_swaps(residual.u, residual.v, residual.gain, residual.capacity, taken, sweeps=1)
    y, odd_sets = duals_of(copies, matched.search, mate, matched.place)
    return taken, y, odd_sets


def _assemble(
    problem: PairingProblem,
    residual: Residual,
    taken: Ints,
    y: Ints,
    odd_sets: OddSets,
    doubled: int,
    matched: Matched | None,
    copies: Copies | None,
    clock: _Clock,
) -> PairingSolution:
    locked = int(worth_of(problem)[problem.locked_edges].sum()) + residual.pair_prize * len(problem.locked_edges)
    objective = locked + int(residual.gain[taken].sum())
    upper = locked + doubled // 2
    y_all, upper_all = None, None
    if problem.outside is not None:
        doubled_all, y_all = best_cover(residual, y, odd_sets, problem.outside)
        upper_all = locked + doubled_all // 2
    edges = np.sort(np.concatenate((residual.edge[taken], problem.locked_edges)))
    pairs = np.sort(np.stack((problem.u[edges], problem.v[edges]), 1), axis=1)
    rows = np.lexsort((pairs[:, 1], pairs[:, 0]))
    edges, pairs = edges[rows], pairs[rows]
    partners = np.bincount(pairs.ravel(), minlength=problem.n)
    alone = np.flatnonzero((partners == 0) & (problem.capacity > 0))
    optimal = objective == upper or problem.objective == "stable"
    proved = matched if optimal and matched is not None and matched.done else None
    deadline = 0.0 if clock.stopped else clock.deadline
    return PairingSolution(
        pairs=pairs,
        edges=edges,
        total_weight=int(problem.weight[edges].sum()),
        objective_weight=objective,
        upper_bound=upper,
        gap=(upper - objective) / upper if upper else 0.0,
        upper_bound_all_pairs=upper_all,
        certificate=Certificate(y, _in_problem(residual, odd_sets), y_all, residual.pair_prize),
        status="optimal" if optimal else "feasible",
        unmatched=explain(problem, residual, taken, alone, proved, copies, deadline),
        blocking_pairs=find_blocking(residual, taken),
        triads=join_pairs(problem, residual, pairs, alone) if problem.triads else np.empty((0, 3), np.int32),
    )


def _in_problem(residual: Residual, odd_sets: OddSets) -> OddSets:
    return replace(odd_sets, boundary=residual.edge[odd_sets.boundary])
