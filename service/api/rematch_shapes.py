"""What is asked about rematches, and the shapes of the answers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class RematchRequest(_Asked):
    """New ties to be worked out for everybody."""

    config: dict[str, Any] = Field(default={}, description="A rematch config, as docs/rematch.md describes it.")
    seed: int = Field(
        default=0, ge=0, le=2**32 - 1, description="Of everything that is drawn; the config may have its own."
    )


class AppliedShape(_Asked):
    """How many of a plan's changes were made when it was applied."""

    proposed: int = Field(description="New ties that both members are asked about now.")
    skipped: int = Field(description="New ties that are not proposed.")
    to_end: int = Field(description="Ties that end if the swap comes about that they are a part of.")
    kept: int = Field(description="Ties that stay although the plan breaks them.")
    swaps: int = Field(description="Sets of proposals that come about together or not at all.")
    why: dict[str, int] = Field(description="Why changes were not made, and how many.")


class RematchShape(_Asked):
    """A rematch as it stands."""

    rematch_id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"] = Field(description="Of its job.")
    revision: int = Field(description="0 until there is a plan; also the ETag.")
    created_at: str
    changed_at: str | None
    applied_at: str | None
    job_id: str
    progress: dict[str, Any] | None = Field(description="The phase, how much of it is done, and seconds left of it.")
    problem: dict[str, Any] | None = Field(description="Why there is no plan.")
    files: list[str]
    result: dict[str, Any] | None = Field(description="Figures of the plan.")
    applied: AppliedShape | None


class DiffShape(_Asked):
    """What differs between two rematches; `first` is the one that was asked."""

    kinds: list[dict[str, Any]] = Field(description="By kind: ties in both and in one only; members concerned.")
    ties: list[dict[str, Any]] = Field(description="Ties in one of the two only, the first 1,000.")
    ties_left_out: int
    metrics: list[dict[str, Any]] = Field(description="Every figure of either.")
    notes: list[str] = Field(description="What else is not the same.")


REQUESTS = (RematchRequest,)
"""Bodies that routes read themselves."""
