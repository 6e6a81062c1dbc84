"""Blocks of members who were erased: kept under a pseudonym, and given back their force when an id comes back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from matcher.members.profile import MemberProfile
from service.profile_text import profile_of, profile_text
from service.storage import erasures, members, pseudonyms
from service.storage.pseudonyms import Pseudonyms, is_pseudonym


def give_blocks_back(
    connection: Connection, profiles: Sequence[MemberProfile], at: str
) -> tuple[list[MemberProfile], dict[str, set[str]]]:
    """Let the blocks of those of ``profiles`` count again who were erased, in both directions.

    Returns:
        The profiles without blocks of members who are erased still; and these blocks, by who sets them, under the
        pseudonyms by which they count should such a member come back.

    Raises:
        LostKeyError: if the key is not the one with which members were erased.
    """
    known = pseudonyms.known(connection) if erasures.anybody(connection) else None
    if known is None:
        return list(profiles), {}
    back = {known.of(profile.member_id): profile.member_id for profile in profiles}
    for pseudonym in sorted(erasures.among(connection, back)):
        erasures.forget(connection, pseudonym)
        _put_into_profiles(connection, erasures.name_in_blocks(connection, pseudonym, back[pseudonym]), at)
    return _without_erased(connection, profiles, known)


def _put_into_profiles(connection: Connection, blockers: set[str], at: str) -> None:
    """Bring the profiles of members who have blocked somebody level with the rows of blocks."""
    present = members.some(connection, sorted(blockers))
    standing = members.standing_blocks(connection, sorted(present))
    texts = {}
    for blocker, row in present.items():
        blocked = tuple(other for other in standing[blocker] if not is_pseudonym(other))
        texts[blocker] = profile_text(profile_of(row.profile).model_copy(update={"blocked": blocked}))
    members.write(connection, texts, present, at)


def _without_erased(
    connection: Connection, profiles: Sequence[MemberProfile], known: Pseudonyms
) -> tuple[list[MemberProfile], dict[str, set[str]]]:
    named = {known.of(other): other for profile in profiles for other in profile.blocked}
    erased = {named[pseudonym]: pseudonym for pseudonym in erasures.among(connection, named)}
    found, hidden = [], {}
    for profile in profiles:
        gone = erased.keys() & set(profile.blocked)
        hidden[profile.member_id] = {erased[other] for other in gone}
        rest = tuple(other for other in profile.blocked if other not in gone)
        found.append(profile.model_copy(update={"blocked": rest}) if gone else profile)
    return found, hidden


def blocks_by_pseudonym(connection: Connection, member_id: str) -> set[str]:
    """Who has a block with a member who was erased; nobody if they were not."""
    known = pseudonyms.known(connection) if erasures.anybody(connection) else None
    return set() if known is None else erasures.blocks_of(connection, known.of(member_id))
