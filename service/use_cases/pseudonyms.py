"""The key of pseudonyms, made at first use."""

from __future__ import annotations

from service.community import Community
from service.storage import pseudonyms
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
