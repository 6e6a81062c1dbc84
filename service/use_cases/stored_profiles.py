"""Profiles as they are stored, for work that looks at many members at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidMember
from matcher.members.profile import MemberProfile
from service.live_index import means_in_force
from service.profile_text import profile_of
from service.storage import members
from service.storage.changes import newest_seq

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredProfiles:
    """Members of one moment.

    Attributes:
        members: by id.
        means: what unknown facets score.
        seq: the newest change.
        sha256: of all texts.
    """

    members: tuple[MemberProfile, ...]
    means: FacetMeans
    seq: int
    sha256: str


def everybody(connection: Connection) -> StoredProfiles:
    """All members, in a reading or writing transaction. Some 50 microseconds each."""
    return _read(connection, members.everyone(connection))


def those(connection: Connection, member_ids: Iterable[str]) -> StoredProfiles:
    """The members among ``member_ids`` that are stored."""
    rows = members.some(connection, sorted(set(member_ids)))
    return _read(connection, (rows[member_id].profile for member_id in sorted(rows)))


def _read(connection: Connection, texts: Iterable[str]) -> StoredProfiles:
    digest, found = hashlib.sha256(), []
    for text in texts:
        digest.update(text.encode() + b"\n")
        try:
            found.append(profile_of(text))
        except InvalidMember as error:  # left out, as of every answer
            _log.error("stored_profile_unreadable", fields=[problem.where for problem in error.problems])
    return StoredProfiles(tuple(found), means_in_force(connection), newest_seq(connection), digest.hexdigest())
