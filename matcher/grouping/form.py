"""Forms groups: from members and a spec to a plan that breaks no hard rule, with a bound on what any plan is worth."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import date

import numpy as np

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidProblem, InvalidRequest, Problem, VerificationError
from matcher.grouping.blocks import Formed, block_of, whole
from matcher.grouping.cohort import gather
from matcher.grouping.diagnosis import diagnose as diagnosed
from matcher.grouping.drafting import drafts_of
from matcher.grouping.evaluation import describe
from matcher.grouping.exact import Optimum, best_of_all, is_small
from matcher.grouping.instance import Instance, instance_of
from matcher.grouping.locks import beyond_budget, broken_locks, keeps_locks, no_plan
from matcher.grouping.plan import GroupPlan, Status
from matcher.grouping.progress import GroupingProgress, Phase
from matcher.grouping.rounds import solve_in_parts
from matcher.grouping.row_bound import row_bound
from matcher.grouping.row_bound_of_many import row_bound_of_many
from matcher.grouping.solving import Limits, Solved, solve_whole
from matcher.grouping.spec import GroupSpec
from matcher.grouping.unplaced import reasons
from matcher.grouping.warm_up import load_compiled
from matcher.members.fingerprints import members_hash
from matcher.members.profile import MemberProfile
from matcher.provenance import versions

MOST_AT_ONCE = 900
"""Members that are looked at as a whole; more are divided."""
MOST_MINUTES = 24 * 60
_GAP = 1e-9
_FOR_REASONS = 0.2
"""Share of the time that is kept to find out why not everybody has a group."""


def form_groups(
    members: Sequence[MemberProfile],
    spec: GroupSpec,
    as_of: date,
    seed: int = 0,
    time_limit_s: float = 30.0,
    progress: Callable[[GroupingProgress], None] | None = None,
    *,
    iterations: int | None = None,
    cancel: Callable[[], bool] | None = None,
    means: FacetMeans | None = None,
    diagnose: bool = True,
    threads: int | None = None,
    executor: Executor | None = None,
) -> GroupPlan:
    """Form groups of members who fit together.

    Every group keeps every hard rule of the spec. Plans that do are compared by how many members they place, then by
    what they are worth (:class:`~matcher.grouping.plan.Terms`).

    Args:
        members: the community, in any order; the plan does not depend on it.
        spec: what is asked for.
        as_of: the day for ages and stages.
        seed: the same seed and ``iterations`` give the same plan on any number of threads.
        time_limit_s: seconds for all of it but loading compiled code, which takes half a second once a process
            and about a minute once a machine. The search ends earlier when it cannot find anything better.
        progress: told now and then how far it is.
        iterations: passes of the search at most; a plan says how many it had.
        cancel: asked between passes; once it says so, the best plan so far is returned.
        means: what unknown facets score; estimated from ``members`` by default.
        diagnose: if somebody could not be placed, find out which rules are to blame and what would help.
        threads: that work at once; as many as there are processors by default.
        executor: where the parts of a large cohort are worked on in place of threads, if there are ``iterations``; a
            run is then cancelled between rounds only. The plan is the same.

    Raises:
        InvalidProblem: if the spec does not fit the members, with everything that is wrong: see
            :func:`~matcher.grouping.cohort.gather`; or if locks break a rule, or the churn budget cannot be kept.
        InvalidRequest: if a number is out of its range.
        VerificationError: if the plan exceeds what was held to be a bound of all plans.
    """
    _check(seed, time_limit_s, iterations, threads)
    begun = time.monotonic()
    bound = math.inf

    def report(phase: Phase, placed: int, total: float, share_done: float) -> None:
        if progress is not None:
            progress(GroupingProgress(phase, placed, total, bound, share_done))

    report("reading", 0, 0.0, 0.0)
    cohort = gather(members, spec, as_of, means)  # before code is loaded: what is wrong is told at once
    instance = instance_of(cohort)
    begun += load_compiled()
    limits = Limits(
        begun + time_limit_s * (1.0 - _FOR_REASONS * diagnose) - _time_to_describe(len(members)),
        iterations,
        cancel if cancel is not None else lambda: False,
        threads if threads is not None else os.cpu_count() or 1,
    )
    part = whole(instance)
    large = instance.n > MOST_AT_ONCE
    optimum: Optimum | None = None
    report("bound", 0, 0.0, 0.0)
    if large:
        bound = row_bound_of_many(instance, 0.1 * time_limit_s)
    else:
        block = block_of(instance, part)
        optimum = best_of_all(instance, block, part) if is_small(block) else None
        bound = row_bound(block) if optimum is None else optimum.bound

    if optimum is not None and optimum.proven:
        if optimum.groups is None:
            raise InvalidProblem(no_plan(instance, optimum.least_moved))
        solved = Solved(optimum.groups, optimum.placed, optimum.total, 0, False)
    elif large:
        solved = solve_in_parts(instance, seed, limits, report, executor)
    else:
        solved = solve_whole(instance, part, seed, limits, bound, report)
        if optimum is not None and optimum.groups is not None:
            known = Solved(optimum.groups, optimum.placed, optimum.total, solved.passes, solved.cancelled)
            lawful = keeps_locks(instance, solved.groups) and len(_moved(instance, solved.groups)) <= part.most_moved
            solved = max(known, solved if lawful else known, key=lambda one: (one.placed, one.total))
    report("description", solved.placed, solved.total, 1.0)
    proven = optimum is not None and optimum.proven
    plan = _plan(instance, solved, bound, seed, members, proven=proven)
    if not diagnose or solved.cancelled:
        return plan
    if plan.unplaced:
        report("diagnosis", solved.placed, solved.total, 1.0)
    left = min(_FOR_REASONS * time_limit_s, begun + time_limit_s - time.monotonic())
    again = functools.partial(form_groups, threads=threads)
    return dataclasses.replace(
        plan,
        diagnosis=diagnosed(
            members,
            spec,
            plan,
            as_of,
            solve=again,
            means=cohort.means,
            seed=seed,
            time_limit_s=left,
            stopped=limits.cancelled,
        ),
    )


def _check(seed: int, time_limit_s: float, iterations: int | None, threads: int | None) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidRequest(Problem("seed", "not a whole number from 0", "0, 1, 2 ..."))
    if not 0 < time_limit_s <= 60 * MOST_MINUTES:
        raise InvalidRequest(Problem("time_limit_s", "out of range", "seconds, above 0 and at most a day"))
    for name, number in (("iterations", iterations), ("threads", threads)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
            raise InvalidRequest(Problem(name, "out of range", "a whole number from 1, or nothing"))


def _time_to_describe(members: int) -> float:
    """Seconds to keep for what comes after the search."""
    return 0.05 + members * 2e-4


def _plan(
    instance: Instance, solved: Solved, bound: float, seed: int, members: Sequence[MemberProfile], *, proven: bool
) -> GroupPlan:
    cohort = instance.cohort
    problems = broken_locks(instance, solved.groups)
    if problems:
        raise InvalidProblem(problems)
    drafts = drafts_of(instance, solved.groups)
    _keep_budget(cohort.spec, moved := _moved(instance, solved.groups))
    groups, terms = describe(cohort, drafts, moved=len(moved), times=instance.times)
    placed = {place for group in solved.groups for place in group.members}
    leading = {int(instance.leaders.member[leader]) for group in solved.groups for leader in group.leaders}
    without = [place for place in range(instance.n) if place not in placed and place not in leading]
    leads = {instance.leaders.names[leader] for group in solved.groups for leader in group.leaders}
    left_out = [one for one in cohort.left_out if one.member_id not in leads]
    bound = _lifted(bound, terms.total)
    gap = (bound - terms.total) / abs(bound) if bound else 0.0
    best = bound - terms.total <= _GAP * max(1.0, bound) and (proven or not without)
    status: Status = "cancelled" if solved.cancelled else "optimal" if best else "feasible"
    return GroupPlan(
        groups=groups,
        unplaced=tuple(sorted((*reasons(instance, without), *left_out), key=lambda one: one.member_id)),
        terms=terms,
        upper_bound=bound,
        gap=gap,
        status=status,
        as_of=cohort.as_of,
        seed=seed,
        iterations=solved.passes,
        spec_hash=cohort.spec.fingerprint(),
        members_hash=members_hash(members),
        versions=versions(),
        moved=moved,
        must_leave=instance.existing.must_leave,
    )


def _lifted(bound: float, total: float) -> float:
    """The bound, not below a plan by the rounding of sums; by more it is none, and nothing said of it would be true."""
    if total > bound + _GAP * max(1.0, bound):
        raise VerificationError(f"upper_bound: {bound:g} is below a plan worth {total:g}")
    return max(bound, total)


def _moved(instance: Instance, groups: Sequence[Formed]) -> tuple[str, ...]:
    now = {place: group.existing for group in groups for place in group.members}
    return tuple(
        instance.cohort.members[place].member_id
        for place in np.flatnonzero(instance.home >= 0).tolist()
        if now.get(place, -1) != instance.home[place]
    )


def _keep_budget(spec: GroupSpec, moved: Sequence[str]) -> None:
    if spec.churn is not None and len(moved) > spec.churn:
        raise InvalidProblem([beyond_budget(len(moved))])
