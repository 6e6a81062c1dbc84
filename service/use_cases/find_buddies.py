"""Buddies and mentors for a member, checked against the database before they are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from matcher import FacetWeights, MemberIndex, MemberProfile, recommend_buddies
from matcher.buddies.recommend import Recommendations, recommend_for_profile
from matcher.errors import UnknownMember
from matcher.members.vocabulary import Kind
from matcher.verification.eligibility import pair_checker
from service.community import Community
from service.live_index import View
from service.profile_text import RuledRow, ruled_row, ruled_rows
from service.standing import Moment, standing_of
from service.storage import matches, members
from service.storage.changes import fingerprint
from service.use_cases.returning import blocks_by_pseudonym

ATTEMPTS = 4
"""Searches before the answer of the last one is taken as it is, less the peers who are out by now."""
MOST_LOOKED_AT_AT_ONCE, MOST_SCORED_AT_ONCE = 150_000, 20_000
"""Looking at so many members takes half a millisecond, which is what all the rest of an answer does; so does looking
at and scoring so many."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """Recommendations that hold for the rows as they are after the change ``as_of_seq``."""

    found: Recommendations
    as_of_seq: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked: how many, of which kind, weighed how."""

    k: int = 10
    kind: Kind = "buddy"
    weights: FacetWeights | None = None


def find_at_once(community: Community, member_id: str, wish: Wish) -> Answer | None:
    """The answer if the index is level with the database and the day, as it nearly always is: about a millisecond.

    None if there is more to do, or if the database is across a network: then :func:`find_buddies` does it, which may
    have to wait, and others go on meanwhile.

    Raises: as :func:`find_buddies`, but for the unknown member.
    """
    view = community.index.view()
    if not community.database.in_process:
        return None
    if not community.index.is_current(view) or member_id not in view.index:
        return None
    if _takes_long(view.index, member_id):
        return None
    found = recommend_buddies(
        view.index,
        member_id,
        wish.k,
        wish.kind,
        wish.weights,
        checked_by_caller=True,
        handicaps=community.exposure.handicaps,
    )
    look = _look(community, found, None)
    if look.out or not _is_level(community, view, look.seq):
        return None
    return _shown(community, Answer(found, view.seq))


def _takes_long(index: MemberIndex, member_id: str) -> bool:
    """Whether a search for a member takes so long that others had better be answered meanwhile."""
    if len(index) <= MOST_SCORED_AT_ONCE:
        return False
    seeker = index.seeker(member_id)
    return seeker.rules_out_few or (seeker.looks_at_all and len(index) > MOST_LOOKED_AT_AT_ONCE)


def find_buddies(community: Community, member_id: str, wish: Wish) -> Answer:
    """The best peers for a stored member.

    Raises:
        UnknownMember: if there is none.
        InvalidRequest: if the wish is out of range.
        NotReadyError: while the index is being loaded.
    """

    handicaps = community.exposure.handicaps

    def ask(index: MemberIndex) -> Recommendations:
        return recommend_buddies(
            index, member_id, wish.k, wish.kind, wish.weights, checked_by_caller=True, handicaps=handicaps
        )

    return _shown(community, _answer(community, ask, member_id, None))


def search_buddies(community: Community, profile: MemberProfile, wish: Wish) -> Answer:
    """The best peers for a profile that is not stored; blocks that stand for its id count.

    Raises: as :func:`find_buddies`, but for the unknown member.
    """
    with community.database.reading() as connection:
        standing = members.standing_blocks(connection, [profile.member_id]).get(profile.member_id, [])
        standing += blocks_by_pseudonym(connection, profile.member_id)
    blocked = tuple(sorted({*standing, *profile.blocked}))
    profile = profile.model_copy(update={"blocked": blocked})

    handicaps = community.exposure.handicaps

    def ask(index: MemberIndex) -> Recommendations:
        return recommend_for_profile(
            index, profile, wish.k, wish.kind, wish.weights, checked_by_caller=True, handicaps=handicaps
        )

    return _shown(community, _answer(community, ask, profile.member_id, profile))


def _shown(community: Community, answer: Answer) -> Answer:
    """``answer``, counted."""
    community.exposure.note(answer.found.member_id, [peer.member_id for peer in answer.found.peers])
    return answer


def _answer(
    community: Community, ask: Callable[[MemberIndex], Recommendations], seeker_id: str, unsaved: MemberProfile | None
) -> Answer:
    """Ask the index, then look at the rows: if anything has changed since, follow the log and ask again.

    So the usual request costs one query, and an answer never rests on a row that is older than the request.
    """
    view = community.index.view()
    for _ in range(ATTEMPTS):
        if not community.index.is_current(view):
            view = community.index.catch_up()
        view, found = _asked(community, view, ask)
        look = _look(community, found, unsaved)
        if not look.out and _is_level(community, view, look.seq):
            return Answer(found, view.seq)
        community.metrics.rechecks.inc()
        asked_at, view = view, community.index.catch_up()
    if look.seeker is None:
        raise UnknownMember(seeker_id)
    look = _look_at_ties(community, found, look)
    if look.out:
        community.metrics.uncertified.inc()
        _log.error("ineligible_peers_left_out", member_id=seeker_id, peers=sorted(look.out), seq=look.seq)
        kept = tuple(peer for peer in found.peers if peer.member_id not in look.out)
        found = replace(found, peers=kept, certified=False)
    return Answer(found, asked_at.seq)


def _is_level(community: Community, view: View, seq: int) -> bool:
    """Whether ``view`` knows all changes up to ``seq``, but for those of which nobody has been told.

    These are changes that this process stores at the moment and answers as soon as its index knows them: when ``view``
    was taken none of them was answered. Peers whom they forbid are seen in the rows.
    """

    def mark_of(line: int) -> str:
        with community.database.glancing() as connection:
            return fingerprint(connection, line)

    return seq == view.seq or community.index.own_writes.are_all(view.seq, seq, mark_of)


def _asked(
    community: Community, view: View, ask: Callable[[MemberIndex], Recommendations]
) -> tuple[View, Recommendations]:
    try:
        return view, ask(view.index)
    except UnknownMember:
        newer = community.index.catch_up()  # written a moment ago by another process, perhaps
        if newer is view:
            raise
        return newer, ask(newer.index)


@dataclass(frozen=True, slots=True)
class _Look:
    """What the database says of an answer: the newest change, the seeker, and the peers who may not be shown."""

    seq: int
    seeker: MemberProfile | RuledRow | None
    out: frozenset[str]


def _look(community: Community, found: Recommendations, unsaved: MemberProfile | None) -> _Look:
    peers = [peer.member_id for peer in found.peers]
    seq, profiles = members.profiles_now(community.database, [*peers, found.member_id])
    rows = {row.member_id: row for row in ruled_rows(profiles)}
    seeker = unsaved or rows.get(found.member_id)
    if seeker is None:
        return _Look(seq, None, frozenset(peers))
    broken = pair_checker(seeker, found.as_of, found.kind)
    shown = {peer for peer in peers if (row := rows.get(peer)) and not broken(row)}
    return _Look(seq, seeker, frozenset(peers) - shown)


def _look_at_ties(community: Community, found: Recommendations, look: _Look) -> _Look:
    """A look at the rows of matches, too: for an index that does not keep level with the log.

    While it does, its places and ties are those of the rows, and this would be one statement for nothing.
    """
    peers = [peer.member_id for peer in found.peers if peer.member_id not in look.out]
    if look.seeker is None or not peers:
        return look
    with community.database.reading() as connection:
        ties = standing_of(matches.of_members(connection, [found.member_id, *peers]), Moment.of(community.settings))
        rows = members.some(connection, peers)
    broken = pair_checker(look.seeker, found.as_of, found.kind, ties.relations())
    kept = {peer for peer, row in rows.items() if not broken(ruled_row(row.profile))}
    return replace(look, out=look.out | (frozenset(peers) - kept))
