"""Secrets of the service itself, the same for every process of one database."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from service.storage.tables import service_secrets


def one(connection: Connection, name: str) -> bytes | None:
    """The secret of that name, if it was made."""
    found = connection.execute(select(service_secrets.c.secret).where(service_secrets.c.name == name)).scalar()
    return None if found is None else bytes.fromhex(found)


def add(connection: Connection, name: str, secret: bytes, at: str) -> None:
    """Store a secret that was just made."""
    connection.execute(insert(service_secrets), [{"name": name, "secret": secret.hex(), "made_at": at}])
