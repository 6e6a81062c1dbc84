"""Pseudonyms: what stands in the place of the id of a member who was erased.

A pseudonym is an HMAC of the id, so it tells should the id come back, and names nobody to whom the key is unknown. On
SQLite the key is in a file of its own beside the database; on PostgreSQL it is in the database, because every process
of several machines needs it. Ids hold no colon, so a pseudonym is never taken for one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from sqlalchemy import Connection

from matcher.errors import MatcherError
from service.storage import secrets as service_secrets

PREFIX = "erased:"
KEY_FILE = "peer_matcher_key_file"
"""Name of the option by which a connection says where the key's file is."""
_SECRET, _CHECK = "pseudonyms", "pseudonyms-check"
_BYTES = 32


class LostKeyError(MatcherError):
    """The key file is not the one with which members of this database were erased."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} is missing, or is not the key of this database (accepted: the file that was made with it, as a "
            "backup holds it; without it blocks of members who were erased would not count)"
        )


class Pseudonyms:
    """Makes pseudonyms with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, member_id: str) -> str:
        """The pseudonym of an id: 128 bits in hex behind a prefix. About a microsecond."""
        return PREFIX + hmac.digest(self._key, member_id.encode(), "sha256")[:16].hex()

    @property
    def log_key(self) -> bytes:
        """Another key that follows from this one, for the short names in logs."""
        return hmac.digest(self._key, b"names in logs", "sha256")


def is_pseudonym(name: str) -> bool:
    """Whether a name is no id but a pseudonym."""
    return name.startswith(PREFIX)


def known(connection: Connection) -> Pseudonyms | None:
    """The pseudonyms of a database; None if no key was ever made.

    Raises:
        LostKeyError: if the key file is not the one with which pseudonyms were made.
    """
    path: Path | None = connection.get_execution_options().get(KEY_FILE)
    if path is None:
        key = service_secrets.one(connection, _SECRET)
        return None if key is None else Pseudonyms(key)
    check = service_secrets.one(connection, _CHECK)
    if check is None:
        return None
    key = _read(path)
    if key is None or not hmac.compare_digest(_digest(key), check):
        raise LostKeyError(path)
    return Pseudonyms(key)


def made(connection: Connection, at: str) -> Pseudonyms:
    """The same, in a writing transaction, which makes the key at first use.

    Raises:
        LostKeyError: as :func:`known`.
    """
    found = known(connection)
    if found is not None:
        return found
    path: Path | None = connection.get_execution_options().get(KEY_FILE)
    if path is None:
        key = secrets.token_bytes(_BYTES)
        service_secrets.add(connection, _SECRET, key, at)
        return Pseudonyms(key)
    key = _read(path) or _written(path)
    service_secrets.add(connection, _CHECK, _digest(key), at)
    return Pseudonyms(key)


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(b"check" + key).digest()


def _read(path: Path) -> bytes | None:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (FileNotFoundError, ValueError):
        return None
    return key if len(key) == _BYTES else None


def _written(path: Path) -> bytes:
    key = secrets.token_bytes(_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key
