"""Keeping level with the database from second to second, with or without requests."""

from __future__ import annotations

import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.community import Community
from service.logs import places

_log = structlog.get_logger(__name__)


def follow_regularly(community: Community, stop: threading.Event) -> None:
    """Follow the log and count who was shown, until ``stop`` is set. Without an index there is nothing to do yet.

    What fails, because the database is away or a file cannot be deleted, is tried again at the next turn, and the log
    tells once of each kind of failure.
    """
    settings = community.settings
    failing, turned = "", settings.stopwatch()
    while not stop.wait(settings.follow_every_s):
        if not community.index.ready:
            continue
        try:
            view = community.index.catch_up()
            if settings.stopwatch() - turned >= settings.exposure_every_s:
                turned = settings.stopwatch()
                community.exposure.turn(view.index, community.precedence)
        except Exception as error:  # noqa: BLE001 -- whatever it is: nobody starts us again
            community.metrics.background_failures.labels("following").inc()
            if isinstance(error, SQLAlchemyError):
                community.metrics.database_errors.inc()
            kind = type(error).__name__
            if kind != failing:
                _log.warning("following_paused", error=kind, at=places(error))
            failing = kind
        else:
            failing = ""
