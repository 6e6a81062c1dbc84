"""A member's yes or no to a proposal."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from matcher.verification.eligibility import check_pair
from service.community import Community
from service.settings import Settings
from service.storage import matches
from service.storage.match_row import AGREED, MatchRow, Side, other_side
from service.use_cases.audit import Event, note, refusals_noted
from service.use_cases.match_problems import wrong_state
from service.use_cases.propose_match import refusal, ruled_members
from service.use_cases.seen_match import SeenMatch, match_of, views
from service.use_cases.swap_ties import carry_out_swap, relations_of

Step = Callable[[Connection, Settings, MatchRow, Side, str], None]


def accept_match(community: Community, match_id: str, member_id: str) -> SeenMatch:
    """A member's yes. The second yes makes the match, if every rule still holds and both have a place.

    A yes that comes first is only noted: whether the other has said no is not shown by what becomes of it. Saying yes
    again changes nothing. Of proposals that come about together every yes is only noted, until the last one brings all
    of them about, if every rule holds for each: see :mod:`service.use_cases.swap_ties`.

    Raises:
        RequestError: 404 ``unknown-match``; 409 ``match-not-open``, ``no-place-left`` or ``not-eligible``.
    """
    return step(community, match_id, member_id, "accept", _accept)


def decline_match(community: Community, match_id: str, member_id: str, reason: str | None = None) -> SeenMatch:
    """A member's no, also one that takes an earlier yes back. Their place is free at once; the other side sees nothing.

    Raises:
        RequestError: 404 ``unknown-match``; 409 ``match-not-open``.
    """

    def decline(connection: Connection, _: Settings, row: MatchRow, side: Side, now: str) -> None:
        seen = row.seen(side, now)
        if seen == "declined":
            return
        if seen != "proposed":
            raise wrong_state(seen, "proposed")
        matches.change(
            connection,
            row.match_id,
            state="declined",
            **{f"{side}_answer": "no", f"{side}_answered_at": now, f"{side}_reason": reason},
        )
        matches.announce(connection, {member_id}, now)

    return step(community, match_id, member_id, "decline", decline)


def step(community: Community, match_id: str, member_id: str, action: str, work: Step) -> SeenMatch:
    """Take one step of a match in one transaction, which the audit trail calls ``action``; returns how the member sees
    the match afterwards.

    Raises:
        RequestError: 404 ``unknown-match``, and what ``work`` raises.
    """

    def stepped(connection: Connection) -> SeenMatch:
        now = community.settings.now()
        matches.mark_expired(connection, now)
        row, side = match_of(connection, match_id, member_id)
        work(connection, community.settings, row, side, now)
        row, _ = match_of(connection, match_id, member_id)
        note(connection, now, Event(action, "match", match_id, (row.asker, row.peer)))
        return views(connection, [row], member_id, now)[0]

    with refusals_noted(community, Event(action, "match", match_id, (member_id,))):
        seen = community.database.write(stepped)
    if community.index.ready:
        community.index.catch_up()
    return seen


def _accept(connection: Connection, settings: Settings, row: MatchRow, side: Side, now: str) -> None:
    seen = row.seen(side, now)
    if seen == "accepted" or (seen == "proposed" and row.answer(side) == "yes" and row.swap is None):
        return
    if seen != "proposed":
        raise wrong_state(seen, "proposed")
    said = {f"{side}_answer": "yes", f"{side}_answered_at": row.answered_at(side) or now}
    if row.rematch_id is not None and row.swap is not None:
        matches.change(connection, row.match_id, **said)
        carry_out_swap(connection, settings, row.rematch_id, row.swap, now)
    elif row.state != "declined" and row.answer(other_side(side)) == "yes":  # expired, if a clock was set back
        _check_again(connection, settings, row)
        matches.change(connection, row.match_id, state="accepted", accepted_at=now, **said)
        matches.announce(connection, {row.asker, row.peer}, now)
    else:
        matches.change(connection, row.match_id, **said)


def _check_again(connection: Connection, settings: Settings, row: MatchRow) -> None:
    """Whether the match may be made now. Its own two places are kept already; what counts against them is what both
    have accepted elsewhere, so that after a capacity was lowered the first to be accepted get what is left; and what
    the two have, or had, by another match."""
    asker, peer = ruled_members(connection, row.asker, row.peer)
    relations = relations_of(matches.of_members(connection, [row.asker, row.peer], AGREED))
    broken = check_pair(asker, peer, settings.today(), row.kind, relations)
    if broken:
        raise refusal(broken, asker, peer, row.kind, relations)
