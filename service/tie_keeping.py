"""Holding an index's places and ties level with the rows of matches, and with the time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from matcher import MemberIndex
from matcher.eligibility.relations import NO_LOAD, Load, Relations
from service.settings import Settings, moved
from service.standing import Moment, Standing, standing_of
from service.storage import matches


@dataclass(frozen=True, slots=True)
class KeptTies:
    """Places at some members and all ties that they have."""

    member_ids: frozenset[str]
    standing: Standing

    def put_into(self, index: MemberIndex) -> None:
        """Bring the members who are in the index level. Each is one short step under its lock."""
        for pair, tie in self.standing.ties.items():
            if index.relations.tie(*pair) != tie:
                index.set_tie(*pair, tie)
        self.put_loads_of(index, self.member_ids)

    def put_loads_of(self, index: MemberIndex, member_ids: Iterable[str]) -> None:
        """Bring the places at those of ``member_ids`` level who are in the index by now."""
        for member_id in member_ids:
            if member_id in index:
                _put_load(index, member_id, self.standing.loads.get(member_id, NO_LOAD))


def keep_ties(connection: Connection, changed: Collection[str], since: Moment, at: Moment) -> KeptTies:
    """What stands at ``at`` for members whose matches changed, and for those of matches that time has changed.

    Time goes back when a clock is set; then what had expired is open again.
    """
    stretches = [tuple(sorted(moments)) for moments in ((since.now, at.now), (since.cutoff, at.cutoff))]
    turned = matches.expiring(connection, [(after, until) for after, until in stretches if after < until])
    member_ids = frozenset(changed) | turned
    return KeptTies(member_ids, standing_of(matches.of_members(connection, member_ids), at))


def all_relations(connection: Connection, at: Moment) -> Relations:
    """Places and ties of everybody. O(matches that there have ever been)."""
    return standing_of(matches.everyone(connection), at).relations()


def replace_ties(index: MemberIndex, relations: Relations) -> None:
    """Put all places and ties in place of those of the index."""
    before = index.relations
    for member_id in {*before.loads, *relations.loads}:
        if member_id in index:
            _put_load(index, member_id, relations.load(member_id))
    for one in {*before.ties, *relations.ties}:
        for other in {*before.ties.get(one, ()), *relations.ties.get(one, ())}:
            if before.tie(one, other) != relations.tie(one, other):
                index.set_tie(one, other, relations.tie(one, other))


def next_turn(connection: Connection, at: Moment, settings: Settings) -> str | None:
    """When time will change a place or a tie next."""
    turns = [matches.next_expiry(connection, at.now)]
    if settings.repeat_after_days is not None:
        again = matches.next_expiry(connection, at.cutoff)
        turns.append(again and moved(again, settings.repeat_after_days))
    return min((turn for turn in turns if turn is not None), default=None)


def _put_load(index: MemberIndex, member_id: str, load: Load) -> None:
    if index.relations.load(member_id) != load:
        index.set_load(member_id, buddies=load.buddies, mentees=load.mentees)
