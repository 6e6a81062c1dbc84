"""The outermost layer: who is addressed, an id for every request, and one line in the log when it is answered."""

from __future__ import annotations

import secrets
import time
from http import HTTPStatus

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.errors import Problem
from service.api.access import caller_of
from service.api.replies import problem_reply
from service.caller import Acting, act_as
from service.loopback import names_loopback
from service.metrics import Metrics
from service.problems import ProblemDetails

_MISDIRECTED = ProblemDetails(
    HTTPStatus.MISDIRECTED_REQUEST,
    "misdirected-request",
    "This service answers under the names of this machine only.",
    (Problem("Host", "names another machine", "localhost, 127.0.0.1 or [::1], with any port"),),
)


class Edge:
    """Wraps the application. Plain ASGI, because it stands in the way of every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._log = structlog.get_logger(__name__).bind()  # bound once, not at every request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, first = time.perf_counter(), 0.0
        request_id = secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        act_as(Acting(request_id=request_id))
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status, first
            if message["type"] == "http.response.start":
                status, first = message["status"], time.perf_counter()
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        self._metrics.in_flight.inc()
        try:
            if _is_misdirected(scope):
                await problem_reply(_MISDIRECTED)(scope, receive, send_with_id)
            else:
                await self._app(scope, receive, send_with_id)
        finally:
            route, caller = scope.get("route"), caller_of(scope)
            self._metrics.in_flight.dec()
            if status:
                self._metrics.answered(scope["method"], getattr(route, "path", None), status, first - began)
            self._log.info(
                "request",
                method=scope["method"],
                route=getattr(route, "path", None),  # as declared: what a client writes into an address is not logged
                key_id=caller and caller.key_id,
                role=caller and caller.role,
                member_id=scope.get("path_params", {}).get("member_id") if status < HTTPStatus.BAD_REQUEST else None,
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 2),
            )


def _is_misdirected(scope: Scope) -> bool:
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return len(hosts) != 1 or not names_loopback(hosts[0])
