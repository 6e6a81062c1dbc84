"""A match as stored, and what each of its two sides may know of it.

The truth and what is seen differ, because a no is never shown to the other side: whoever has not said no sees the
proposal as open until it expires, and then as expired, whatever the other side did meanwhile. So everything a side is
told, and the place that is kept for it, follow from its own answer, from an acceptance by both, and from the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["asker", "peer"]
SIDES: tuple[Side, Side] = ("asker", "peer")
Given = Literal["yes", "no", "void"]
"""An answer; ``void`` is a no that the service gave for somebody who is away."""
State = Literal["proposed", "accepted", "declined", "expired", "ended"]
UNDECIDED: tuple[State, State] = ("proposed", "declined")
"""States in which at least one side may still see the proposal as open."""
AGREED: tuple[State, State] = ("accepted", "ended")
"""States of matches to which both have said yes."""
PROPOSED_ANEW = "proposed_anew"
"""Why the service lets a proposal be over for good that had expired, so that no clock opens it again: the next one of
the same pair has taken its place."""


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One proposal. For mentoring the asker is the seeker, the peer the mentor. Moments are ISO 8601 texts in UTC.

    A proposal with a ``rematch_id`` was made on behalf of the community. One with a number of a ``swap`` comes about
    together with all others of that number or not at all, and then ``asker_replaces`` and ``peer_replaces`` end: ids of
    the matches of these sides that make room for it.
    """

    match_id: str
    kind: Literal["buddy", "mentor"]
    asker: str
    peer: str
    state: State
    proposed_at: str
    expires_at: str
    asker_answer: Given | None = None
    asker_answered_at: str | None = None
    asker_reason: str | None = None
    peer_answer: Given | None = None
    peer_answered_at: str | None = None
    peer_reason: str | None = None
    accepted_at: str | None = None
    ended_at: str | None = None
    system_reason: str | None = None
    rematch_id: str | None = None
    swap: int | None = None
    asker_replaces: str | None = None
    peer_replaces: str | None = None

    def side_of(self, member_id: str) -> Side | None:
        """On which side a member stands, if on any."""
        return "asker" if member_id == self.asker else "peer" if member_id == self.peer else None

    def member(self, side: Side) -> str:
        """Who stands on a side."""
        return self.asker if side == "asker" else self.peer

    def answer(self, side: Side) -> Given | None:
        """What a side has said."""
        return self.asker_answer if side == "asker" else self.peer_answer

    def answered_at(self, side: Side) -> str | None:
        """When a side said it."""
        return self.asker_answered_at if side == "asker" else self.peer_answered_at

    def reason(self, side: Side) -> str | None:
        """Why a side said no, or ended it."""
        return self.asker_reason if side == "asker" else self.peer_reason

    def replaces(self, side: Side) -> str | None:
        """Id of the match of a side that ends when this one comes about."""
        return self.asker_replaces if side == "asker" else self.peer_replaces

    def seen(self, side: Side, now: str) -> State:
        """The state as a side sees it."""
        answer = self.answer(side)
        if answer == "no":
            return "declined"
        if answer == "void":
            return "expired"
        if self.state in AGREED:
            return self.state
        if self.system_reason == PROPOSED_ANEW:
            return "expired"
        return "proposed" if now < self.expires_at else "expired"

    def holds_place(self, side: Side, now: str) -> bool:
        """Whether a place is kept for the match on a side, if ties of its kind take places there."""
        return self.seen(side, now) in {"proposed", "accepted"}


def other_side(side: Side) -> Side:
    """The other of the two."""
    return "peer" if side == "asker" else "asker"
