"""What the service needs in order to answer, part by part."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from service.community import Community
from service.storage.changes import newest_seq


def readiness(community: Community) -> tuple[dict[str, str], int | None]:
    """``ok`` or what is wanting, for each part; and the newest change in the database."""
    seq: int | None = None
    try:
        with community.database.reading() as connection:
            seq = newest_seq(connection)
        database = "ok"
    except DBAPIError:
        database = "does not answer"
    return {"database": database, "index": community.index.state}, seq
