"""The shapes of requests and answers about matches, blocks and feedback."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from matcher.members.vocabulary import Kind
from service.api.routing import MEMBER_ID_PATTERN

Id = Annotated[str, Field(pattern=MEMBER_ID_PATTERN)]
DeclineReason = Literal["no_fit", "no_time", "not_now", "other"]
EndReason = Literal["reached", "no_contact", "no_fit", "no_time", "unsafe", "other"]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class ProposalRequest(_Request):
    """A proposal. For a mentor, `member_id` is who seeks one."""

    kind: Kind
    member_id: Id
    peer_id: Id
    accepted: bool = Field(default=True, description="Whether it is the asker's own yes; else both have yet to answer.")


class AcceptRequest(_Request):
    """Whose yes it is."""

    member_id: Id


class DeclineRequest(_Request):
    """Whose no it is, and why. The reason is for that member and staff."""

    member_id: Id
    reason: DeclineReason | None = None


class EndRequest(_Request):
    """Who ends the match, and why. The reason is for that member and staff."""

    member_id: Id
    reason: EndReason | None = None


class BlockRequest(_Request):
    """Who blocks whom; whether the other is stored makes no difference."""

    member_id: Id
    blocked: Id


class FeedbackRequest(_Request):
    """How well a match fits a member, and whether they want to keep it."""

    match_id: Id
    member_id: Id
    fit: Annotated[int, Field(ge=1, le=5)]
    keep: bool


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class MatchShape(_Shape):
    """A match as one member sees it. Of the other's answer only that both said yes is ever told."""

    match_id: str
    kind: Kind
    member_id: str = Field(description="Whose view it is.")
    peer_id: str
    asked: bool = Field(description="Whether this member is the one who asked.")
    state: Literal["proposed", "accepted", "declined", "expired", "ended"]
    your_answer: Literal["accepted", "declined"] | None
    proposed_at: str
    expires_at: str
    accepted_at: str | None
    closed_at: str | None = Field(description="When this member declined, or the match expired or ended.")
    reason: str | None = Field(description="Why this member declined or ended it.")
    fit_check_due: bool = Field(description="Accepted a week ago or earlier, and this member has given no feedback.")
    proposed_by: Literal["member", "community"] = Field(description="`community`: it comes of a rematch.")
    replaces: str | None = Field(
        description="This member's own match that ends if this one comes about, and stays if it does not. The member "
        "has to be told before they answer."
    )


class MatchPageShape(_Shape):
    """A member's matches, newest first."""

    matches: list[MatchShape]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last one.")


class BlockShape(_Shape):
    """A block that stands, for good."""

    member_id: str
    blocked: str


class FeedbackShape(_Shape):
    """Feedback as stored."""

    match_id: str
    member_id: str
    fit: int
    keep: bool
    at: str


REQUESTS: tuple[type[BaseModel], ...] = (
    ProposalRequest,
    AcceptRequest,
    DeclineRequest,
    EndRequest,
    BlockRequest,
    FeedbackRequest,
)
"""What the routes read themselves."""
