"""What is asked about group plans, and the shapes of the answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.wire import FieldProblem

MemberId = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]
GroupName = Annotated[str, Field(min_length=1, max_length=80)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Searched(_Asked):
    seed: int = Field(default=0, description="Of the search.")
    time_limit_s: float | None = Field(
        default=None, description="Seconds for the search, an hour at most; 30, or none with iterations, if left out."
    )
    iterations: int | None = Field(default=None, description="Rounds of the search; the plan then depends on them.")


class PlanRequest(_Searched):
    """Groups to be formed."""

    spec: dict[str, Any] = Field(description="A group spec, as docs/groups.md describes it.")


class ResolveRequest(_Searched):
    """A plan to be solved again around what is good in it."""

    keep: list[GroupName] = Field(default=[], description="Groups to lock, beside those that are.")
    keep_members: list[MemberId] = Field(default=[], description="Members to lock into their groups, beside those.")
    churn: int | None = Field(default=None, ge=0, description="At most so many members are moved.")


class EditRequest(_Asked):
    """One change of a plan."""

    edit: Literal["move", "swap", "lock", "unlock", "dissolve"]
    members: list[MemberId] = Field(
        default=[], max_length=50, description="move: who is moved; swap: the two; lock, unlock: one, or a group."
    )
    group: GroupName | None = Field(
        default=None, description="move: where to, null for no group; lock, unlock, dissolve: which."
    )
    dry_run: bool = Field(default=False, description="Only say what it would come to.")


class FitChangeShape(_Asked):
    """What a change does to one member; null where they are in no group."""

    member_id: str
    before: float | None
    after: float | None


class TermsShape(_Asked):
    """What a plan is worth."""

    placed: int
    total: float
    fit: float
    worst: float
    size: float
    churn: float
    mix: list[float]


class EditedShape(_Asked):
    """A change that breaks no rule."""

    plan_id: str
    revision: int
    dry_run: bool
    before: TermsShape
    after: TermsShape
    change: float = Field(description="Of the total; negative if the change costs something.")
    fits: list[FitChangeShape]


class PlanShape(_Asked):
    """A plan as it stands."""

    plan_id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"] = Field(description="Of the job that forms it.")
    revision: int = Field(description="0 until it is formed; also the ETag.")
    created_at: str
    changed_at: str | None
    published_at: str | None
    resolves: str | None = Field(description="The plan around which this one was solved.")
    job_id: str
    files_job_id: str | None = Field(description="The job that makes the tables and the page of a changed plan.")
    problem: dict[str, Any] | None = Field(description="Why it could not be formed.")
    no_longer_holds: list[FieldProblem] | None = Field(
        description="Which rules a published plan breaks with the members as they are now; null if it is too large to "
        "be looked through with every reading."
    )
    files: list[str]
    spec: dict[str, Any] | None
    plan: dict[str, Any] | None


class OwnGroupShape(_Asked):
    """A published group as one of its members sees it."""

    plan_id: str
    name: str
    leads: bool = Field(description="Whether the member leads it.")
    published_at: str
    language: str
    slot: dict[str, Any] | None = Field(description="When it meets: on its own clock, and in UTC.")
    local_times: list[dict[str, Any]] = Field(description="When that is on the member's clock.")
    members: list[str] = Field(description="Ids of the others.")
    leaders: list[str] = Field(description="Ids of the other members who lead it.")


class SharedGroupShape(_Asked):
    """A published group that two members are in."""

    plan_id: str
    name: str


class OwnGroupsShape(_Asked):
    """All of a member's."""

    groups: list[OwnGroupShape]


class LatecomerShape(_Asked):
    """Where a member could still go, best first."""

    member_id: str
    placements: list[dict[str, Any]]
    possible: int
    open_groups: int
    why_not: list[tuple[str, int]]
    groups: list[OwnGroupShape] = Field(description="Published groups that they are in already.")


class ObstacleShape(_Asked):
    """A rule that stops two members from being in one group."""

    rule: str
    members: list[str]
    text: str


class WhyNotShape(_Asked):
    """All of them; none if the two may be in one group."""

    obstacles: list[ObstacleShape]
    together: list[SharedGroupShape] = Field(description="Published groups that both are in already.")


REQUESTS = (PlanRequest, ResolveRequest, EditRequest)
"""Bodies that routes read themselves."""
