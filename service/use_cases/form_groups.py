"""Put a community into groups: the plan, its independent check, and the spec with which to solve it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from matcher import MemberProfile
from matcher.embedding.population import FacetMeans
from matcher.grouping.form import form_groups
from matcher.grouping.plan import GroupPlan
from matcher.grouping.progress import GroupingProgress
from matcher.grouping.resolve import spec_around
from matcher.grouping.spec import GroupSpec
from matcher.verification.grouping import verify_groups

DEFAULT_TIME_LIMIT_S = 30.0
NO_TIME_LIMIT_S = 86_400.0
"""The longest that a search may take."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to search, and from which draw.

    Attributes:
        seed: of the search.
        time_limit_s: seconds; ``None`` for as long as ``iterations`` take, or 30 without them.
        iterations: rounds of the search; with them and without a time limit, a plan depends on its inputs alone.
        threads: processors to use; ``None`` for all. A plan does not depend on them.
    """

    seed: int = 0
    time_limit_s: float | None = None
    iterations: int | None = None
    threads: int | None = None

    @property
    def seconds(self) -> float:
        """The time limit in force."""
        if self.time_limit_s is not None:
            return self.time_limit_s
        return DEFAULT_TIME_LIMIT_S if self.iterations is None else NO_TIME_LIMIT_S


@dataclass(frozen=True, slots=True)
class GroupRun:
    """A checked plan.

    Attributes:
        plan: the groups.
        spec: what was asked for.
        next_spec: the spec with the plan as its existing groups.
        solving_s, checking_s: seconds that it took.
    """

    plan: GroupPlan
    spec: GroupSpec
    next_spec: GroupSpec
    solving_s: float
    checking_s: float


def form_and_check(
    members: Sequence[MemberProfile],
    spec: GroupSpec,
    as_of: date,
    effort: Effort,
    progress: Callable[[GroupingProgress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    *,
    means: FacetMeans | None = None,
) -> GroupRun:
    """Find the best plan that time allows, and check it with code that shares nothing with the search.

    Args:
        members: the whole community.
        spec: what is asked for.
        as_of: the day for stages and ages.
        effort: how long to search.
        progress: told now and then how far it is.
        cancel: asked now and then whether to stop and take the best plan so far.
        means: what unknown facets score; estimated from ``members`` by default.

    Raises:
        InvalidProblem: if spec and members contradict each other, or nobody is to be placed.
        VerificationError: if the plan broke a rule, which is a defect; nothing of it is returned.
    """
    began = time.perf_counter()
    plan = form_groups(
        members,
        spec,
        as_of,
        seed=effort.seed,
        time_limit_s=effort.seconds,
        progress=progress,
        iterations=effort.iterations,
        cancel=cancel,
        means=means,
        threads=effort.threads,
    )
    solved = time.perf_counter()
    verify_groups(members, spec, plan, means=means)
    return GroupRun(plan, spec, spec_around(plan, spec), solved - began, time.perf_counter() - solved)
