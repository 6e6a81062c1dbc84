"""What becomes of ties before any plan is made: which could stand, which cannot, and which pairs are not to be made."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.rematch.config import RematchConfig
from matcher.rematch.history import History, Tie, never_again, works
from matcher.rematch.plan import VoidTie
from matcher.verification.eligibility import check_pair

GONE, NEVER, NO_ROOM = "gone", "never", "no_room"
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """Ties in force, sorted out.

    Attributes:
        stand: those that could stand, in the order of their keys.
        void: those that cannot, in the same order.
        load: how many of ``stand`` each member has: (kind, side, id); side 1 is the mentor's.
    """

    stand: tuple[Tie, ...]
    void: tuple[VoidTie, ...]
    load: Mapping[tuple[Kind, int, str], int]

    def of(self, kind: Kind) -> tuple[Tie, ...]:
        """Those of a kind that could stand."""
        return tuple(tie for tie in self.stand if tie.kind == kind)


def sort_out(members: Mapping[str, MemberProfile], history: History, config: RematchConfig, as_of: date) -> Standing:
    """Sort the ties in force of the kinds that are asked for.

    A tie is void if one of its members is gone, if they are never to meet, if it breaks a hard rule by now, or if one
    of the two has more ties than room. Of those the ties that are protected stay first, then those that work, then the
    oldest.
    """
    never = {tuple(sorted(pair)) for pair in history.never}
    void: list[VoidTie] = []
    lawful: list[Tie] = []
    for tie in history.current(config.kinds):
        if tie.member_id not in members or tie.peer_id not in members:
            void.append(VoidTie(tie, (GONE,)))
            continue
        rules = check_pair(members[tie.member_id], members[tie.peer_id], as_of, tie.kind)
        rules += (NEVER,) * (tie.pair in never)
        if rules:
            void.append(VoidTie(tie, rules))
        else:
            lawful.append(tie)
    load: Counter[tuple[Kind, int, str]] = Counter()
    stand = []
    for tie in sorted(lawful, key=lambda tie: _claim(tie, config, as_of)):
        ends = places_of(tie)
        if all(load[end] < most_places(members[end[2]], end[0], end[1]) for end in ends):
            load.update(ends)
            stand.append(tie)
        else:
            void.append(VoidTie(tie, (NO_ROOM,)))
    return Standing(
        tuple(sorted(stand, key=lambda tie: tie.key)), tuple(sorted(void, key=lambda one: one.tie.key)), load
    )


def _claim(tie: Tie, config: RematchConfig, as_of: date) -> tuple[bool, bool, date, tuple[Kind, str, str]]:
    return not is_protected(tie, config, as_of), not works(tie), tie.since or as_of, tie.key


def places_of(tie: Tie) -> tuple[tuple[Kind, int, str], tuple[Kind, int, str]]:
    """The two places that a tie takes: (kind, side, id)."""
    return (tie.kind, 0, tie.member_id), (tie.kind, int(tie.kind == "mentor"), tie.peer_id)


def most_places(member: MemberProfile, kind: Kind, side: int) -> int:
    """How many ties of a kind a member can have; nothing limits how many mentors a seeker keeps."""
    if kind == "buddy":
        return member.buddy_capacity
    return member.mentor_capacity if side else 10**6


def is_protected(tie: Tie, config: RematchConfig, as_of: date) -> bool:
    """Whether a tie is never broken: it says so itself, or is young or works and such ties are protected.

    A tie that begins after ``as_of`` is young.
    """
    days = config.protect.days
    young = days > 0 and tie.since is not None and (as_of - tie.since).days < days
    return tie.protected or young or (config.protect.works and works(tie))


def banned_pairs(history: History, config: RematchConfig, as_of: date) -> set[Pair]:
    """Pairs, the smaller id first, that no plan may make: never to meet, or over within the window.

    A tie that is over counts whatever its kind; without a day on which it was over it counts for ever, and so it does
    if somebody felt unsafe or did not want to keep it.
    """
    banned = {(min(pair), max(pair)) for pair in history.never}
    window = config.no_repeat_days
    for tie in history.ties:
        if tie.state != "current":
            recent = window is None or tie.until is None or (as_of - tie.until).days <= window
            if recent or never_again(tie):
                banned.add(tie.pair)
    return banned


def tied_pairs(history: History) -> set[Pair]:
    """Pairs, the smaller id first, that have a tie in force: whatever becomes of it, they get no second one."""
    return {tie.pair for tie in history.ties if tie.state == "current"}


def shut_pairs(history: History, config: RematchConfig, as_of: date, standing: Standing, kind: Kind) -> set[Pair]:
    """Pairs, the smaller id first, that can have no tie of a kind: banned, or tied in another way than by a tie of it
    that could stand."""
    return banned_pairs(history, config, as_of) | (tied_pairs(history) - {tie.pair for tie in standing.of(kind)})


def limit_of(config: RematchConfig, could_stand: int) -> int | None:
    """How many ties may be broken; ``None`` for no limit."""
    return config.churn.limit if config.churn.share is None else share_of(config.churn.share, could_stand)


def share_of(share: float, ties: int) -> int:
    """A share of some ties, rounded down: 29 of 100 for 0.29, although 0.29 * 100 is a little less."""
    return math.floor(share * ties + 1e-9)
