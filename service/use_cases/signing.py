"""What the service signs with, so that it knows its own words when they come back."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from service.community import Community
from service.storage import secrets as stored_secrets

_BYTES = 32


def signing_secret(community: Community, name: str) -> bytes:
    """The secret of that name: made at first use, the same for every process of the database and ever after."""
    with community.database.glancing() as connection:
        found = stored_secrets.one(connection, name)
    if found is not None:
        return found
    made = secrets.token_bytes(_BYTES)

    def add_if_first(connection: Connection) -> bytes:
        earlier = stored_secrets.one(connection, name)
        if earlier is None:
            stored_secrets.add(connection, name, made, community.settings.now())
        return earlier or made

    return community.database.write(add_if_first)
