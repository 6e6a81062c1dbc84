"""The key of pseudonyms, made at first use; and who goes by one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Connection

from service.community import Community
from service.storage import erasures, pseudonyms
from service.storage.pseudonyms import Pseudonyms


def ready_pseudonyms(community: Community) -> Pseudonyms:
    """The pseudonyms of a community's database.

    Raises:
        LostKeyError: if the key file is not the one with which pseudonyms were made.
    """
    with community.database.reading() as connection:
        found = pseudonyms.known(connection)
    if found is not None:
        return found
    return community.database.write(lambda connection: pseudonyms.made(connection, community.settings.now()))


_NAME = re.compile("[A-Za-z0-9_-]+")
"""What may be an id in a text."""


def erased_in(connection: Connection, text: str) -> set[str]:
    """Ids in a text of members who were erased and have not come back."""
    return set(erased_among(connection, set(_NAME.findall(text))))


def erased_among(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """The pseudonyms of those of ``names`` who were erased and have not come back.

    Whatever is written of an id asks this in its own transaction: the id may be of somebody who was erased, a moment
    ago or long since, and is not to be written back.

    Raises:
        LostKeyError: if the key is not the one with which members were erased.
    """
    known = pseudonyms.known(connection) if erasures.anybody(connection) else None
    if known is None:
        return {}
    by_pseudonym = {known.of(name): name for name in names}
    return {by_pseudonym[pseudonym]: pseudonym for pseudonym in erasures.among(connection, by_pseudonym)}
