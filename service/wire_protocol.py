"""HTTP as uvicorn reads it, with two differences: what cannot be read gets a problem for an answer, and the head of a
request has limits in length and in time, before anything is made of it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from matcher.errors import MatcherError, Problem
from service.problems import MEDIA_TYPE, ProblemDetails

LONGEST_TARGET = 8_192
"""Bytes of path and query."""
MOST_HEADERS = 100
LONGEST_HEAD = 65_536
"""Bytes of all headers together."""
HEAD_WITHIN_S = 10.0
"""From its first byte, or from the connection, to its end."""
_LOOK_AGAIN_S = 0.05
"""A loop that was held up runs its timers before it reads what has come meanwhile."""
_NOT_HTTP = ProblemDetails(HTTPStatus.BAD_REQUEST, "not-http", "This is no HTTP request that can be read.")
_TARGET_TOO_LONG = ProblemDetails(
    HTTPStatus.REQUEST_URI_TOO_LONG,
    "address-too-long",
    "The address is too long.",
    (Problem("address", "is too long", f"at most {LONGEST_TARGET:,} bytes of path and query"),),
)
_HEAD_TOO_LARGE = ProblemDetails(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "headers-too-large",
    "The headers are too many or too long.",
    (Problem("headers", "are too many or too long", f"{MOST_HEADERS} headers, {LONGEST_HEAD:,} bytes in all"),),
)
_TOO_SLOW = ProblemDetails(
    HTTPStatus.REQUEST_TIMEOUT,
    "request-timeout",
    "The request did not come to its end in time.",
    (Problem("headers", "came too slowly", f"all of them within {HEAD_WITHIN_S:.0f} s"),),
)


class _RefusedError(MatcherError):
    """Ends the parsing."""


class ProblemProtocol(HttpToolsProtocol):
    """One connection."""

    _refusal = _NOT_HTTP
    _head_bytes = 0
    _begun = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a first request, and not for ever."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self.cycle is None or self.cycle.response_complete:
            self._begun = True
            self._wait_for_head()
        super().data_received(data)

    def timeout_keep_alive_handler(self) -> None:
        """Nobody has asked anything for long: hang up, unless a request has come and was not read yet.

        Whoever was hung up on while asking does not know whether it was done.
        """
        self.timeout_keep_alive_task = self.loop.call_later(_LOOK_AGAIN_S, super().timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget about it."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A new request."""
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        super().on_url(url)
        if len(self.url) > LONGEST_TARGET:
            self._refuse(_TARGET_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._head_bytes += len(name) + len(value)
        if len(self.headers) >= MOST_HEADERS or self._head_bytes > LONGEST_HEAD:
            self._refuse(_HEAD_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there; who waits for the body is who wants it."""
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's words, in plain text)
        """Answer what is not read any further, and hang up."""
        body = self._refusal.body()
        head = (
            f"HTTP/1.1 {self._refusal.status} {HTTPStatus(self._refusal.status).phrase}",
            f"content-type: {MEDIA_TYPE}",
            f"content-length: {len(body)}",
            "connection: close",
        )
        self.transport.write("\r\n".join((*head, "", "")).encode() + body)
        self.transport.close()

    def _refuse(self, problem: ProblemDetails) -> None:
        self._refusal = problem
        raise _RefusedError(problem.detail)

    def _wait_for_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_WITHIN_S, self._waited)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _waited(self) -> None:
        """Time is up, unless the head has come and was not read yet."""
        self._head_timer = self.loop.call_later(_LOOK_AGAIN_S, self._hang_up)

    def _hang_up(self) -> None:
        """Whoever has begun to say something is told why."""
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self._begun:
            self._refusal = _TOO_SLOW
            self.send_400_response("")
        else:
            self.transport.close()
