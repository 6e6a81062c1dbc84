"""What all routes share: the community they serve, the shape of a member id, and no parameter that nobody reads."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Path
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from matcher.errors import Problem
from service.community import Community
from service.problems import RequestError, unprocessable

MEMBER_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
MemberIdPath = Annotated[str, Path(pattern=MEMBER_ID_PATTERN, description="Opaque id of the member; never a name.")]


async def _community(request: Request) -> Community:  # async, or every request would pass through another thread
    community: Community = request.app.state.community
    return community


Served = Annotated[Community, Depends(_community)]
"""The community that the application serves."""


class StrictRoute(APIRoute):
    """A route that refuses query parameters it does not know: a slip of the pen is not silently another question."""

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
