"""Access keys: made, listed, revoked, and asked for with every request."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from matcher.errors import InvalidRequest, MatcherError, Problem
from service.caller import ROLES, Caller, Role
from service.community import Community
from service.key_text import KeyText
from service.storage import keys
from service.storage.keys import KeyFacts, KeyRow
from service.storage.tables import LABEL_LENGTH

MOST_DAYS = 3_650
MOST_REQUESTS_A_MINUTE = 10_000_000
FIRST_LABEL = "made at the first start"
_NOBODY = "0" * 64
"""Compared with where there is no such key, so that an id that exists does not answer later than one that does not."""


class UnknownKeyError(MatcherError):
    """No key has this id."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        super().__init__(f"there is no key {key_id!r} (accepted: an id that `peer-matcher keys list` shows)")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. ``text`` is the only place where its secret stands, and it cannot be had again."""

    row: KeyRow
    text: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who showed a valid key, and how many requests a minute it may make (0: any number)."""

    caller: Caller
    requests_a_minute: int


def moment_text(moment: datetime) -> str:
    """A moment as the table keeps it."""
    return moment.isoformat(timespec="microseconds")


def create_key(
    community: Community,
    role: Role,
    label: str = "",
    *,
    expires_in_days: int | None = None,
    requests_a_minute: int | None = None,
) -> NewKey:
    """Make a key and store all of it but the secret. A limit of 0 is none; None is what the service's settings say.

    Raises:
        InvalidRequest: if a value is out of range.
    """
    _check(role, label, expires_in_days, requests_a_minute)
    made = _made(community, role, label, expires_in_days, requests_a_minute)
    community.database.write(lambda connection: keys.add(connection, made.row))
    return made


def create_first_key(community: Community) -> NewKey | None:
    """A key for an admin if there has never been any key, else None. Of two that ask at once, one gets it."""
    with community.database.reading() as connection:
        if keys.count(connection):
            return None
    made = _made(community, "admin", FIRST_LABEL, None, None)

    def add_if_first(connection: Connection) -> NewKey | None:
        if keys.count(connection):
            return None
        keys.add(connection, made.row)
        return made

    return community.database.write(add_if_first)


def list_keys(community: Community) -> list[KeyRow]:
    """Every key there has been, oldest first."""
    with community.database.reading() as connection:
        return keys.everyone(connection)


def revoke_key(community: Community, key_id: str) -> None:
    """Let a key count no more, from the next request on, in every process. Once revoked it stays so.

    Raises:
        UnknownKeyError: if there is no such key.
    """
    at = moment_text(community.settings.clock())
    if not community.database.write(lambda connection: keys.revoke(connection, key_id, at)):
        raise UnknownKeyError(key_id)


def authenticate(community: Community, text: str) -> Holder | None:
    """Whose key ``text`` is; None for one that is malformed, unknown, wrong, expired or revoked, all alike.

    Costs one statement: what the database says now counts, so a revocation is at once.
    """
    key = KeyText.read(text)
    if key is None:
        return None
    found = keys.facts_now(community.database, key.key_id)
    is_right = hmac.compare_digest(key.digest(), _NOBODY if found is None else found.secret_sha256)
    if found is None or not is_right or not is_in_force(found, community.settings.clock()):
        return None
    limit = found.requests_a_minute
    return Holder(Caller(key.key_id, found.role), community.settings.requests_a_minute if limit is None else limit)


def is_in_force(key: KeyRow | KeyFacts, now: datetime) -> bool:
    """Whether a key is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or moment_text(now) < key.expires_at)


def _made(community: Community, role: Role, label: str, days: int | None, requests_a_minute: int | None) -> NewKey:
    key = KeyText.new()
    now = community.settings.clock()
    expires_at = None if days is None else moment_text(now + timedelta(days=days))
    row = KeyRow(key.key_id, key.digest(), role, label, moment_text(now), expires_at, None, requests_a_minute)
    return NewKey(row, key.full())


def _check(role: str, label: str, days: int | None, requests_a_minute: int | None) -> None:
    if role not in ROLES:
        raise InvalidRequest(Problem("role", "is none", " or ".join(ROLES)))
    if len(label) > LABEL_LENGTH or not label.isprintable():
        accepted = f"at most {LABEL_LENGTH} printable characters"
        raise InvalidRequest(Problem("label", "is too long or holds control characters", accepted))
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InvalidRequest(Problem("expires-in-days", "is out of range", f"1 to {MOST_DAYS}"))
    if requests_a_minute is not None and not 0 <= requests_a_minute <= MOST_REQUESTS_A_MINUTE:
        accepted = f"0 (no limit) to {MOST_REQUESTS_A_MINUTE}"
        raise InvalidRequest(Problem("requests-per-minute", "is out of range", accepted))
