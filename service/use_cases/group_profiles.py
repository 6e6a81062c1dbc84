"""Members as a group plan sees them: between two of whom one felt unsafe in a tie it is as if a block stood.

These blocks are in no row, no profile that is shown and no spec: whoever reads a plan, its files or an error cannot
tell how a tie ended.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from matcher.rematch.history import UNSAFE
from service.storage import matches
from service.storage.pseudonyms import is_pseudonym
from service.use_cases.stored_profiles import StoredProfiles, everybody, those

Pair = tuple[str, str]


def everybody_for_groups(connection: Connection) -> StoredProfiles:
    """All members. O(members and matches)."""
    return _with_blocks(everybody(connection), felt_unsafe(connection))


def those_for_groups(connection: Connection, member_ids: Iterable[str]) -> StoredProfiles:
    """The members among ``member_ids`` that are stored: each is the same as among everybody."""
    asked = set(member_ids)
    return _with_blocks(those(connection, asked), felt_unsafe(connection, asked))


def felt_unsafe(connection: Connection, member_ids: Collection[str] | None = None) -> set[Pair]:
    """Pairs of ids in order who had a tie that one of them ended for that; those with one of ``member_ids``, if given.

    Who was erased since is in none.
    """
    rows = matches.ended_because(connection, UNSAFE, member_ids)
    pairs = {(min(row.asker, row.peer), max(row.asker, row.peer)) for row in rows}
    return {pair for pair in pairs if not any(map(is_pseudonym, pair))}


def _with_blocks(stored: StoredProfiles, pairs: Collection[Pair]) -> StoredProfiles:
    if not pairs:
        return stored
    of: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        of[one].add(other)
        of[other].add(one)
    members = tuple(
        member.model_copy(update={"blocked": tuple(sorted({*member.blocked, *of[member.member_id]}))})
        if member.member_id in of
        else member
        for member in stored.members
    )
    digest = hashlib.sha256("\n".join((stored.sha256, *map(repr, sorted(pairs)))).encode()).hexdigest()
    return dataclasses.replace(stored, members=members, sha256=digest)
