"""The best plan that breaks at most so many of the ties in force, with a bound on every other such plan.

The limit is a budget over several pairing problems at once (buddies and mentors). Counting every kept tie for one
``multiplier`` more turns it into a bonus, so each solve is a plain pairing. For any multiplier ``k >= 0``, all ties in
force ``K`` and a limit ``c``,

    objective of any plan within the limit  <=  UB(k) - k (K - c)

where ``UB(k)`` is the certified bound of the problems with the bonus: such a plan keeps ``K - c`` ties at least, each
counted ``k`` too much. The multiplier is found along the lines that two plans span (Handler and Zang 1980): at most a
few solves. Between the last plan that breaks too much and the last that does not, the symmetric difference falls into
trails along which one changes into the other; the trails that fit the rest of the budget best are taken (Berger,
Bonifaci, Grandoni and Schaefer 2011, Mathematical Programming 128, who patch one trail where nothing is to be lost).
At last the ties kept so far are locked and the problems solved once more: no such plan breaks more, and it is the best
of those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from matcher.errors import InvalidProblem, Problem
from matcher.pairing.problem import PairingProblem
from matcher.pairing.residual import worth_of
from matcher.pairing.solution import PairingSolution
from matcher.pairing.solver import solve_pairing
from matcher.rematch.limited import Ints, Limited, locking, open_ties, with_multiplier
from matcher.rematch.trails import best_trails, trails_between

Solve = Callable[[Sequence[PairingProblem]], Sequence[PairingSolution]]
MOST_SOLVES = 60


def one_by_one(problems: Sequence[PairingProblem]) -> list[PairingSolution]:
    """Solve in this process."""
    return [solve_pairing(problem) for problem in problems]


class _Plan(NamedTuple):
    """A plan of all problems: its edges, what they count, and how many ties it breaks."""

    taken: tuple[Ints, ...]
    objective: int
    broken: int

    def at(self, multiplier: int) -> int:
        """What it counts if a tie that is broken costs the multiplier."""
        return self.objective - multiplier * self.broken


class _Solved(NamedTuple):
    """What one multiplier gave."""

    plan: _Plan
    solutions: tuple[PairingSolution, ...]


class ChurnSolver:
    """Solves the same problems under many limits; what one limit has found serves the next.

    Args:
        problems: what is to be paired; their incumbents are the ties in force, which must fit their capacities. Locked
            ties are no choice. ``coverage`` is not taken: its prize of a pair would outweigh any multiplier; add a
            prize to the weights.
        solve: solves problems apart from each other; may do so at once.

    Raises:
        InvalidProblem: if the ties in force cannot all be kept, or the objective is ``coverage``.
    """

    def __init__(self, problems: Sequence[PairingProblem], solve: Solve = one_by_one) -> None:
        if any(problem.objective == "coverage" for problem in problems):
            raise InvalidProblem([Problem("objective", "'coverage' has a prize of its own", "total or stable")])
        self.problems = tuple(problems)
        self._solve = solve
        self._open = [open_ties(problem) for problem in problems]
        self._all_kept = tuple(
            locking(problem, np.union1d(problem.locked_edges, ties))
            for problem, ties in zip(problems, self._open, strict=True)
        )
        self._known: dict[int, _Solved] = {}
        self._keeping_all: _Solved | None = None

    @property
    def could_break(self) -> int:
        """Ties in force that a plan may break."""
        return sum(map(len, self._open))

    def best(self, limit: int | None = None) -> Limited:
        """The best plan that breaks at most ``limit`` ties.

        Args:
            limit: a whole number from 0; ``None`` for no limit.

        Returns:
            With no limit, with 0, and wherever the limit does not bind, the best plan there is, if the solver proved
            it to be; else one within the gap between objective and bound.
        """
        free = self._at(0)
        bound = sum(solution.upper_bound for solution in free.solutions)
        if limit is None or free.plan.broken <= limit:
            return Limited(limit, free.plan.broken, free.plan.objective, bound, 0, self.problems, *[free.solutions] * 2)
        if limit == 0:
            return self._limited(0, self._all_kept, self._nothing_broken())
        low, high = self._around(limit)
        kept = self._patched(low, high, limit)
        locked = tuple(
            locking(problem, np.union1d(problem.locked_edges, np.intersect1d(ties, taken)))
            for problem, ties, taken in zip(self.problems, self._open, kept, strict=True)
        )
        return self._limited(limit, locked, self._solved(locked))

    def _around(self, limit: int) -> tuple[_Plan, _Plan]:
        """A plan that breaks too much and one that does not, which one multiplier makes (nearly) the same."""
        low, low_at = self._at(0).plan, 0
        high, high_at = self._nothing_broken().plan, self._prohibitive()
        for at, (plan, _) in self._known.items():
            if plan.broken > limit and at > low_at:
                low, low_at = plan, at
            elif plan.broken <= limit and at < high_at:
                high, high_at = plan, at
        for _ in range(MOST_SOLVES):
            line = (low.objective - high.objective) // (low.broken - high.broken)
            if high.broken == limit or not low_at < line < high_at:
                break
            plan = self._at(line).plan
            done = plan.at(line) <= max(low.at(line), high.at(line))
            if plan.broken > limit:
                low, low_at = plan, line
            else:
                high, high_at = plan, line
            if done:
                break
        return low, high

    def _patched(self, low: _Plan, high: _Plan, limit: int) -> list[Ints]:
        """The plan that breaks little, with the trails towards the other that fit the limit best."""
        parts = [
            trails_between(problem.u, problem.v, few, many)
            for problem, few, many in zip(self.problems, high.taken, low.taken, strict=True)
        ]
        gains, costs = [], []
        for problem, ties, part in zip(self.problems, self._open, parts, strict=True):
            in_force = np.zeros(len(problem.u), np.int64)
            in_force[ties] = 1
            gains.append(part.sums(worth_of(problem)))
            costs.append(-part.sums(in_force))
        chosen = best_trails(np.concatenate(gains), np.concatenate(costs), limit - high.broken)
        patched, at = [], 0
        for few, part in zip(high.taken, parts, strict=True):
            along = chosen[at : at + part.size][part.trail]
            patched.append(np.setxor1d(few, part.edges[along]))
            at += part.size
        return patched

    def _limited(self, limit: int, problems: tuple[PairingProblem, ...], solved: _Solved) -> Limited:
        shown = [
            (sum(one.upper_bound for one in known.solutions) - at * self._must_keep(limit), at)
            for at, known in self._known.items()
        ]
        bound, at = min(shown)
        plan = solved.plan
        shown_by = self._known[at].solutions
        if limit == 0:
            bound, at, shown_by = sum(one.upper_bound for one in solved.solutions), 0, solved.solutions
        return Limited(limit, plan.broken, plan.objective, bound, at, problems, solved.solutions, shown_by)

    def _must_keep(self, limit: int) -> int:
        """How many ties in force every plan within the limit has, locked ones counted."""
        return sum(len(problem.incumbent_edges) for problem in self.problems) - limit

    def _prohibitive(self) -> int:
        """A multiplier at which no tie is worth breaking: two places that come free gain two best edges at most."""
        return 2 * max((int(worth_of(problem).max(initial=0)) for problem in self.problems), default=0) + 1

    def _nothing_broken(self) -> _Solved:
        if self._keeping_all is None:
            self._keeping_all = self._solved(self._all_kept)
        return self._keeping_all

    def _at(self, multiplier: int) -> _Solved:
        if multiplier not in self._known:
            problems = [with_multiplier(problem, multiplier) for problem in self.problems]
            self._known[multiplier] = self._solved(problems)
        return self._known[multiplier]

    def _solved(self, problems: Sequence[PairingProblem]) -> _Solved:
        solutions = tuple(self._solve(problems))
        taken = tuple(solution.edges for solution in solutions)
        objective = broken = 0
        for problem, ties, edges in zip(self.problems, self._open, taken, strict=True):
            objective += int(worth_of(problem)[edges].sum())
            broken += len(np.setdiff1d(ties, edges, assume_unique=True))
        return _Solved(_Plan(taken, objective, broken), solutions)
