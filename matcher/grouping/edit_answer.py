"""What a change of a plan by hand comes to."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.grouping.plan import GroupPlan, Terms
from matcher.grouping.rules import Violation
from matcher.grouping.spec import GroupSpec


@dataclass(frozen=True, slots=True)
class FitChange:
    """What a change does to one member.

    Attributes:
        member_id: who.
        before, after: their fit; ``None`` where they are in no group.
    """

    member_id: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class EditAnswer:
    """What a change comes to.

    Attributes:
        broken: every hard rule that it would break and that is not broken without it; none if it was made.
        plan: with the change; as it was if that breaks a rule.
        spec: what the plan answers; another than before only where a lock of the spec was taken off.
        fits: what it does to everybody in the groups that it touches, by id; also for a change that is refused, if all
            of them can be scored.
        before, after: what the plan is worth without it, and would be with it.
    """

    broken: tuple[Violation, ...]
    plan: GroupPlan
    spec: GroupSpec
    fits: tuple[FitChange, ...]
    before: Terms
    after: Terms

    @property
    def made(self) -> bool:
        """Whether the change was made."""
        return not self.broken

    @property
    def change(self) -> float:
        """How the total changes; negative if the change costs something."""
        return self.after.total - self.before.total
