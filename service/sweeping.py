"""Sweeping what time has done to matches and jobs, from time to time, for as long as the service runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import date

import structlog
from sqlalchemy.exc import DBAPIError

from service.community import Community
from service.logs import places
from service.use_cases.erase_member import finish_erasures
from service.use_cases.sweep_jobs import sweep_jobs
from service.use_cases.sweep_matches import sweep_matches

EVERY_S = 600.0
_log = structlog.get_logger(__name__)


def sweep_regularly(community: Community, stop: threading.Event) -> None:
    """Sweep at once and then every ten minutes, until ``stop`` is set; age pools once a day.

    What fails, because a database is away or a file is damaged, is tried again at the next turn.
    """
    swept_on: date | None = None
    while not stop.is_set():
        today = community.settings.today()
        if _done(community, "matches", lambda: _sweep_matches(community, pools=swept_on != today)):  # noqa: B023
            swept_on = today
        _done(community, "erasures", lambda: _finish_erasures(community))
        _done(community, "jobs", lambda: _sweep_jobs(community))
        stop.wait(EVERY_S)


def _done(community: Community, what: str, sweep: Callable[[], None]) -> bool:
    """Whether a sweep came to its end; what is in its way does not keep others from theirs."""
    try:
        sweep()
    except Exception as error:  # noqa: BLE001 -- whatever a damaged file or a defect raises: nobody starts us again
        cause = error.orig if isinstance(error, DBAPIError) else error
        community.metrics.background_failures.labels(what).inc()
        _log.warning("sweep_failed", of=what, error=type(cause).__name__, at=places(error))
        return False
    return True


def _sweep_matches(community: Community, *, pools: bool) -> None:
    changed = sweep_matches(community, pools=pools)
    if changed:
        _log.info("matches_swept", changed=changed)


def _sweep_jobs(community: Community) -> None:
    swept = asdict(sweep_jobs(community))
    if any(swept.values()):
        _log.info("jobs_swept", **swept)


def _finish_erasures(community: Community) -> None:
    finish_erasures(community)
