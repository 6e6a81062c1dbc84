"""Replies as bytes that are ready to send; every error is a problem."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from service.problems import MEDIA_TYPE, ProblemDetails

_encode = msgspec.json.Encoder().encode


def json_reply(content: Any, status: int = 200) -> Response:
    """``content`` as JSON: dicts, lists, dataclasses, dates."""
    return Response(_encode(content), status, media_type="application/json")


def problem_reply(problem: ProblemDetails) -> Response:
    """A problem as RFC 9457 wants it."""
    return Response(problem.body(), problem.status, headers=dict(problem.headers), media_type=MEDIA_TYPE)
