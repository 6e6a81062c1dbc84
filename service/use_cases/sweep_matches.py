"""What time does to matches: expired ones are written down, and ties end whose age pools have come apart."""

from __future__ import annotations

from sqlalchemy import Connection

from service.community import Community
from service.storage import matches
from service.use_cases.close_matches import end_between_age_pools


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
    if pools:
        rows = matches.accepted(connection)
        changed += end_between_age_pools(connection, rows, community.settings.today(), now)
    return changed
