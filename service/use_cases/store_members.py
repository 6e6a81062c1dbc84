"""Storing validated profiles, with the blocks that stand whatever a new profile says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from matcher.errors import Problem
from matcher.members.profile import MAX_BLOCKED, MemberProfile
from service.caller import Acting, acting_as
from service.profile_text import profile_text, ruled_row
from service.storage import matches, members
from service.storage.changes import now_text
from service.storage.database import Database
from service.storage.members import MemberRow
from service.storage.pseudonyms import is_pseudonym
from service.use_cases.close_matches import Leaving, close_matches, end_between_age_pools
from service.use_cases.returning import give_blocks_back


@dataclass(frozen=True, slots=True)
class Storing:
    """What became of one profile: its row, or the problem that kept it out."""

    row: MemberRow | None
    created: bool = False
    problem: Problem | None = None
    profile: MemberProfile | None = None
    """Of a row that was written, what its text says."""


def store_members(
    database: Database, profiles: Sequence[MemberProfile], now: Callable[[], str] = now_text
) -> list[Storing]:
    """Store ``profiles``, all of different members, in one transaction; results in their order.

    A block is permanent: those that a member has ever set are added to the profile, also when the member comes back
    after being removed. A profile that changes nothing is no change.
    """
    return database.write(lambda connection: store_in(connection, profiles, now()))


def store_in(
    connection: Connection, profiles: Sequence[MemberProfile], at: str, by: Mapping[str, Acting] | None = None
) -> list[Storing]:
    """:func:`store_members` inside a writing transaction of the caller's. Matches that may not go on are closed.

    Args:
        connection: of the transaction.
        profiles: all of different members.
        at: the moment.
        by: who stores each member, where that is not one and the same: the audit trail names them.
    """
    ids = [profile.member_id for profile in profiles]
    profiles, hidden = give_blocks_back(connection, profiles, at)
    present = members.some(connection, ids)
    standing = members.standing_blocks(connection, ids)
    texts: dict[str, str] = {}
    as_written: dict[str, MemberProfile] = {}
    too_many: set[str] = set()
    new_blocks: list[tuple[str, str]] = []
    for profile in profiles:
        member_id = profile.member_id
        stood = set(standing.get(member_id, ()))
        blocked = stood.union(profile.blocked, hidden.get(member_id, ()))
        if len(blocked) > MAX_BLOCKED:
            too_many.add(member_id)
            continue
        whole = profile.model_copy(update={"blocked": tuple(sorted(_ids(blocked)))}) if blocked else profile
        text = profile_text(whole)
        if member_id not in present or present[member_id].profile != text:
            texts[member_id], as_written[member_id] = text, whole
        new_blocks += ((member_id, other) for other in sorted(blocked - stood))
    members.add_blocks(connection, new_blocks)
    written = members.write(connection, texts, present, at)
    changed = [profile for profile in profiles if profile.member_id in written]
    aged = {profile.member_id for profile in changed if _another_year(present.get(profile.member_id), profile)}
    if by is None:
        _close(connection, changed, new_blocks, aged, at)
    else:
        for profile in changed:
            with acting_as(by[profile.member_id]):
                own = [block for block in new_blocks if block[0] == profile.member_id]
                _close(connection, [profile], own, aged & {profile.member_id}, at)
    return [
        Storing(None, problem=_TOO_MANY_BLOCKS)
        if i in too_many
        else Storing(written.get(i) or present[i], created=i not in present, profile=as_written.get(i))
        for i in ids
    ]


def _close(
    connection: Connection,
    changed: Sequence[MemberProfile],
    new_blocks: Sequence[tuple[str, str]],
    aged: Collection[str],
    at: str,
) -> None:
    """Close matches of members who changed in a way that lets them not go on."""
    gone = {profile.member_id for profile in changed if profile.status == "withdrawn" or not profile.consent}
    held = {profile.member_id for profile in changed if profile.status == "held"}
    close_matches(connection, Leaving(gone, held, new_blocks), at)
    if aged:  # an adult and a minor who have each other do not wait for the daily sweep
        accepted = matches.of_members(connection, aged, ("accepted",))
        end_between_age_pools(connection, accepted, date.fromisoformat(at[:10]), at)


def _ids(names: Iterable[str]) -> list[str]:
    return [name for name in names if not is_pseudonym(name)]


def _another_year(before: MemberRow | None, profile: MemberProfile) -> bool:
    return before is not None and ruled_row(before.profile).birth_year != profile.birth_year


_TOO_MANY_BLOCKS = Problem(
    "blocked",
    "together with the blocks already standing, which are permanent, these are too many",
    f"at most {MAX_BLOCKED} in all",
)
