"""Who is let in: decided before a key is looked at, a body is read or a row is touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.deadlines import PatientReceive, TimedSend
from service.api.lanes import GivesWay, Lane
from service.api.patience import Patience
from service.api.replies import problem_reply
from service.api.reserve import Reserve, Share
from service.api.visits import OVERLOADED, Visit, bring
from service.metrics import Metrics
from service.precedence import Precedence
from service.settings import Settings

Work = Literal["search", "read", "change", "store", "wait", "long", "stream", "health"]
"""``search`` answers beside others in the event loop, ``read`` and ``change`` in threads, ``store`` in one thread for
all; ``wait`` is for a change that the index is to follow; ``long`` takes much of the machine, ``stream`` takes time and
nothing else, and ``health`` passes by everybody."""

PLACES: dict[Work, int] = {
    "search": 4,
    "read": 6,
    "change": 4,
    "store": 128,
    "wait": 8,
    "long": 2,
    "stream": 256,
}
"""At once. Together they leave threads free for health, whatever happens."""
WITHOUT_THREADS: frozenset[Work] = frozenset({"store", "stream"})
"""Of which each takes none of those threads for itself."""
MOST_WAITING: dict[Work, int] = {
    "search": 1_000,
    "read": 1_000,
    "change": 1_000,
    "store": 1_000,
    "wait": 1_000,
    "long": 16,
    "stream": 16,
}
A_TURN = 8
"""Requests that begin in one turn of the event loop, where most of their work is done in threads."""
_IN_THE_LOOP: frozenset[Work] = frozenset({"search", "store"})
"""Of these it is one: each takes the loop for about a millisecond."""
STORING_GIVES_WAY_S = 0.1
"""So long a change of a member waits while searches do: somebody looks at a page meanwhile, and nobody at a profile
that is being stored."""
SEARCHES_MAKE_UP_FOR_S = 0.25
"""Of searching, after a moment in which the machine stood still or nobody came."""
SEARCHES_EXCEED_S = 0.04
"""Of searching, asked for beyond the share: fifty who ask in one moment."""
LONG_PATIENCE = Patience(10.0, 10.0)
"""Who sends an import can wait for another one to end."""
_TIMED: frozenset[Work] = frozenset({"search", "read", "change", "store", "wait"})
_WORK = "takes_work"
_REFUSAL = problem_reply(OVERLOADED)
"""Made once: a service that is asked too much has better things to do."""
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Worked(Protocol):
    """A route, as far as it matters here."""

    path_regex: re.Pattern[str]
    endpoint: Callable[..., Any]
    methods: set[str] | None


def takes(work: Work) -> Callable[[Endpoint], Endpoint]:
    """Declare under a route what kind of work it is; else a GET is ``read``, and all others are ``change``."""

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _WORK, work)
        return endpoint

    return declare


class Admission:
    """Lets a request in, or refuses it with 503; sees to it that its body comes and its answer goes in time."""

    def __init__(
        self, app: ASGIApp, routes: Sequence[Worked], settings: Settings, metrics: Metrics, precedence: Precedence
    ) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._lanes: dict[Work, Lane] = {}
        for kind in PLACES:  # searches are the first of them: others give way to their lane
            self._lanes[kind] = self._lane(kind)
        precedence.taken = self._lanes["search"].busy
        self._declared: list[tuple[set[str], re.Pattern[str], Work]] = [
            (set(route.methods or ()), route.path_regex, work)
            for route in routes
            if (work := getattr(route.endpoint, _WORK, None)) is not None
        ]

    def _lane(self, work: Work) -> Lane:
        settings = self._settings
        patience = Patience(settings.queue_target_s, settings.queue_burst_s) if work in _TIMED else LONG_PATIENCE
        gives_way = reserve = None
        if work == "search" and settings.search_share < 1.0:
            share = Share(settings.search_share, SEARCHES_MAKE_UP_FOR_S, SEARCHES_EXCEED_S)
            reserve = Reserve(share, settings.stopwatch)
        if work == "store":
            gives_way = GivesWay(self._lanes["search"], STORING_GIVES_WAY_S)
            patience = Patience(*(seconds + STORING_GIVES_WAY_S for seconds in (patience.target_s, patience.burst_s)))
        a_turn = 1 if work in _IN_THE_LOOP else A_TURN
        return Lane(PLACES[work], MOST_WAITING[work], patience, settings.stopwatch, a_turn, gives_way, reserve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        work = self.work_of(scope["method"], scope["path"]) if scope["type"] == "http" else "health"
        if work == "health":
            await self._app(scope, receive, send)
            return
        visit = Visit(self._lanes[work], self._lanes["wait"], self._metrics)
        if not await visit.begin():
            self._metrics.refused.labels("overloaded").inc()
            await _REFUSAL(scope, receive, send)
            return
        bring(scope, visit)
        try:
            await self._served(work, scope, receive, send)
        finally:
            visit.end()

    async def _served(self, work: Work, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            receive = PatientReceive(receive, self._settings.body_timeout_s)
        if work not in _TIMED:
            await self._app(scope, receive, send)
            return
        timed = TimedSend(scope, receive, send, self._settings.request_timeout_s)
        try:
            await self._app(scope, receive, timed)
        finally:
            await timed.close()

    def work_of(self, method: str, path: str) -> Work:
        """What kind of work a request asks for."""
        for methods, pattern, work in self._declared:
            if method in methods and pattern.match(path):
                return work
        return "read" if method in {"GET", "HEAD", "OPTIONS"} else "change"
