"""What there has been between members: ties that stand, ties that are over and why, and how they went."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from matcher.errors import InvalidProblem, Problem
from matcher.grouping.existing import ExistingGroup
from matcher.members.vocabulary import Kind

State = Literal["current", "declined", "expired", "ended"]
UNSAFE = "unsafe"
"""Why a tie is over if one of the two felt unsafe."""
WORKS_FROM = 4
"""Every fit check that was answered gives at least this, of 1 to 5, when a tie works."""
_SHOWN = 10


class FitCheck(NamedTuple):
    """How a tie fits one of its two members.

    Attributes:
        member_id: who says so.
        fit: 1 to 5, or ``None``.
        keep: whether they want to keep it, or ``None``.
    """

    member_id: str
    fit: int | None = None
    keep: bool | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A one-to-one tie that stands or is over.

    Attributes:
        kind: ``buddy`` or ``mentor``.
        member_id, peer_id: the two; for mentoring the seeker first.
        state: ``current`` stands; ``declined``, ``expired`` never came about; ``ended`` stood once. A proposal that
            waits for an answer is given as current and protected: its places are taken.
        since: the day it came about.
        until: the day it was over.
        why: why it was over, in a word.
        fits: the last fit check of each who gave one.
        protected: staff or the members want it never broken by a plan.
    """

    kind: Kind
    member_id: str
    peer_id: str
    state: State = "current"
    since: datetime.date | None = None
    until: datetime.date | None = None
    why: str | None = None
    fits: tuple[FitCheck, ...] = ()
    protected: bool = False

    @property
    def pair(self) -> tuple[str, str]:
        """The two ids, the smaller first, whatever the kind."""
        return (self.member_id, self.peer_id) if self.member_id < self.peer_id else (self.peer_id, self.member_id)

    @property
    def key(self) -> tuple[Kind, str, str]:
        """What tells ties that stand apart: kind and ids, for buddies the smaller id first."""
        return (self.kind, *(self.pair if self.kind == "buddy" else (self.member_id, self.peer_id)))


def works(tie: Tie) -> bool:
    """Whether fit checks say that a tie works: somebody answered, nobody below 4, and nobody wants out."""
    answered = [check.fit for check in tie.fits if check.fit is not None]
    return bool(answered) and min(answered) >= WORKS_FROM and all(check.keep is not False for check in tie.fits)


def unsafe(tie: Tie) -> bool:
    """Whether a tie is over because one of the two felt unsafe."""
    return tie.state != "current" and tie.why is not None and tie.why.strip().casefold() == UNSAFE


def never_again(tie: Tie) -> bool:
    """Whether a tie is over in a way that no time heals: somebody felt unsafe, or did not want to keep it."""
    return unsafe(tie) or (tie.state != "current" and any(check.keep is False for check in tie.fits))


@dataclass(frozen=True, slots=True)
class History:
    """Everything known about ties.

    Attributes:
        ties: one-to-one ties, in any order.
        groups: the groups in force.
        never: pairs of ids that are never to meet, besides the blocks in profiles.

    Raises:
        InvalidProblem: if a tie is with oneself, two ties of one pair stand at once, a member is in two groups, or a
            fit check is by somebody else. Ids that are no members any more are no error.
    """

    ties: tuple[Tie, ...] = ()
    groups: tuple[ExistingGroup, ...] = ()
    never: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        problems = [*_of_ties(self.ties), *_of_groups(self.groups)]
        if problems:
            raise InvalidProblem(problems[:_SHOWN])

    def fingerprint(self) -> str:
        """A hash of everything the history says, whatever the order of its ties."""
        ties = sorted(repr(dataclasses.astuple(tie)) for tie in self.ties)
        groups = sorted(group.model_dump_json() for group in self.groups)
        never = sorted(repr(sorted(pair)) for pair in self.never)
        return hashlib.sha256("\n".join((*ties, "", *groups, "", *never)).encode()).hexdigest()[:16]

    def current(self, kinds: Iterable[Kind]) -> tuple[Tie, ...]:
        """Ties of ``kinds`` that stand, in the order of their keys."""
        wanted = frozenset(kinds)
        standing = (tie for tie in self.ties if tie.state == "current" and tie.kind in wanted)
        return tuple(sorted(standing, key=lambda tie: tie.key))


def _of_ties(ties: Sequence[Tie]) -> list[Problem]:
    found = []
    first: dict[tuple[str, str], int] = {}
    for place, tie in enumerate(ties):
        where = f"ties[{place}]"
        if tie.member_id == tie.peer_id:
            found.append(Problem(where, f"ties {tie.member_id!r} to oneself", "ids of two members"))
        elif any(check.member_id not in tie.pair for check in tie.fits):
            found.append(Problem(where, "holds a fit check of somebody else", "fit checks of its two members"))
        elif tie.state == "current" and first.setdefault(tie.pair, place) != place:
            what = f"{tie.pair[0]!r} with {tie.pair[1]!r} stands already in ties[{first[tie.pair]}]"
            found.append(Problem(where, what, "one tie of a pair at a time"))
    return found


def _of_groups(groups: Sequence[ExistingGroup]) -> list[Problem]:
    found = []
    names: set[str] = set()
    group_of: dict[str, str] = {}
    for place, group in enumerate(groups):
        if group.name in names:
            found.append(Problem(f"groups[{place}]", f"is named {group.name!r} like another", "each name once"))
        names.add(group.name)
        for member in group.members:
            if group_of.setdefault(member, group.name) != group.name:
                what = f"{member!r} is in {group_of[member]!r} already"
                found.append(Problem(f"groups[{place}].members", what, "each member in one group"))
    return found
