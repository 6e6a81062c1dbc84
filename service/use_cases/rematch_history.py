"""What a rematch is told of the ties that there are and were: of the database's rows, no more than both sides know.

A no that one side gave is in nothing of this. As long as a proposal might be open to anybody its two are not paired
anew and its places are taken, whatever was answered; afterwards it has expired, whatever was answered. And an open
proposal is not told of apart from what is over: together with a later tie it would tell that it was declined. So a
plan, its tables, its figures and its hashes are the same after a no and after silence.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
from sqlalchemy import Connection

from matcher import MemberProfile
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.meeting import SlotChoice
from matcher.rematch.history import UNSAFE, FitCheck, History, Tie
from service.settings import Settings
from service.standing import Moment, standing_of
from service.storage import feedback, group_members, matches, members, pseudonyms
from service.storage.feedback import FeedbackRow
from service.storage.match_row import SIDES, MatchRow
from service.storage.pseudonyms import is_pseudonym
from service.use_cases.published_rows import Meets
from service.use_cases.swap_ties import places_of

Said = Mapping[str, Collection[FeedbackRow]]
"""What the sides of matches have said of them, by match."""


def unanswered(row: MatchRow) -> MatchRow:
    """A proposal that was never accepted, as if nobody had answered it yet: what everybody may know."""
    if row.accepted_at is not None:
        return row
    return dataclasses.replace(row, state="proposed", asker_answer=None, peer_answer=None)


@dataclass(frozen=True, slots=True)
class Told:
    """What a rematch starts from.

    Attributes:
        members: everybody, with as many places as open proposals leave them.
        history: ties that stand or are over, pairs between whom a block stands, and the groups in force.
    """

    members: tuple[MemberProfile, ...]
    history: History


def told_of(
    connection: Connection, settings: Settings, profiles: Sequence[MemberProfile], *, with_groups: bool
) -> Told:
    """All ties of the database. Pairs that are over for good, or whose proposal is open, are told of as one that has
    expired on no day: they are not tied again, whatever the config says, but may be in a group together. Between whom a
    block stands is never to meet. O(matches that there have ever been).

    Args:
        connection: reading or writing.
        settings: the moment, and after how many days a pair may be proposed again.
        profiles: of everybody who is stored.
        with_groups: whether to tell of the groups that were published last.
    """
    at, present = Moment.of(settings), {profile.member_id for profile in profiles}
    rows = [unanswered(row) for row in matches.everyone(connection) if {row.asker, row.peer} <= present]
    open_ = [row for row in rows if row.accepted_at is None and at.now < row.expires_at]
    waiting = {row.match_id for row in open_}
    accepted = [row for row in rows if row.state == "accepted"]
    tied = {_pair(row) for row in accepted}
    closed = {pair for pair, tie in standing_of(rows, at).ties.items() if tie is not None} - tied
    over = [Tie("buddy", *pair, "expired") for pair in sorted(closed)]
    never = sorted(set(_blocked(connection, present)))
    said: dict[str, list[FeedbackRow]] = defaultdict(list)
    for word in feedback.everything(connection):
        said[word.match_id].append(word)
    ties = (*over, *(tie_of_row(row, said) for row in rows if row.match_id not in waiting))
    groups = _groups(connection, present) if with_groups else ()
    return Told(_with_places_left(profiles, open_, accepted), History(ties, groups, tuple(never)))


def _with_places_left(
    profiles: Sequence[MemberProfile], open_: Sequence[MatchRow], accepted: Sequence[MatchRow]
) -> tuple[MemberProfile, ...]:
    """Everybody with the places that open proposals leave them, but no fewer than are in use. Who waits for a mentor
    and has none is not given another one."""
    taken, used = places_of(open_), places_of(accepted)
    has_mentor = {row.asker for row in accepted if row.kind == "mentor"}
    waits = {row.asker for row in open_ if row.kind == "mentor"} - has_mentor
    found = []
    for profile in profiles:
        one = profile.member_id
        if one in taken.loads or one in waits:
            load, use = taken.load(one), used.load(one)
            changed = {
                "buddy_capacity": _left(profile.buddy_capacity, load.buddies, use.buddies),
                "mentor_capacity": _left(profile.mentor_capacity, load.mentees, use.mentees),
                "seeks": tuple(tie for tie in profile.seeks if tie != "mentor" or one not in waits),
            }
            found.append(profile.model_copy(update=changed))
        else:
            found.append(profile)
    return tuple(found)


def _left(places: int, open_: int, in_use: int) -> int:
    return min(places, max(places - open_, in_use))


def _pair(row: MatchRow) -> tuple[str, str]:
    return (row.asker, row.peer) if row.asker < row.peer else (row.peer, row.asker)


def tie_of_row(row: MatchRow, said: Said) -> Tie:
    """A match that is open to nobody, as a tie."""
    one, other = (row.asker, row.peer) if row.kind == "mentor" else _pair(row)
    if row.accepted_at is None:
        return Tie(row.kind, one, other, "expired", until=_day(row.expires_at))
    fits = tuple(FitCheck(word.member_id, word.fit, word.keep) for word in said.get(row.match_id, ()))
    if row.state == "accepted":
        return Tie(row.kind, one, other, since=_day(row.accepted_at), fits=fits)
    reasons = [reason for side in SIDES if (reason := row.reason(side)) is not None]
    why = UNSAFE if UNSAFE in reasons else reasons[0] if reasons else row.system_reason
    until = None if row.ended_at is None else _day(row.ended_at)
    return Tie(row.kind, one, other, "ended", _day(row.accepted_at), until, why, fits)


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])


def _blocked(connection: Connection, present: Collection[str]) -> Iterable[tuple[str, str]]:
    """Pairs of ids in order; a pseudonym counts for whoever has its id again."""
    pairs = members.all_blocks(connection)
    known = pseudonyms.known(connection) if any(is_pseudonym(one) for pair in pairs for one in pair) else None
    back = {} if known is None else {known.of(member_id): member_id for member_id in present}
    for pair in pairs:
        one, other = sorted(back.get(name, name) for name in pair)
        if one in present and other in present:
            yield one, other


def _groups(connection: Connection, present: Collection[str]) -> tuple[ExistingGroup, ...]:
    """The groups of the plan that was published last."""
    rows = group_members.newest_plan(connection)
    by_name: dict[str, list[group_members.GroupMemberRow]] = defaultdict(list)
    for row in rows:
        if row.member_id in present:
            by_name[row.group_name].append(row)
    found = []
    for name, places in sorted(by_name.items()):
        meets = msgspec.json.decode(places[0].meets, type=Meets)
        slot = None if meets.slot is None else SlotChoice(day=meets.slot.day, start=meets.slot.start)
        own = tuple(row.member_id for row in places if not row.leads)
        leads = tuple(row.member_id for row in places if row.leads)
        found.append(ExistingGroup(name=name, members=own, facilitators=leads, slot=slot, language=meets.language))
    return tuple(found)
