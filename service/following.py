"""Keeping level with the database from second to second, with or without requests."""

from __future__ import annotations

import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from matcher.errors import MatcherError
from service.community import Community

_log = structlog.get_logger(__name__)


def follow_regularly(community: Community, stop: threading.Event) -> None:
    """Follow the log and count who was shown, until ``stop`` is set. Without an index there is nothing to do yet.

    A database that is away is asked again at the next turn, and the log tells once that it is away.
    """
    settings = community.settings
    away, turned = False, settings.stopwatch()
    while not stop.wait(settings.follow_every_s):
        if not community.index.ready:
            continue
        try:
            view = community.index.catch_up()
            if settings.stopwatch() - turned >= settings.exposure_every_s:
                turned = settings.stopwatch()
                community.exposure.turn(view.index)
        except (SQLAlchemyError, MatcherError) as error:
            community.metrics.database_errors.inc()
            if not away:
                _log.warning("following_paused", error=type(error).__name__)
            away = True
        else:
            away = False
