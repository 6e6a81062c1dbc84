"""What all routes share: who may call, the community they serve, an id's shape, and no parameter that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from matcher.errors import Problem
from service.api.access import Gate, UndeclaredRolesError, declared_roles, refusal
from service.api.admission import Admission
from service.api.plain import plain_reader
from service.api.repeating import keeps_answers
from service.community import Community
from service.problems import RequestError, unprocessable

MEMBER_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
_MEMBER_ID = re.compile(MEMBER_ID_PATTERN)
MemberIdPath = Annotated[str, Path(pattern=MEMBER_ID_PATTERN, description="Opaque id of the member; never a name.")]


async def _community(request: Request) -> Community:  # async, or every request would pass through another thread
    community: Community = request.app.state.community
    return community


MinSeq = Annotated[
    int | None,
    Query(ge=0, le=2**63 - 1, description="Answer only once this change is known: an `as_of_seq` from before."),
]
Served = Annotated[Community, Depends(_community)]
"""The community that the application serves."""


class StrictRoute(APIRoute):
    """A route that knows who may call it, and refuses query parameters that it does not know.

    The role is looked at before anything of the request is. A slip of the pen in a parameter's name is not silently
    another question.

    Raises:
        UndeclaredRolesError: when it is made from an endpoint without ``@allows`` or ``@open_to_all``.
        UndeclaredRepetitionError: when it is a POST that does not say what sending it twice does.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.roles = declared_roles(endpoint, path)
        super().__init__(path, endpoint, **options)
        self.keeps_answers = keeps_answers(self.dependant, set(self.methods or ()), path)
        self.read_plainly = plain_reader(endpoint)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse its caller."""
        refused = refusal(scope, self.roles)
        if refused is not None:
            await refused(scope, receive, send)
            return
        reader = self.read_plainly if scope["method"] in (self.methods or ()) else None
        read = None if reader is None else reader(scope)
        if read is None:
            await super().handle(scope, receive, send)
        else:
            response: Response = await self.endpoint(request=Request(scope, receive), **read)
            await response(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, behind the check."""
        handle = super().get_route_handler()
        known = {parameter.alias for parameter in self.dependant.query_params}
        accepted = ", ".join(sorted(known)) or "no query parameters here"

        async def check_and_handle(request: Request) -> Response:
            """Handle the request, or refuse it."""
            if request.scope["query_string"]:
                unknown = [name for name in request.query_params if name not in known]
                if unknown:
                    problems = [Problem("query", "holds a parameter that is not known here", accepted)]
                    raise RequestError(unprocessable(problems))
            return await handle(request)

        return check_and_handle


def plain_member_id(scope: Scope) -> str | None:
    """The member's id in the address, if it has the shape of one."""
    named: str = scope["path_params"]["member_id"]
    return named if _MEMBER_ID.fullmatch(named) else None


def community_of(scope: Scope) -> Community:
    """The community that the application serves."""
    community: Community = scope["app"].state.community
    return community


def serve_routes(app: FastAPI, community: Community, *routers: APIRouter) -> None:
    """Serve the routers' routes behind the gate, and nothing else.

    They stand in one flat table, not nested as the framework would have them: so what is served can be looked over.

    Raises:
        UndeclaredRolesError: if there is a route in the table that does not know who may call it.
    """
    for router in routers:
        app.router.routes.extend(router.routes)
    table = strict_routes(app.router.routes)
    open_paths = frozenset(route.path for route in table if not route.roles)
    app.add_middleware(Gate, community=community, open_paths=open_paths)
    app.add_middleware(
        Admission,
        routes=table,
        settings=community.settings,
        metrics=community.metrics,
        precedence=community.precedence,
    )


def strict_routes(routes: Sequence[BaseRoute]) -> list[StrictRoute]:
    """The routes of an application, all of which know who may call them.

    Raises:
        UndeclaredRolesError: if one does not, or is open to all at an address that is not fixed.
    """
    table: list[StrictRoute] = []
    for route in routes:
        if not isinstance(route, StrictRoute) or (not route.roles and "{" in route.path):
            raise UndeclaredRolesError(getattr(route, "path", type(route).__name__))
        table.append(route)
    return table
