"""One way of forming groups, once, in a process of its own.

python -m benchmarks.group_runs ASKED WAY SIZE SECONDS    prints what came of it as one line of JSON
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import cast

import numpy as np

from benchmarks.group_baselines import WAYS, OutOfTime, TooLarge, drafts_of, greedily, task_of
from benchmarks.group_specs import Asked, spec_of
from benchmarks.growth_stages import memory
from matcher.grouping.cohort import gather
from matcher.grouping.community import Community
from matcher.grouping.draft import GroupDraft
from matcher.grouping.evaluation import describe
from matcher.grouping.form import form_groups
from matcher.grouping.plan import PlannedGroup, Terms
from matcher.grouping.plan_rules import plan_violations
from matcher.grouping.rules import group_violations
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from matcher.members.sample import SAMPLE_DAY, sample_members
from matcher.verification.grouping import verify_groups

OURS = "ours"
GRACE_S = 60.0
"""A way that has not ended so long after its time is ended."""
WARM_UP_MEMBERS, WARM_UP_SECONDS = 1_500, 3.0
"""Members at most, and seconds: enough to walk through all compiled code that a larger run needs."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        why_not: why there is no plan; the rest is 0 then.
        placed, total, groups: of the plan.
        mean_fit: of the members placed.
        worst_fit: mean fit of the tenth who fit least.
        seconds, processor: from members and spec to groups; processor time of all threads.
        peak: memory of the process at its highest, in bytes, before the plan is checked.
        bound: what no plan is worth more than, if the run says so.
    """

    why_not: str = ""
    placed: int = 0
    total: float = 0.0
    groups: int = 0
    mean_fit: float = 0.0
    worst_fit: float = 0.0
    seconds: float = 0.0
    processor: float = 0.0
    peak: float = 0.0
    bound: float | None = None


def run(asked: Asked, way: str, size: int, seconds: float) -> Outcome:
    """Draw members, form groups of them in about so many seconds, check them, and weigh them."""
    _warm_up(asked, way, min(size, WARM_UP_MEMBERS))
    members = sample_members(size, as_of=SAMPLE_DAY)
    spec = spec_of(asked, members)
    signal.setitimer(signal.ITIMER_REAL, seconds + GRACE_S)  # ends the process, compiled code or not
    began, worked = time.perf_counter(), time.process_time()
    if way == OURS:
        plan = form_groups(members, spec, SAMPLE_DAY, time_limit_s=seconds, diagnose=False)
    else:
        try:
            task = task_of(members, spec, time.monotonic() + seconds)
            drafts = drafts_of(task, WAYS[way](task))
        except (TooLarge, OutOfTime) as error:
            return Outcome(str(error) or f"no plan in {seconds:g} s")
    took, processor, peak = time.perf_counter() - began, time.process_time() - worked, memory("VmHWM")
    signal.setitimer(signal.ITIMER_REAL, 0)
    bound = None
    if way == OURS:
        verify_groups(members, spec, plan)
        groups, terms, bound = plan.groups, plan.terms, plan.upper_bound
    else:
        groups, terms = _weighed(members, spec, drafts)
    fits = np.sort([place.fit for group in groups for place in group.members])
    tenth = max(1, fits.size // 10)
    return Outcome(
        "", terms.placed, terms.total, len(groups), float(fits.mean()), float(fits[:tenth].mean()),
        took, processor, peak, bound,
    )  # fmt: skip


def _warm_up(asked: Asked, way: str, size: int) -> None:
    """Load compiled code, or compile it on a machine's first run."""
    members = sample_members(size, as_of=SAMPLE_DAY)
    spec = spec_of(asked, members)
    if way == OURS:
        form_groups(members, spec, SAMPLE_DAY, time_limit_s=WARM_UP_SECONDS, diagnose=False)
        return
    task = task_of(members, spec, math.inf)
    greedily(task)
    with contextlib.suppress(OutOfTime):  # compiling took all of it
        WAYS[way](dataclasses.replace(task, deadline=time.monotonic() + WARM_UP_SECONDS))


def _weighed(
    members: Sequence[MemberProfile], spec: GroupSpec, drafts: Sequence[GroupDraft]
) -> tuple[tuple[PlannedGroup, ...], Terms]:
    community = Community.of(members, spec, SAMPLE_DAY)
    broken = [*plan_violations(drafts, community)]
    for draft in drafts:
        broken += group_violations(draft, community)
    if broken:
        raise AssertionError(f"{len(broken)} rules broken: {broken[0].rule}")
    return describe(gather(members, spec, SAMPLE_DAY), drafts)


if __name__ == "__main__":
    print(
        json.dumps(dataclasses.asdict(run(cast(Asked, sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
    )
    sys.stdout.flush()
    os._exit(0)  # a way that was ended from outside leaves threads behind
