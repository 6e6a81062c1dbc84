"""What staff wish of a pairing, checked while it still speaks of members: errors name their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from matcher import MemberProfile
from matcher.errors import InvalidRequest, Problem
from matcher.members.vocabulary import Kind
from matcher.pairing.problem import Objective
from matcher.verification.eligibility import check_pair

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PairingWish:
    """What is to be paired and how.

    Attributes:
        kind: ``buddy``, or ``mentor`` for seekers with mentors.
        objective: ``total``, ``coverage`` or ``stable``.
        neighbours: candidates a member.
        threshold: pairs that score below it are not made, 0 to 1.
        buddies_each: partners a member may get, within their own capacity.
        triads: whether an odd one out may join a pair.
        locked: pairs that must be made; for mentoring the seeker first.
        banned: pairs that must not, in either order.
        incumbent: pairs that exist; for mentoring the seeker first.
        bonus: what keeping one of them is worth, in score.
        time_limit_s: when to be content with the best plan so far.
        gap: which distance from the bound to be content with, as a share.
    """

    kind: Kind = "buddy"
    objective: Objective = "total"
    neighbours: int = 32
    threshold: float = 0.0
    buddies_each: int = 1
    triads: bool = False
    locked: tuple[Pair, ...] = ()
    banned: tuple[Pair, ...] = ()
    incumbent: tuple[Pair, ...] = ()
    bonus: float = 0.0
    time_limit_s: float | None = None
    gap: float = 0.0


def partners_most(member: MemberProfile, wish: PairingWish) -> tuple[int, int]:
    """How many partners a member may get: as a buddy or seeker, and as a mentor."""
    if wish.kind == "buddy":
        return min(member.buddy_capacity, wish.buddies_each), 0
    return 1, member.mentor_capacity


def check_wish(wish: PairingWish, members: Mapping[str, MemberProfile], as_of: date) -> None:
    """Check that the wish can be met; bans and incumbents of people who are no members are void, locks are not.

    Raises:
        InvalidRequest: naming the first number out of range or the first lock that cannot be, with its ids.
    """
    for where, score in (("threshold", wish.threshold), ("bonus", wish.bonus)):
        if not 0 <= score <= 1:
            raise InvalidRequest(Problem(where, "out of range", "a score from 0 to 1"))
    for where, pairs in (("locked", wish.locked), ("banned", wish.banned), ("incumbent", wish.incumbent)):
        for one, other in pairs:
            if one == other:
                raise InvalidRequest(Problem(where, f"pairs {one!r} with oneself", "ids of two members"))
    banned = {frozenset(pair) for pair in wish.banned}
    settled: set[frozenset[str]] = set()
    used: Counter[tuple[str, int]] = Counter()
    for one, other in wish.locked:
        for member_id in (one, other):
            if member_id not in members:
                raise InvalidRequest(Problem("locked", f"names {member_id!r}, who is not a member", "ids of members"))
        pair = frozenset((one, other))
        if pair in banned:
            raise InvalidRequest(
                Problem("locked", f"{one!r} with {other!r} is banned too", "locked or banned, not both")
            )
        if pair in settled:
            raise InvalidRequest(Problem("locked", f"{one!r} with {other!r} is there twice", "each pair once"))
        settled.add(pair)
        broken = check_pair(members[one], members[other], as_of, wish.kind)
        if broken:
            what = f"{one!r} with {other!r} breaks {', '.join(broken)}"
            raise InvalidRequest(Problem("locked", what, "pairs that every hard rule allows"))
        for member_id, side in ((one, 0), (other, int(wish.kind == "mentor"))):
            used[member_id, side] += 1
            most = partners_most(members[member_id], wish)[side]
            if used[member_id, side] > most:
                what = f"gives {member_id!r} more partners than the {most} there is room for"
                raise InvalidRequest(Problem("locked", what, "as many locks as there is room"))
