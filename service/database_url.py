"""Where a community's data is kept: a file of SQLite, or a database of PostgreSQL named by its URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from matcher.errors import InvalidRequest, Problem

_POSTGRESQL = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A URL as libpq reads it, with all that it takes: several hosts, ``sslmode``, ``passfile``, ``service``.

    It may hold a password, so it shows itself to nobody: whoever connects reads ``secret_text``.
    """

    secret_text: str = field(repr=False)


DatabaseTarget = Path | DatabaseUrl


def database_target(text: str) -> DatabaseTarget:
    """The database that an operator names: ``postgresql://...``, or else the path of a file.

    Raises:
        InvalidRequest: for a URL of another kind. It is not repeated, for it may hold a password.
    """
    if text.startswith(_POSTGRESQL):
        return DatabaseUrl(text)
    if "://" in text:
        accepted = "the path of a file, or postgresql://user@host/database"
        raise InvalidRequest(Problem("--database", "is the URL of a database that we do not know", accepted))
    return Path(text)
