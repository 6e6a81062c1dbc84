"""Ties that are swapped: proposals of a rematch that come about together, and the ties that end then.

A tie in force is never broken for the mere hope of another one. Until everybody in a swap has said yes to each of its
proposals nothing changes for anybody; then, in one transaction, every rule is asked again, the ties that make room end,
and all proposals are accepted. If one member says no, or nothing, nothing happens at all: all keep what they have, and
see the proposals open until they expire, as after any no.

A yes is never refused, and what stands in the way of a swap is told to nobody: it would tell of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from matcher.eligibility.relations import Load, Relations
from matcher.members.vocabulary import Kind
from matcher.verification.eligibility import check_pair
from service.profile_text import RuledRow, ruled_row
from service.settings import Settings
from service.standing import stronger
from service.storage import matches, members
from service.storage.match_row import AGREED, SIDES, MatchRow
from service.use_cases.audit import Event, note
from service.use_cases.close_matches import end_by_system

REMATCH = "rematch"
"""Why the service ends a tie that makes room."""
Obstacle = Literal["no_longer_allowed", "no_place_left", "would_leave_alone"]
Company = Counter[tuple[str, str]]
"""How many accepted ties of a kind somebody has, mentors' ties with their mentees apart."""


class Pairing(NamedTuple):
    """A tie to be made; for mentoring the seeker first."""

    kind: Kind
    member_id: str
    peer_id: str


@dataclass(frozen=True, slots=True)
class Swap:
    """Ties that come about together, and those that end then."""

    made: tuple[Pairing, ...]
    ended: tuple[MatchRow, ...] = ()


def obstacle(
    swap: Swap, rules: Mapping[str, RuledRow], relations: Relations, company: Company, today: date
) -> Obstacle | None:
    """What stands in the way of a swap; nothing if it may be made.

    Every hard rule is asked of every tie to be made, and nobody may be left without any tie of a kind of which one
    ends. A tie of somebody who is away or held does not end: that is left to people.

    Args:
        swap: what is to be made and to end.
        rules: what the hard rules read of everybody who is stored.
        relations: places taken before the swap, and ties.
        company: of everybody who loses a tie.
        today: the day.
    """
    named = {one for tie in swap.made for one in (tie.member_id, tie.peer_id)}
    losing = {one for row in swap.ended for one in (row.asker, row.peer)}
    if not named | losing <= rules.keys() or any(rules[one].status != "active" for one in losing):
        return "no_longer_allowed"
    before = {one: relations.load(one) for one in named}
    found = Relations({one: _freed(load, one, swap.ended) for one, load in before.items()}, relations.ties)
    full = False
    for tie in swap.made:
        broken = set(check_pair(rules[tie.member_id], rules[tie.peer_id], today, tie.kind, found))
        if broken - {"capacity"}:
            return "no_longer_allowed"
        full |= bool(broken)
        take_place(found, tie)
    if full:
        return "no_place_left"
    left = company + Counter()
    left.subtract(one for row in swap.ended for one in _accompanied(row.kind, row.asker, row.peer))
    left.update(one for tie in swap.made for one in _accompanied(*tie))
    lonely = any(left[one] < 1 for row in swap.ended for one in _accompanied(row.kind, row.asker, row.peer))
    return "would_leave_alone" if lonely else None


def take_place(relations: Relations, tie: Pairing) -> None:
    """Count a tie among the places that are taken."""
    for one in (tie.member_id, tie.peer_id) if tie.kind == "buddy" else (tie.peer_id,):
        load = relations.load(one)
        buddy = tie.kind == "buddy"
        relations.set_load(one, Load(load.buddies + buddy, load.mentees + (not buddy)))


def places_of(rows: Iterable[MatchRow]) -> Relations:
    """The places that matches take, both sides of each."""
    relations = Relations()
    for row in rows:
        take_place(relations, Pairing(row.kind, row.asker, row.peer))
    return relations


def relations_of(rows: Iterable[MatchRow]) -> Relations:
    """The places that accepted matches take, both sides of each, and the ties of all pairs who have each other or had;
    ``rows`` are matches to which both have said yes."""
    found = list(rows)
    relations = places_of(row for row in found if row.state == "accepted")
    for row in found:
        tie = relations.tie(row.asker, row.peer)
        relations.set_tie(row.asker, row.peer, stronger(tie, "matched" if row.state == "accepted" else "closed"))
    return relations


def company_of(rows: Iterable[MatchRow]) -> Company:
    """Of all members whose rows are given; those that are not accepted do not count."""
    accepted = (row for row in rows if row.state == "accepted")
    return Counter(one for row in accepted for one in _accompanied(row.kind, row.asker, row.peer))


def _accompanied(kind: str, member_id: str, peer_id: str) -> list[tuple[str, str]]:
    return [(kind, member_id), (kind, peer_id)] if kind == "buddy" else [(kind, member_id)]


def _freed(load: Load, member_id: str, ended: Sequence[MatchRow]) -> Load:
    buddies = sum(row.kind == "buddy" and row.side_of(member_id) is not None for row in ended)
    mentees = sum(row.kind == "mentor" and row.peer == member_id for row in ended)
    return Load(load.buddies - buddies, load.mentees - mentees)


def carry_out_swap(connection: Connection, settings: Settings, rematch_id: str, number: int, now: str) -> bool:
    """Make a swap if everybody has agreed to it and nothing stands in its way; whether it was made."""
    rows = matches.of_swap(connection, rematch_id, number)
    if not all(_all_agree(row, now) for row in rows):
        return False
    replaced = {match_id for row in rows for side in SIDES if (match_id := row.replaces(side)) is not None}
    found = [row for match_id in sorted(replaced) if (row := matches.one(connection, match_id)) is not None]
    swap = Swap(
        tuple(Pairing(row.kind, row.asker, row.peer) for row in rows),
        tuple(row for row in found if row.state == "accepted"),
    )
    concerned = {one for row in (*rows, *swap.ended) for one in (row.asker, row.peer)}
    agreed = matches.of_members(connection, concerned, AGREED)
    rules = {one: ruled_row(row.profile) for one, row in members.some(connection, sorted(concerned)).items()}
    if obstacle(swap, rules, relations_of(agreed), company_of(agreed), settings.today()) is not None:
        return False
    for row in swap.ended:
        end_by_system(connection, row, REMATCH, now)
    for row in rows:
        matches.change(connection, row.match_id, state="accepted", accepted_at=now)
        note(connection, now, Event("swap", "match", row.match_id, (row.asker, row.peer)))
    matches.announce(connection, concerned, now)
    return True


def _all_agree(row: MatchRow, now: str) -> bool:
    """Whether both have said yes to an open proposal. It is stored as expired if a clock was set back since."""
    return all(row.answer(side) == "yes" and row.seen(side, now) == "proposed" for side in SIDES)
