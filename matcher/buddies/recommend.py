"""Recommend peers for one member: exact, safe, explained.

The index finds; the exact score decides; then every peer found is checked once more, rule by rule, against the
current records. A peer who fails (somebody changed while the search ran) sends the search round again, so that an
answer never holds an ineligible peer and never lacks an eligible one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from matcher.buddies.handicaps import Handicaps, handicapped_choice, plain_choice
from matcher.eligibility.funnel import Funnel
from matcher.eligibility.rules import Circumstances, rules_for
from matcher.embedding.weights import FacetWeights
from matcher.errors import ChangedMeanwhile, InvalidRequest, Problem
from matcher.index.member_index import MemberIndex
from matcher.index.seeking import Found, Seeker
from matcher.members.profile import MemberProfile
from matcher.members.record import MemberRecord
from matcher.members.vocabulary import KINDS, Kind
from matcher.scoring.explanation import Reason, facts_of, reasons

MOST_PEERS = 1000
ROUNDS = 8
"""Searches before giving up on members who change faster than a search runs."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One recommended peer.

    Attributes:
        member_id: who.
        alias: what the seeker may call them.
        score: exact mutual score in [0, 1].
        reasons: why, as far as the peer agreed to show it; strongest first.
    """

    member_id: str
    alias: str | None
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Recommendations:
    """The best peers for one member.

    Attributes:
        member_id: for whom.
        kind: ``buddy`` or ``mentor``.
        k: how many were asked for.
        as_of: the day for which it holds.
        peers: ``min(k, eligible)`` of them, best first, ties by id. With handicaps, the best so adjusted first.
        certified: whether the search proved that nobody eligible who is not listed can score more than ``bound``: the
            bounds of all that it left unscored do not exceed it. With handicaps: that they are the best so adjusted.
        bound: the score of the last one listed, or -1 where everybody eligible is listed. Like all of an answer it
            depends on the members alone, not on how the index happens to be arranged. With handicaps the score of
            the last but one, and the most that a handicap may be.
        funnel: how many members each hard rule removed. For staff.
    """

    member_id: str
    kind: Kind
    k: int
    as_of: date
    peers: tuple[Peer, ...]
    certified: bool
    bound: float
    funnel: Funnel


def recommend_buddies(
    index: MemberIndex,
    member_id: str,
    k: int = 10,
    kind: Kind = "buddy",
    weights: FacetWeights | None = None,
    *,
    checked_by_caller: bool = False,
    handicaps: Handicaps | None = None,
) -> Recommendations:
    """The best peers for a stored member.

    Args:
        index: where to look.
        member_id: for whom.
        k: how many, 1 to 1,000.
        kind: ``buddy``, or ``mentor`` for somebody further on.
        weights: of the facets, for this request alone; by default the index's for buddies, the preset for mentors.
        checked_by_caller: leave out the second check of every rule, for a caller that makes it against rows of its own
            which are newer than the index can be.
        handicaps: what is taken off peers' scores before they are ranked; the scores told stay what they are.

    Raises:
        UnknownMember: if the index does not hold ``member_id``.
        InvalidRequest: if ``k`` or ``kind`` is out of range.
        ChangedMeanwhile: if members changed during each of eight searches.
    """
    return _in_rounds(
        index, lambda: index.seeker(member_id), k, kind, weights, handicaps, stored=True, check=not checked_by_caller
    )


def recommend_for_profile(
    index: MemberIndex,
    profile: MemberProfile,
    k: int = 10,
    kind: Kind = "buddy",
    weights: FacetWeights | None = None,
    *,
    checked_by_caller: bool = False,
    handicaps: Handicaps | None = None,
) -> Recommendations:
    """As :func:`recommend_buddies` for a profile that is not stored; a stored member of the same id is left out."""
    return _in_rounds(
        index, lambda: index.unsaved(profile), k, kind, weights, handicaps, stored=False, check=not checked_by_caller
    )


def _in_rounds(
    index: MemberIndex,
    read_seeker: Callable[[], Seeker],
    k: int,
    kind: Kind,
    weights: FacetWeights | None,
    handicaps: Handicaps | None,
    *,
    stored: bool,
    check: bool,
) -> Recommendations:
    _check(k, kind)
    for _ in range(ROUNDS):
        as_of = index.as_of
        answer = _recommend(index, read_seeker(), as_of, k, kind, weights, handicaps, stored=stored, check=check)
        if answer is not None:
            return answer
    raise ChangedMeanwhile(ROUNDS)


def _check(k: int, kind: str) -> None:
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= MOST_PEERS:
        raise InvalidRequest(Problem("k", "out of range", f"a whole number from 1 to {MOST_PEERS}"))
    if kind not in KINDS:
        raise InvalidRequest(Problem("kind", "no such kind", " or ".join(KINDS)))


def _recommend(
    index: MemberIndex,
    seeker: Seeker,
    as_of: date,
    k: int,
    kind: Kind,
    weights: FacetWeights | None,
    handicaps: Handicaps | None,
    *,
    stored: bool,
    check: bool,
) -> Recommendations | None:
    """One round; ``as_of`` is the day before ``seeker`` was read, so that a day that turns in between starts
    another."""
    if weights is None:
        weights = FacetWeights.mentor() if kind == "mentor" else index.weights
    if handicaps is None:
        choice = plain_choice(index, seeker, k, kind, weights)
    else:
        choice = handicapped_choice(index, seeker, k, kind, weights, handicaps)
    found = choice.found
    names = [found.slots.ids[slot] for slot in found.top.slots]
    current = index.records([*names, seeker.record.member_id])
    seeker_now = current.pop()
    if not stored:
        seeker_now = seeker.record
    records = [record for record in current if record is not None]
    if seeker_now is None or len(records) < len(current) or index.as_of != as_of:
        return None
    if check:
        broken = rules_for(seeker_now, Circumstances(as_of, kind, index.relations))
        if any(broken(record) for record in records):
            return None
    peers = _peers(found, seeker, records)
    return Recommendations(seeker.record.member_id, kind, k, as_of, peers, choice.proven, choice.bound, found.funnel)


def _peers(found: Found, seeker: Seeker, records: list[MemberRecord]) -> tuple[Peer, ...]:
    slots, scoring = found.slots, found.scoring
    rows = slots.rows[found.top.slots]
    pairs = zip(
        records, found.top.scores.tolist(), facts_of(rows), scoring.parts(seeker.row, rows).tolist(), strict=True
    )
    own = facts_of(seeker.row)[0]
    weights, catalog = scoring.weights.tolist(), slots.coder.catalog
    return tuple(
        Peer(
            record.member_id,
            record.alias,
            score,
            reasons(seeker.record, record, own, facts, parts, weights, catalog, scoring.mentoring),
        )
        for record, score, facts, parts in pairs
    )
