"""What the routes of plans share: ids without a colon, revisions as ETags, and files."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Header
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from matcher.errors import Problem
from service.api.routing import StrictRoute
from service.problems import ProblemDetails, RequestError

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "toml": "application/toml",
}
_ALONE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""The page needs nothing from anywhere, and may do nothing to anybody."""
_STALE = ProblemDetails(
    HTTPStatus.PRECONDITION_REQUIRED,
    "precondition-required",
    "A change says which revision it is made to.",
    (Problem("If-Match", "is missing, or no revision", 'the ETag of the plan as it was seen, such as "1"'),),
)
IfMatch = Annotated[str | None, Header(description="The ETag of the plan as it was seen.")]


class PlanRoute(StrictRoute):
    """A route whose ids hold no colon: what follows one is another address."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this route."""
        match, found = super().matches(scope)
        given = found.get("path_params", {})
        if any(":" in str(given.get(name, "")) for name in ("plan_id", "rematch_id")):
            return Match.NONE, {}
        return match, found


def _shape(kind: str) -> dict[str, Any]:
    return {"type": "object" if kind == _TYPES["json"] else "string"}


FILE_ANSWER: dict[str, Any] = {
    "description": "The file",
    "content": {kind.partition(";")[0]: {"schema": _shape(kind)} for kind in _TYPES.values()},
}


def file_reply(name: str, content: bytes) -> Response:
    """A file, which no page of another site may read or frame."""
    headers = {"Content-Security-Policy": _ALONE, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(content, headers=headers, media_type=_TYPES.get(name.rpartition(".")[2]))


def revision_named(if_match: str | None) -> int:
    """The revision that a change is made to.

    Raises:
        RequestError: 428 if none is named.
    """
    given = (if_match or "").strip().removeprefix("W/").strip('"')
    if not (given.isascii() and given.isdecimal() and len(given) < 10):
        raise RequestError(_STALE)
    return int(given)


def tagged(reply: Response, revision: int) -> Response:
    """The reply with its revision as the ETag."""
    reply.headers["ETag"] = f'"{revision}"'
    return reply
