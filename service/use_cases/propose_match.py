"""Propose a match, and keep a place for it on both sides."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from matcher.eligibility.relations import NO_LOAD, Relations
from matcher.eligibility.rules import has_room
from matcher.errors import InvalidRequest, Problem, UnknownMember
from matcher.members.vocabulary import Kind
from matcher.verification.eligibility import check_pair
from service.community import Community
from service.problems import RequestError
from service.profile_text import RuledRow, ruled_row
from service.settings import Settings, moved
from service.standing import Moment, standing_of, stronger, tie_of
from service.storage import matches, members
from service.storage.match_row import MatchRow
from service.storage.tables import MATCH_ID_LENGTH
from service.use_cases.audit import Event, note, refusals_noted
from service.use_cases.match_problems import already_matched, no_place_left, not_eligible, too_many_open
from service.use_cases.seen_match import SeenMatch, views


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who shall meet whom. For a mentor ``member_id`` seeks one.

    ``accepted`` says whether the proposal is the asker's own yes; otherwise both sides have yet to answer.
    """

    kind: Kind
    member_id: str
    peer_id: str
    accepted: bool = True


def propose_match(community: Community, asked: Proposal) -> SeenMatch:
    """Store a proposal, as the asker sees it. Every rule is checked and both places are taken in one transaction.

    Raises:
        InvalidRequest: if somebody is proposed to themself.
        UnknownMember: if one of the two is not stored.
        RequestError: 409 ``already-matched``, ``no-place-left``, ``not-eligible`` or ``too-many-open-proposals``.
    """
    if asked.member_id == asked.peer_id:
        raise InvalidRequest(Problem("peer_id", "is the member who asks", "another member"))
    with refusals_noted(community, Event("propose", "match", None, (asked.member_id, asked.peer_id))):
        seen = community.database.write(lambda connection: _proposed(connection, community.settings, asked))
    if community.index.ready:
        community.index.catch_up()
    return seen


def _proposed(connection: Connection, settings: Settings, asked: Proposal) -> SeenMatch:
    at = Moment.of(settings)  # the moment at which this writer came to its turn
    matches.mark_expired(connection, at.now)
    asker, peer = ruled_members(connection, asked.member_id, asked.peer_id)
    rows = matches.of_members(connection, [asked.member_id, asked.peer_id])
    relations = _relations_of(rows, asked.member_id, asked.peer_id, at)
    broken = check_pair(asker, peer, settings.today(), asked.kind, relations)
    if broken:
        raise refusal(broken, asker, peer, asked.kind, relations)
    own = [row for row in rows if row.asker == asked.member_id and row.rematch_id is None]
    open_ = sum(row.seen("asker", at.now) == "proposed" for row in own)
    if open_ >= settings.open_proposals:  # as the asker sees them: that somebody has said no makes no difference
        raise too_many_open(settings.open_proposals)
    row = MatchRow(
        secrets.token_hex(MATCH_ID_LENGTH // 2),
        asked.kind,
        asked.member_id,
        asked.peer_id,
        "proposed",
        at.now,
        moved(at.now, settings.proposal_days),
        asker_answer="yes" if asked.accepted else None,
        asker_answered_at=at.now if asked.accepted else None,
    )
    matches.let_be_over(connection, rows, [(row.asker, row.peer)])
    matches.add(connection, [row])
    matches.announce(connection, {row.asker, row.peer}, at.now)
    note(connection, at.now, Event("propose", "match", row.match_id, (row.asker, row.peer)))
    return views(connection, [row], row.asker, at.now)[0]


def ruled_members(connection: Connection, asker: str, peer: str) -> tuple[RuledRow, RuledRow]:
    """What the hard rules read of both, as stored now.

    Raises:
        UnknownMember: if one of them is not stored.
    """
    rows = members.some(connection, [asker, peer])
    for member_id in (asker, peer):
        if member_id not in rows:
            raise UnknownMember(member_id)
    return ruled_row(rows[asker].profile), ruled_row(rows[peer].profile)


def _relations_of(rows: Sequence[MatchRow], asker: str, peer: str, at: Moment) -> Relations:
    """Places taken at both, and their tie as the asker sees it; from all rows of the two."""
    loads = standing_of(rows, at).loads
    relations = Relations({member_id: loads.get(member_id, NO_LOAD) for member_id in (asker, peer)})
    tie = None
    for row in rows:
        side = row.side_of(asker)
        if side is not None and row.side_of(peer) is not None:
            tie = stronger(tie, tie_of(row, side, at))
    relations.set_tie(asker, peer, tie)
    return relations


def refusal(broken: tuple[str, ...], asker: RuledRow, peer: RuledRow, kind: Kind, relations: Relations) -> RequestError:
    """What to answer where a pair breaks rules."""
    if "already_matched" in broken:
        return already_matched()
    if set(broken) != {"capacity"}:
        return not_eligible()
    sides = [("member_id", asker), ("peer_id", peer)] if kind == "buddy" else [("peer_id", peer)]
    return no_place_left(tuple(where for where, member in sides if not has_room(member, kind, relations)))
