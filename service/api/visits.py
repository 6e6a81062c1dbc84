"""A request in its lane, which it may leave for a while: who only waits takes nobody's place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.types import Scope

from service.api.lanes import Lane
from service.metrics import Metrics
from service.problems import ProblemDetails, RequestError

OVERLOADED = ProblemDetails(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded",
    "The service is asked more than it can answer; nothing was done. Try again in a moment.",
    headers={"Retry-After": "1"},
)
_VISIT = "peer_matcher.visit"


class Visit:
    """The place of one request: in one lane, in another, or in none."""

    def __init__(self, lane: Lane, waiting_room: Lane, metrics: Metrics) -> None:
        self._lane = lane
        self._waiting_room = waiting_room
        self._metrics = metrics
        self._inside: Lane | None = None

    async def begin(self) -> bool:
        """Wait for a place; whether there is one."""
        return await self._enter(self._lane)

    def end(self) -> None:
        """Give back the place that is taken, if one is."""
        if self._inside is not None:
            self._inside.leave()
            self._inside = None

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[None]:
        """Wait for something in the waiting room, and then for a place in the lane again.

        Raises:
            RequestError: 503 if either is too full.
        """
        await self._change_to(self._waiting_room)
        yield
        await self._change_to(self._lane)

    async def _change_to(self, lane: Lane) -> None:
        self.end()
        if not await self._enter(lane):
            self._metrics.refused.labels("overloaded").inc()
            raise RequestError(OVERLOADED)

    async def _enter(self, lane: Lane) -> bool:
        self._metrics.waiting.inc()
        try:
            if not await lane.enter():
                return False
        finally:
            self._metrics.waiting.dec()
        self._inside = lane
        return True


def bring(scope: Scope, visit: Visit) -> None:
    """Let the route that serves this scope find the visit."""
    scope[_VISIT] = visit


def visit_of(scope: Scope) -> Visit:
    """The visit of a request that was let in through a lane."""
    visit: Visit = scope[_VISIT]
    return visit
