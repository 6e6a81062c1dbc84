"""The shapes of answers, for /docs and for clients. Answers are written without them; a test holds the two together."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from matcher.members.vocabulary import Kind


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class FieldProblem(_Shape):
    """One thing wrong with one part of a request."""

    where: str
    what: str
    accepted: str


class ProblemShape(BaseModel):
    """RFC 9457 problem details: the shape of every error."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem]


class ImportedLine(_Shape):
    """What became of one line of an import."""

    line: int
    member_id: str | None
    status: Literal["stored", "rejected"]
    problems: list[FieldProblem] = []
    notes: list[str] = []


class ReasonShape(_Shape):
    """Why a peer fits, as far as the peer agreed to show it."""

    facet: str
    text: str


class PeerShape(_Shape):
    """A recommended peer; the score is the exact mutual fit, from 0 to 1."""

    member_id: str
    alias: str | None
    score: float
    reasons: list[ReasonShape]


class RemovedShape(_Shape):
    """What a hard rule removed, rounded down to tens; rules that removed fewer than 11 are left out."""

    code: str
    text: str
    at_least: int


class RelaxationShape(_Shape):
    """The one wish whose relaxation would let most members in; no number below 11."""

    code: str
    text: str
    at_least: int | None


class FunnelShape(_Shape):
    """Where everybody went, in numbers that point at nobody; null stands for fewer than 11."""

    population: int | None
    eligible: int | None
    removed: list[RemovedShape]
    barriers: list[str] = Field(description="Rules that the seeker's own profile makes everybody fail.")
    relaxation: RelaxationShape | None


class AnswerShape(_Shape):
    """The best peers, best first, as they were on `as_of` after change `as_of_seq`."""

    member_id: str
    kind: Kind
    k: int
    as_of: date
    as_of_seq: int
    certified: bool = Field(description="Proven: nobody eligible who is left out scores more than the last one listed.")
    bound: float = Field(description="No eligible member that is left out scores above it; -1: nobody is left out.")
    peers: list[PeerShape]
    funnel: FunnelShape | None = Field(description="Given where fewer peers were found than asked for.")


class SearchRequest(BaseModel):
    """A search with weights of its own, for a stored member or for a profile that is not stored: one of the two."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    member_id: str | None = Field(default=None, pattern="^[A-Za-z0-9_-]{1,64}$")
    profile: dict[str, Any] | None = Field(default=None, description="Fields as in PUT; the id may be left out.")
    kind: Kind = "buddy"
    k: int = Field(default=10, json_schema_extra={"minimum": 1, "maximum": 1000})
    weights: dict[str, Any] | None = Field(
        default=None,
        description="procedure stage topics support contact interests age: numbers of 0 or more; missing ones are 0.",
    )
