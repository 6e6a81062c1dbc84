"""Access keys: what is known of each, and of its secret only the digest. Rows are never deleted, only revoked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, String, bindparam, func, insert, select, update

from service.caller import Role
from service.storage.database import Database
from service.storage.prepared import Prepared
from service.storage.tables import access_keys


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key. Moments are ISO 8601 in UTC with microseconds, so they compare as texts."""

    key_id: str
    secret_sha256: str
    role: Role
    label: str
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None
    requests_a_minute: int | None = None
    """The key's own limit, 0 for none; None where the service's holds."""


class KeyFacts(NamedTuple):
    """What decides about a request, as in :class:`KeyRow`. A further column would cost each request a microsecond."""

    secret_sha256: str
    role: Role
    expires_at: str | None
    revoked_at: str | None
    requests_a_minute: int | None


_COLUMNS = [access_keys.c[name] for name in KeyRow.__dataclass_fields__]
_FACTS = Prepared(
    select(*(access_keys.c[name] for name in KeyFacts._fields)).where(
        access_keys.c.key_id == bindparam("key_id", type_=String)
    )
)


def facts_now(database: Database, key_id: str) -> KeyFacts | None:
    """What counts for ``key_id`` at this moment, if there is such a key. Every request waits for it."""
    found = database.glance(_FACTS, key_id=key_id)
    return KeyFacts(*found[0]) if found else None


def everyone(connection: Connection) -> list[KeyRow]:
    """Every key, oldest first."""
    ordered = select(*_COLUMNS).order_by(access_keys.c.created_at, access_keys.c.key_id)
    return [KeyRow(*found) for found in connection.execute(ordered)]


def count(connection: Connection) -> int:
    """How many keys there have ever been."""
    return int(connection.execute(select(func.count()).select_from(access_keys)).scalar_one())


def add(connection: Connection, row: KeyRow) -> None:
    """Store a new key."""
    values = {name: getattr(row, name) for name in KeyRow.__dataclass_fields__}
    connection.execute(insert(access_keys), [values])


def revoke(connection: Connection, key_id: str, at: str) -> bool:
    """Let ``key_id`` count no more from ``at`` on; an earlier moment stays. False if there is no such key."""
    earliest = func.coalesce(access_keys.c.revoked_at, at)
    changed = update(access_keys).where(access_keys.c.key_id == key_id).values(revoked_at=earliest)
    return connection.execute(changed).rowcount == 1
