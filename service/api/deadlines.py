"""Nobody is waited for without an end: not for a body that dribbles in, and not for an answer of our own."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.types import Message, Receive, Scope, Send

from matcher.errors import Problem
from service.api.replies import problem_reply
from service.problems import ProblemDetails, RequestError

LEAST_BYTES_A_SECOND = 16_384
"""A body that comes as fast as this may take as long as it likes."""
_TOO_SLOW = ProblemDetails(
    HTTPStatus.REQUEST_TIMEOUT,
    "request-timeout",
    "The request did not come to its end in time.",
    (Problem("body", "came too slowly", f"all of it at once, or at least {LEAST_BYTES_A_SECOND:,} bytes a second"),),
    {"Connection": "close"},
)
_TOO_LONG = ProblemDetails(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "timeout",
    "The answer took too long. What was asked for may still be done: an Idempotency-Key makes it safe to ask again.",
    headers={"Retry-After": "5"},
)


class PatientReceive:
    """The body of a request, for which we wait so many seconds, and longer only for what comes at a fair pace.

    The time that the service itself takes between two pieces does not count.
    """

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._left_s = seconds
        self._complete = False

    async def __call__(self) -> Message:
        """The next piece.

        Raises:
            RequestError: 408 if it does not come in time.
        """
        if self._complete:
            return await self._receive()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._left_s):
                message = await self._receive()
        except TimeoutError:
            raise RequestError(_TOO_SLOW) from None
        self._left_s += len(message.get("body", b"")) / LEAST_BYTES_A_SECOND - (loop.time() - began)
        self._complete = not message.get("more_body", False)
        return message


class TimedSend:
    """Passes an answer on if it begins in time. Otherwise the client gets a 503, and what comes later goes nowhere.

    The work is not broken off: a thread cannot be, and a transaction should not.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._begun = self._late = False
        self._saying: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(seconds, self._say_so)

    async def __call__(self, message: Message) -> None:
        """Pass a message on."""
        if self._late:
            return
        if not self._begun:
            self._begun = True
            self._timer.cancel()
        await self._send(message)

    def _say_so(self) -> None:
        self._late = True
        reply = problem_reply(_TOO_LONG)
        self._saying = asyncio.get_running_loop().create_task(reply(self._scope, self._receive, self._send))

    async def close(self) -> None:
        """To be called when the application has returned."""
        self._timer.cancel()
        if self._saying is not None:
            await self._saying
