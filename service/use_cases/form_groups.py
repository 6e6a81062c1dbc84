"""Put a community into groups: the plan, its independent check, and the spec with which to solve it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date

from matcher import MemberProfile
from matcher.embedding.population import FacetMeans
from matcher.grouping.form import form_groups
from matcher.grouping.progress import GroupingProgress
from matcher.grouping.resolve import spec_around
from matcher.grouping.spec import GroupSpec
from matcher.verification.grouping import verify_groups
from service.group_run import Effort, GroupRun


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
