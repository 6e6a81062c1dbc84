"""Short searches, one after the other, until the time is over."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidProblem
from matcher.grouping.plan import GroupPlan
from matcher.grouping.relaxation import Case
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile

FEWEST_PASSES, MOST_PASSES, PASSED_MEMBERS = 2, 60, 600
"""Of each search: about so many members are passed over. The first passes place nearly as many as a thousand do; what
these gain is fit."""


class Solve(Protocol):
    """What is asked of the solver: :func:`~matcher.grouping.form.form_groups`, without a diagnosis of its own."""

    def __call__(
        self,
        members: Sequence[MemberProfile],
        spec: GroupSpec,
        as_of: datetime.date,
        *,
        seed: int,
        time_limit_s: float,
        iterations: int | None,
        means: FacetMeans | None,
        diagnose: bool,
    ) -> GroupPlan:
        """A plan."""
        ...


@dataclass(slots=True)
class Trials:
    """Asks a solver short questions.

    Attributes:
        solve: the solver.
        as_of: the day for ages and stages.
        means: what unknown facets score.
        seed: of the searches.
        iterations: of each; by the number of members if ``None``.
        deadline: by :func:`time.perf_counter`.
        stopped: asked before each search; True ends them all.
        base: how many of those who count are placed without any change.
        finished: whether every question so far was asked of the solver.
    """

    solve: Solve
    as_of: datetime.date
    means: FacetMeans | None
    seed: int
    iterations: int | None
    deadline: float
    stopped: Callable[[], bool]
    base: int = 0
    finished: bool = field(default=True)

    def plan(self, case: Case) -> GroupPlan | None:
        """An answer; ``None`` if there is none, or no time to look for it."""
        left = self.deadline - time.perf_counter()
        if left <= 0 or self.stopped():
            self.finished = False
            return None
        passes = min(max(PASSED_MEMBERS // max(len(case.watched), 1), FEWEST_PASSES), MOST_PASSES)
        try:
            return self.solve(
                case.members,
                case.spec,
                self.as_of,
                seed=self.seed,
                time_limit_s=max(left, 0.01),
                iterations=passes if self.iterations is None else self.iterations,
                means=self.means,
                diagnose=False,
            )
        except InvalidProblem:  # so few may be placed that there is no group to form
            return None

    def gain(self, case: Case, plan: GroupPlan | None) -> int:
        """How many more of those who count are placed than without a change."""
        return 0 if plan is None else len(case.watched.intersection(plan.group_of())) - self.base
