"""``Idempotency-Key``: a request that is sent again is answered again, and not carried out again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from fastapi import Depends, Header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from matcher.errors import InvalidRequest, Problem
from service.api.access import caller_of
from service.api.bodies import digest_of_body
from service.api.repeating import carrying_out_once
from service.api.routing import Served
from service.community import Community
from service.use_cases.carry_out_once import Answer, OnceKey, carry_out_once

HEADER = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
LONGEST_KEY = 255
_KEPT_HEADERS = ("content-type", "location", "etag")
_PRECONDITIONS = (b"if-match", b"if-none-match")
_Result = TypeVar("_Result")


class Once:
    """How a route carries out what a request asks for: once, if the request has an ``Idempotency-Key``."""

    def __init__(self, request: Request, community: Community) -> None:
        self._request = request
        self._community = community

    async def answered(self, work: Callable[[], _Result], render: Callable[[_Result], Response]) -> Response:
        """The reply that ``render`` makes of the result of ``work``, both called in another thread; or the reply that
        was made of it before.

        Args:
            work: a use case that returns what its first writing transaction returns.
            render: makes the reply of that alone; called before the transaction is committed.

        Raises:
            InvalidRequest: if the key is none.
            RequestError: 410, 422; and all that ``work`` raises.
        """
        once = self._key()
        if once is None:
            return await run_in_threadpool(lambda: render(work()))
        told = await run_in_threadpool(carry_out_once, self._community, once, work, lambda done: _kept(render(done)))
        headers: dict[str, str] = msgspec.json.decode(told.answer.headers)
        reply = Response(told.answer.body, told.answer.status, headers)
        if told.replayed:
            reply.headers[REPLAYED] = "true"
        return reply

    def _key(self) -> OnceKey | None:
        """Which request this is, if it says so."""
        scope = self._request.scope
        given = [value for name, value in scope["headers"] if name == HEADER.encode()]
        if not given:
            return None
        if len(given) > 1 or not 1 <= len(given[0]) <= LONGEST_KEY or not all(33 <= byte <= 126 for byte in given[0]):
            accepted = f"one, of 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID"
            raise InvalidRequest(Problem("Idempotency-Key", "is none", accepted))
        caller = caller_of(scope)
        assert caller is not None, "the gate lets nobody in without a key"
        preconditions = [value for name, value in scope["headers"] if name in _PRECONDITIONS]
        parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], digest_of_body(scope))
        return OnceKey.of(caller.key_id, given[0].decode("ascii"), (*parts, *preconditions))


@carrying_out_once
async def once_of(
    request: Request,
    community: Served,
    idempotency_key: Annotated[  # noqa: ARG001 (read from the scope; named here for /docs)
        str | None, Header(description="Of the caller's choice: a request sent again with it is not done again.")
    ] = None,
) -> Once:
    """The dependency behind :data:`OnceOnly`."""
    return Once(request, community)


OnceOnly = Annotated[Once, Depends(once_of)]
"""A parameter of every route that creates or changes something by POST."""


def _kept(reply: Response) -> Answer:
    headers = {name: reply.headers[name] for name in _KEPT_HEADERS if name in reply.headers}
    return Answer(reply.status_code, msgspec.json.encode(headers).decode(), bytes(reply.body).decode())
