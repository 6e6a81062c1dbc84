"""The application, wired in one place."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from matcher.errors import MatcherError
from service.api import (
    audit,
    blocks,
    buddies,
    docs,
    feedback,
    group_places,
    group_plans,
    health,
    imports,
    jobs,
    matches,
    members,
    metrics,
    rematches,
)
from service.api.edge import Edge
from service.api.errors import answer_errors_as_problems
from service.api.openapi import complete_openapi
from service.api.routing import serve_routes
from service.community import Community
from service.following import follow_regularly
from service.logs import name_members_by
from service.sweeping import sweep_regularly
from service.use_cases.estimate_population import estimate_population
from service.use_cases.member_writer import MemberWriter
from service.use_cases.pseudonyms import ready_pseudonyms

_DESCRIPTION = """Finds members of a recovery community someone who truly gets it: exact, safe and explained.

Every error is `application/problem+json` (RFC 9457); `errors` lists what is wrong, where, and what is accepted."""
AGAIN_AFTER_S = 1.0
"""How soon a database that went away while the index was made is asked again."""
_log = structlog.get_logger(__name__)


class _StoppedError(MatcherError):
    """The service was told to stop before its index was there."""


def create_app(community: Community) -> FastAPI:
    """The service for an open community, which it closes at its end.

    The index is loaded or built while the application already answers ``/livez`` and ``/readyz``.
    """

    writer = MemberWriter(community)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        """From the first request to the last."""
        stop = threading.Event()
        with (
            ThreadPoolExecutor(1, thread_name_prefix="start") as starter,
            ThreadPoolExecutor(1, thread_name_prefix="follow") as follower,
        ):
            follower.submit(follow_regularly, community, stop)
            starting = starter.submit(_start, community, stop)
            starting.add_done_callback(lambda done: _note_failure(community, done))
            starter.submit(sweep_regularly, community, stop)
            try:
                yield
            finally:
                stop.set()
        await run_in_threadpool(writer.close)
        await run_in_threadpool(community.close)
        _log.info("stopped")

    app = FastAPI(
        title="Peer Matcher",
        version=version("peer-matcher"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # addresses hold ids; and it costs every request
        redirect_slashes=False,
    )
    app.state.community, app.state.writer = community, writer
    name_members_by(ready_pseudonyms(community).log_key)
    answer_errors_as_problems(app)
    serve_routes(
        app,
        community,
        members.router,
        imports.router,
        buddies.router,
        matches.router,
        blocks.router,
        feedback.router,
        group_plans.router,
        group_places.router,
        rematches.router,
        jobs.router,
        audit.router,
        health.router,
        metrics.router,
        docs.router,
    )
    complete_openapi(app)
    return app


def create_service(community: Community) -> ASGIApp:
    """The application behind its edge, which sees every answer, that to a defect too."""
    return Edge(create_app(community), community.metrics)


def _start(community: Community, stop: threading.Event) -> None:
    """Make the index; again from the beginning should the database go away meanwhile."""

    def progress(_: int) -> None:
        if stop.is_set():
            raise _StoppedError

    while True:
        try:
            estimate_population(community)
            community.index.start(progress)
        except (OperationalError, InterfaceError) as error:
            community.index.state = "waits for the database"
            _log.warning("index_waits", error=type(error.orig).__name__)
            if stop.wait(AGAIN_AFTER_S):
                raise _StoppedError from None
        else:
            return


def _note_failure(community: Community, starting: Future[None]) -> None:
    error = starting.exception()
    if error is not None and not isinstance(error, _StoppedError):
        community.index.state = f"could not be made ({type(error).__name__}); the log says more"
        _log.error("index_failed", error=type(error).__name__)
