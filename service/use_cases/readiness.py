"""What the service needs in order to answer, part by part."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy.exc import DBAPIError

from service.community import Community
from service.storage.changes import newest_seq
from service.storage.upgrade import current_revision, newest_revision

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service can answer.

    Attributes:
        checks: ``ok`` or what is wanting, for the database, its migrations, the index, and how far that is behind.
        as_of_seq: the newest change in the database; None if it does not answer.
        lag: how many changes the index has yet to follow; None without an index or a database.
    """

    checks: dict[str, str]
    as_of_seq: int | None
    lag: int | None

    @property
    def ready(self) -> bool:
        """Whether nothing is wanting."""
        return all(state == "ok" for state in self.checks.values())


def readiness(community: Community) -> Readiness:
    """Each part looked at now."""
    checks = {"database": "ok", "migrations": "ok", "index": community.index.state, "lag": "ok"}
    try:
        with community.database.reading() as connection:
            seq, revision = newest_seq(connection), current_revision(connection)
    except DBAPIError as error:
        community.metrics.database_errors.inc()
        _log.warning("readiness_without_database", error=type(error.orig).__name__)
        return Readiness(
            checks | {"database": "does not answer", "migrations": "unknown", "lag": "unknown"}, None, None
        )
    if revision != newest_revision():
        checks["migrations"] = "another version of the service has changed the tables"
    lag = max(0, seq - community.index.view().seq) if community.index.ready else None
    if lag is not None and lag > community.settings.most_lag:
        checks["lag"] = f"{lag:,} changes are yet to be followed"
    return Readiness(checks, seq, lag)
