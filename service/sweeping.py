"""Sweeping matches from time to time, for as long as the service runs."""

from __future__ import annotations

import threading
from datetime import date

import structlog
from sqlalchemy.exc import DBAPIError

from service.community import Community
from service.use_cases.sweep_matches import sweep_matches

EVERY_S = 600.0
_log = structlog.get_logger(__name__)


def sweep_regularly(community: Community, stop: threading.Event) -> None:
    """Sweep at once and then every ten minutes, until ``stop`` is set; age pools once a day.

    A database that is away is asked again at the next turn.
    """
    swept_on: date | None = None
    while not stop.is_set():
        today = community.settings.today()
        try:
            changed = sweep_matches(community, pools=swept_on != today)
            swept_on = today
            if changed:
                _log.info("matches_swept", changed=changed)
        except DBAPIError as error:
            _log.warning("sweep_failed", error=type(error.orig).__name__)
        stop.wait(EVERY_S)
