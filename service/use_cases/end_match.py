"""End an accepted match."""

from __future__ import annotations

from sqlalchemy import Connection

from matcher.rematch.history import UNSAFE
from service.community import Community
from service.settings import Settings
from service.storage import matches
from service.storage.match_row import MatchRow, Side
from service.use_cases.answer_match import step
from service.use_cases.match_problems import wrong_state
from service.use_cases.seen_match import SeenMatch


def end_match(community: Community, match_id: str, member_id: str, reason: str | None = None) -> SeenMatch:
    """End a match for both, at once. Either may; who it was and why is not shown to the other.

    Ending again changes nothing of that, but who has said nothing may still say why, and that they felt unsafe
    whatever they said before: it keeps the two apart from then on.

    Raises:
        RequestError: 404 ``unknown-match``; 409 ``match-not-accepted``.
    """

    def end(connection: Connection, _: Settings, row: MatchRow, side: Side, now: str) -> None:
        seen = row.seen(side, now)
        if seen == "ended":
            said = row.reason(side)
            if reason is not None and reason != said and (said is None or reason == UNSAFE):
                matches.change(connection, row.match_id, **{f"{side}_reason": reason})
                matches.announce(connection, {row.asker, row.peer}, now)
            return
        if seen != "accepted":
            raise wrong_state(seen, "accepted")
        matches.change(connection, row.match_id, state="ended", ended_at=now, **{f"{side}_reason": reason})
        matches.announce(connection, {row.asker, row.peer}, now)

    return step(community, match_id, member_id, "end", end)
