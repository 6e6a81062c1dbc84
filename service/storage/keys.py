"""Access keys: what is known of each, and of its secret only the digest. Rows are never deleted, only revoked."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, Dialect, String, bindparam, func, insert, select, update
from sqlalchemy.sql.compiler import SQLCompiler

from service.caller import Role
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
_DECIDING = [access_keys.c[name] for name in KeyFacts._fields]


def facts_now(connection: Connection, key_id: str) -> KeyFacts | None:
    """What counts for ``key_id``, if there is such a key. One statement, prepared once: every request waits for it."""
    compiled = _statement(connection.dialect)
    values = (key_id,) if compiled.positional else dict.fromkeys(compiled.params, key_id)
    found = connection.exec_driver_sql(str(compiled), values).first()
    return None if found is None else KeyFacts(*found)


@functools.lru_cache(maxsize=8)
def _statement(dialect: Dialect) -> SQLCompiler:
    wanted = bindparam("key_id", type_=String)
    return select(*_DECIDING).where(access_keys.c.key_id == wanted).compile(dialect=dialect)


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
