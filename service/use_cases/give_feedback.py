"""Keep what a member says of a match."""

from __future__ import annotations

from sqlalchemy import Connection

from service.community import Community
from service.storage import feedback
from service.storage.feedback import FeedbackRow
from service.use_cases.audit import Event, note, refusals_noted
from service.use_cases.match_problems import wrong_state
from service.use_cases.seen_match import match_of


def give_feedback(community: Community, match_id: str, member_id: str, fit: int, keep: bool) -> FeedbackRow:
    """Store how well an accepted or ended match fits; a later word takes the place of an earlier one.

    The other side never sees it, and it ends nothing.

    Raises:
        RequestError: 404 ``unknown-match``; 409 ``match-not-accepted``.
    """

    def put(connection: Connection) -> FeedbackRow:
        now = community.settings.now()
        row, side = match_of(connection, match_id, member_id)
        seen = row.seen(side, now)
        if seen not in {"accepted", "ended"}:
            raise wrong_state(seen, "accepted")
        said = FeedbackRow(match_id, member_id, fit, keep, now)
        feedback.put(connection, said)
        note(connection, now, Event("feedback", "match", match_id, (row.asker, row.peer)))
        return said

    with refusals_noted(community, Event("feedback", "match", match_id, (member_id,))):
        return community.database.write(put)
