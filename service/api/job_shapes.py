"""The shape of a job, for /docs and for clients; a test holds it together with what is answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class JobShape(BaseModel):
    """A job as it stands."""

    model_config = ConfigDict(extra="forbid", strict=True)

    job_id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    event: int = Field(description="Rises with every change of what stands here.")
    attempt: int = Field(description="How often it was begun.")
    cancel_asked: bool
    created_at: str
    started_at: str | None
    ended_at: str | None
    progress: dict[str, Any] | None = Field(description="How far it is, in the words of its kind.")
    result: dict[str, Any] | None = Field(description="What came of it, once it is done.")
    problem: dict[str, Any] | None = Field(description="Why nothing did, as a problem object.")
