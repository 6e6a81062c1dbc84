"""Who may call what: every route names its roles, and nothing is answered before a key was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from matcher.errors import MatcherError, Problem
from service.api.credentials import comes_from_elsewhere, presented_key
from service.api.errors import database_unavailable
from service.api.rate_limit import RateLimit
from service.api.replies import problem_reply
from service.caller import ROLES, Caller, Role, act_as, acting
from service.community import Community
from service.problems import ProblemDetails
from service.use_cases.keys import authenticate

REALM = "Peer Matcher"
CHALLENGES = (f'Bearer realm="{REALM}"', f'Basic realm="{REALM}", charset="UTF-8"')
"""A header each: a browser that knows only one of the schemes finds it."""
_ROLES = "allowed_roles"
_CALLER = "peer_matcher.caller"
_NO_KEY = ProblemDetails(
    HTTPStatus.UNAUTHORIZED,
    "key-required",
    "This call needs an access key that is in force.",
    (
        Problem(
            "Authorization",
            "is missing, or holds no key that is in force",
            "one header: Bearer and a key, or Basic with the key as password",
        ),
    ),
)
_ELSEWHERE = ProblemDetails(
    HTTPStatus.FORBIDDEN,
    "cross-site",
    "A page of another site asked the browser to send this.",
    (Problem("Origin", "is another site", "this service's own pages, or a Bearer key"),),
)

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class UndeclaredRolesError(MatcherError):
    """A route does not say who may call it, so it is not served."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(f"{where} declares no roles (accepted: @allows or @open_to_all under the route)")


def allows(*roles: Role) -> Callable[[Endpoint], Endpoint]:
    """Declare under a route which roles may call it; ``admin`` always may."""
    return _declaring(frozenset({*roles, "admin"}))


def allows_every_key() -> Callable[[Endpoint], Endpoint]:
    """Declare under a route that any key will do."""
    return _declaring(frozenset(ROLES))


def open_to_all() -> Callable[[Endpoint], Endpoint]:
    """Declare under a route that it answers without a key. It must tell nothing about anybody."""
    return _declaring(frozenset())


def _declaring(roles: frozenset[Role]) -> Callable[[Endpoint], Endpoint]:
    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ROLES, roles)
        return endpoint

    return declare


def declared_roles(endpoint: Callable[..., Any], where: str) -> frozenset[Role]:
    """The roles that an endpoint declares; none stands for everybody, key or not.

    Raises:
        UndeclaredRolesError: if it declares nothing.
    """
    found: frozenset[Role] | None = getattr(endpoint, _ROLES, None)
    if found is None:
        raise UndeclaredRolesError(where)
    return found


def caller_of(scope: Scope) -> Caller | None:
    """Whose key came with a request; None where none was asked for."""
    caller: Caller | None = scope.get(_CALLER)
    return caller


def refusal(scope: Scope, roles: frozenset[Role]) -> Response | None:
    """The answer to a caller who has none of ``roles``; None for one who may go on."""
    if not roles:
        return None
    caller = caller_of(scope)
    if caller is None:  # the gate has passed nobody in without a key; should it ever, this door is shut, too
        return _key_required()
    if caller.role in roles:
        return None
    accepted = "a key of the role " + " or ".join(role for role in ROLES if role in roles)
    problem = Problem("Authorization", f"holds a key of the role {caller.role}", accepted)
    return problem_reply(
        ProblemDetails(HTTPStatus.FORBIDDEN, "role-not-allowed", "This key's role may not call this.", (problem,))
    )


class Gate:
    """Stands before the routing: without a key nobody learns which addresses, methods or members there are."""

    def __init__(self, app: ASGIApp, community: Community, open_paths: frozenset[str]) -> None:
        self._app = app
        self._community = community
        self._open = open_paths
        self._limit = RateLimit(community.settings.stopwatch)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # nothing here speaks anything else
        elif scope["path"] in self._open:
            await self._app(scope, receive, send)
        else:
            reply = await self._checked(scope)
            await (self._app if reply is None else reply)(scope, receive, send)

    async def _checked(self, scope: Scope) -> Response | None:
        """What to answer instead of going on; if nothing, the caller is known. Takes tens of microseconds."""
        presented = presented_key(scope)
        if presented is None:
            return _key_required()
        text, sent_by_browser = presented
        try:
            # Short work is done at once, unless it would keep other requests waiting for a network.
            if self._community.database.in_process:
                holder = authenticate(self._community, text)
            else:
                holder = await run_in_threadpool(authenticate, self._community, text)
        except DBAPIError as error:
            self._community.metrics.database_errors.inc()
            return database_unavailable(error, "Nothing was done.")
        if holder is None:
            return _key_required()
        scope[_CALLER] = holder.caller
        act_as(replace(acting(), key_id=holder.caller.key_id, role=holder.caller.role))
        if sent_by_browser and comes_from_elsewhere(scope):
            return problem_reply(_ELSEWHERE)
        wait_s = self._limit.wait_s(holder.caller.key_id, holder.requests_a_minute)
        return _too_many(holder.requests_a_minute, wait_s) if wait_s else None


def _key_required() -> Response:
    reply = problem_reply(_NO_KEY)
    for challenge in CHALLENGES:
        reply.headers.append("WWW-Authenticate", challenge)
    return reply


def _too_many(requests_a_minute: int, wait_s: int) -> Response:
    problem = Problem("Authorization", "this key has asked too often", f"{requests_a_minute:,} requests a minute")
    return problem_reply(
        ProblemDetails(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-requests",
            f"Too many requests with this key; the next one passes in {wait_s} s.",
            (problem,),
            {"Retry-After": str(wait_s)},
        )
    )
