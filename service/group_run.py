"""A search for groups and its checked result, for all who start one, or write files of it."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.grouping.plan import GroupPlan
from matcher.grouping.spec import GroupSpec

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
