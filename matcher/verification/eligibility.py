"""Checks a pair, or a whole answer, against every hard rule from the profiles alone: no index, no bit set, no
vector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from matcher.eligibility.relations import Relations
from matcher.eligibility.rules import Circumstances, RuledMember, broken_rules, rules_for
from matcher.errors import VerificationError
from matcher.members.vocabulary import Kind


def check_pair(
    seeker: RuledMember, peer: RuledMember, as_of: date, kind: Kind = "buddy", relations: Relations | None = None
) -> tuple[str, ...]:
    """Codes of all hard rules that the pair breaks; empty if it may be shown."""
    return broken_rules(seeker, peer, Circumstances(as_of, kind, relations or Relations()))


def pair_checker(
    seeker: RuledMember, as_of: date, kind: Kind = "buddy", relations: Relations | None = None
) -> Callable[[RuledMember], tuple[str, ...]]:
    """:func:`check_pair` for many peers of one seeker: what depends on the seeker alone is worked out once."""
    return rules_for(seeker, Circumstances(as_of, kind, relations or Relations()))


def verify_peers(
    members: Mapping[str, RuledMember],
    seeker_id: str,
    peer_ids: Iterable[str],
    as_of: date,
    kind: Kind = "buddy",
    relations: Relations | None = None,
) -> None:
    """Check that every peer of an answer is a member whom the seeker may be shown, and that none stands twice.

    Raises:
        VerificationError: naming the first pair that fails and the rules it breaks.
    """
    if seeker_id not in members:
        raise VerificationError(f"{seeker_id!r} is recommended peers but is no member")
    seen: set[str] = set()
    for peer_id in peer_ids:
        if peer_id in seen:
            raise VerificationError(f"{peer_id!r} is recommended to {seeker_id!r} twice")
        seen.add(peer_id)
        if peer_id not in members:
            raise VerificationError(f"{peer_id!r} is recommended to {seeker_id!r} but is no member")
        broken = check_pair(members[seeker_id], members[peer_id], as_of, kind, relations)
        if broken:
            raise VerificationError(f"{peer_id!r} may not be shown to {seeker_id!r}: breaks {', '.join(broken)}")
