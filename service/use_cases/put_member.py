"""Store members, new or changed: each for itself, or several who come at the same time in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from matcher.errors import InvalidMember, Problem
from matcher.members.profile import MemberProfile
from service.caller import Acting, acting
from service.community import Community
from service.problems import RequestError
from service.storage import members
from service.storage.changes import fingerprint, newest_seq
from service.use_cases.accepted_profile import accepted_profile
from service.use_cases.get_member import StoredMember
from service.use_cases.preconditions import ALWAYS, Precondition
from service.use_cases.store_members import Storing, store_in

FOLLOW_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Put:
    """A profile to be stored, on which condition, and who asks for it."""

    profile: MemberProfile
    condition: Precondition
    by: Acting

    @property
    def member_id(self) -> str:
        """Whose profile it is."""
        return self.profile.member_id


Done = tuple[StoredMember, bool]
"""A member as stored, and whether they are new."""


def put_of(community: Community, member_id: str, fields: Mapping[str, Any], condition: Precondition = ALWAYS) -> Put:
    """The order to store ``fields`` under ``member_id``, by whoever acts now.

    Raises:
        InvalidMember: with every problem of the profile.
    """
    named = fields.get("member_id", member_id)
    if named != member_id:
        raise InvalidMember(
            [Problem("member_id", "differs from the id in the address", "the same id, or none")], member_id
        )
    return Put(accepted_profile(community, {**fields, "member_id": member_id}), condition, acting())


def put_member(
    community: Community, member_id: str, fields: Mapping[str, Any], condition: Precondition = ALWAYS
) -> Done:
    """Store the profile ``fields`` under ``member_id``; returns it as stored, and whether the member is new.

    The next request sees it.

    Raises:
        InvalidMember: with every problem of the profile.
        RequestError: 412 if ``condition`` does not hold.
    """
    (outcome,) = put_members(community, [put_of(community, member_id, fields, condition)])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def put_members(community: Community, puts: Sequence[Put]) -> list[Done | Exception]:
    """Carry out ``puts``, all of different members, in one transaction; what became of each, in their order.

    Each has its own condition, refusal and lines in the audit trail, as if it had come alone. Should the transaction
    fail for another reason than that the database does not answer, each is tried by itself, so that nobody's change
    fails because of another's.
    """
    try:
        outcomes, seq, known = _stored(community, puts)
    except (OperationalError, InterfaceError) as error:
        return [error for _ in puts]
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is told to whom it concerns
        if len(puts) == 1:
            return [error]
        return [outcome for put in puts for outcome in put_members(community, [put])]
    try:
        _follow(community, seq, known)
    except Exception as error:  # noqa: BLE001 -- it is stored, and nobody is told that answers know it
        return [error if isinstance(outcome, tuple) else outcome for outcome in outcomes]
    return outcomes


def _follow(community: Community, seq: int, known: Mapping[str, MemberProfile]) -> None:
    """Let the index know the change ``seq`` before anybody is told of it. Of many who write at once one follows."""
    if not community.index.ready:  # what it is being made from may be older
        community.index.own_writes.given_up(seq)
        return
    try:
        if not community.index.reach(seq, FOLLOW_WITHIN_S, known):
            community.index.catch_up()
    except BaseException:
        community.index.own_writes.given_up(seq)  # from now on whoever asks follows first
        raise


def _stored(
    community: Community, puts: Sequence[Put]
) -> tuple[list[Done | Exception], int, Mapping[str, MemberProfile]]:
    """What became of each, the newest change, and the profiles that were written, by their texts."""
    own, ended = community.index.own_writes, -1

    def store(connection: Connection) -> tuple[list[Done | Exception], int, Mapping[str, MemberProfile]]:
        nonlocal ended
        before = newest_seq(connection)
        outcomes, known = _store(connection, puts, community.settings.now())
        seq = newest_seq(connection)
        if seq > before:
            ended = seq
            own.begin(before, seq, fingerprint(connection, seq))
        return outcomes, seq, known

    try:
        stored = community.database.write(store)
    except BaseException:
        own.given_up(ended)
        raise
    own.committed(ended)
    return stored


def _store(
    connection: Connection, puts: Sequence[Put], at: str
) -> tuple[list[Done | Exception], Mapping[str, MemberProfile]]:
    refused = _refused(connection, puts)
    wanted = [put for put in puts if put.member_id not in refused]
    stored = store_in(connection, [put.profile for put in wanted], at, {put.member_id: put.by for put in wanted})
    done = {put.member_id: _done(put, storing) for put, storing in zip(wanted, stored, strict=True)}
    known = {one.row.profile: one.profile for one in stored if one.row is not None and one.profile is not None}
    return [refused.get(put.member_id) or done[put.member_id] for put in puts], known


def _refused(connection: Connection, puts: Sequence[Put]) -> dict[str, RequestError]:
    """Whose condition does not hold."""
    conditional = [put for put in puts if put.condition != ALWAYS]
    rows = members.some(connection, [put.member_id for put in conditional]) if conditional else {}
    refused: dict[str, RequestError] = {}
    for put in conditional:
        row = rows.get(put.member_id)
        try:
            put.condition.check(None if row is None else row.seq)
        except RequestError as error:
            refused[put.member_id] = error
    return refused


def _done(put: Put, storing: Storing) -> Done | Exception:
    if storing.row is None:
        return InvalidMember([storing.problem] if storing.problem else [], put.member_id)
    return StoredMember(storing.row.profile, storing.row.seq), storing.created
