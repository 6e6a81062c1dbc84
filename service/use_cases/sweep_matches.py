"""What time does to matches: expired ones are written down, and ties end whose age pools have come apart."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from matcher.members.age import age_pool
from service.community import Community
from service.profile_text import ruled_row
from service.storage import matches, members
from service.storage.match_row import MatchRow
from service.use_cases.close_matches import AGE_POOLS, end_by_system


def sweep_matches(community: Community, *, pools: bool = True) -> int:
    """Bring stored states level with the moment and, with ``pools``, with the day; returns how many matches changed.

    What is shown, and which places are kept, never depends on the sweep, but for ties whose age pools came apart at
    the turn of a year. O(expired matches), and with ``pools`` O(accepted ones).
    """
    changed = community.database.write(lambda connection: _swept(connection, community, pools))
    if changed and community.index.ready:
        community.index.catch_up()
    return changed


def _swept(connection: Connection, community: Community, pools: bool) -> int:
    now = community.settings.now()
    changed = matches.mark_expired(connection, now)
    apart = _apart(connection, community.settings.today()) if pools else []
    for row in apart:
        end_by_system(connection, row, AGE_POOLS, now)
    if apart:
        matches.announce(connection, {member_id for row in apart for member_id in (row.asker, row.peer)}, now)
    return changed + len(apart)


def _apart(connection: Connection, today: date) -> list[MatchRow]:
    """Accepted matches between age pools."""
    rows = matches.accepted(connection)
    texts = members.some(connection, sorted({member_id for row in rows for member_id in (row.asker, row.peer)}))
    pools = {member_id: age_pool(ruled_row(row.profile).birth_year, today) for member_id, row in texts.items()}
    return [row for row in rows if pools.get(row.asker) != pools.get(row.peer)]
