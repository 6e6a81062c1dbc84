"""Erase a member: from rows, memory, snapshots and files, and from the space in which they stood."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from matcher.errors import UnknownMember
from service import snapshots
from service.community import Community
from service.profile_text import alias_text, profile_of, profile_text
from service.storage import erasures, members, pseudonyms
from service.storage.erasure import TOUCHED, erase_rows, put_texts, texts_of_jobs
from service.storage.erasures import Erasure
from service.use_cases.audit import Event, note
from service.use_cases.close_matches import Leaving, close_matches
from service.use_cases.erase_from_files import erase_from_plans
from service.use_cases.preconditions import ALWAYS, Precondition
from service.use_cases.pseudonyms import ready_pseudonyms
from service.use_cases.rematch_without import erase_from_rematches
from service.use_cases.without_member import job_without

_log = structlog.get_logger(__name__)


def erase_member(community: Community, member_id: str, condition: Precondition = ALWAYS) -> None:
    """Erase a member. Of them stays a pseudonym, by which blocks count again should the same id come back.

    All rows are done in one transaction, after which no answer and no list knows the id. Then plans and snapshots go.
    What the database has not overwritten is dealt with at once on this machine's disk, and by the next sweep where the
    database is elsewhere. If anything of that breaks off, the sweep ends it.

    Raises:
        UnknownMember: if there is none.
        RequestError: 412 if ``condition`` does not hold.
    """
    ready_pseudonyms(community)
    community.database.write(lambda connection: _erase(connection, community, member_id, condition))
    if community.index.ready:
        community.index.catch_up()
    finish_erasures(community, scrub=community.database.in_process)


def finish_erasures(community: Community, *, scrub: bool = True) -> int:
    """End erasures that are under way; with ``scrub`` also in the database's free space. Returns how many are done.

    May be done again at any time; without an erasure it costs one statement.
    """
    with community.database.reading() as connection:
        begun, waiting = erasures.under_way(connection), erasures.to_scrub(connection)
    if begun:
        snapshots.forget(community.settings.snapshots)
    for one in begun:
        erase_from_plans(community, one.member_id)
        erase_from_rematches(community, one.member_id)
        community.database.write(lambda connection, one=one: erasures.forget_name(connection, one.pseudonym))  # type: ignore[misc]
    done = [*waiting, *(one.pseudonym for one in begun)]
    if not done or not scrub:
        return 0
    traces = [] if waiting else _traces(community, begun)
    if not community.database.scrub(TOUCHED, traces):
        _log.warning("erasure_waits", members=len(done))
        return 0
    community.database.write(lambda connection: erasures.finish(connection, done, community.settings.now()))
    _log.info("erasure_finished", members=len(done))
    return len(done)


def _traces(community: Community, begun: Sequence[Erasure]) -> list[str]:
    """What the free space is looked through for: ids, and aliases as profiles hold them, unless somebody who is stored
    goes by the same one. A name by itself may stand in anybody's words."""
    aliases = {alias_text(one.alias) for one in begun if one.alias}
    with community.database.reading() as connection:
        own = [text for text in sorted(aliases) if not members.any_profile_holds(connection, text)]
    return [*(one.member_id for one in begun), *own]


def _erase(connection: Connection, community: Community, member_id: str, condition: Precondition) -> None:
    row = members.one(connection, member_id)
    if row is None:
        raise UnknownMember(member_id)
    condition.check(row.seq)
    at = community.settings.now()
    pseudonym = pseudonyms.made(connection, at).of(member_id)
    note(connection, at, Event("erase", "member", None, (member_id,)))
    close_matches(connection, Leaving(gone=[member_id]), at)
    members.remove(connection, member_id, at)
    blockers = erasures.name_in_blocks(connection, member_id, pseudonym)
    _take_out_of_profiles(connection, blockers, member_id, at)
    erase_rows(connection, member_id, pseudonym)
    for job in texts_of_jobs(connection, member_id):
        put_texts(connection, job_without(job, member_id))
    erasures.begin(connection, Erasure(pseudonym, member_id, profile_of(row.profile).alias), at)


def _take_out_of_profiles(connection: Connection, blockers: set[str], member_id: str, at: str) -> None:
    present = members.some(connection, sorted(blockers))
    texts = {}
    for blocker, row in present.items():
        profile = profile_of(row.profile)
        blocked = tuple(other for other in profile.blocked if other != member_id)
        texts[blocker] = profile_text(profile.model_copy(update={"blocked": blocked}))
    members.write(connection, texts, present, at)
