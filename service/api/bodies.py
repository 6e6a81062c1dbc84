"""Request bodies: their type, their limits, and one JSON object out of them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.types import Scope

from matcher.errors import Problem
from matcher.members.json_rows import json_object
from matcher.members.lines import Line
from matcher.members.problems import problems_of
from service.problems import ProblemDetails, RequestError, unprocessable

JSON_TYPES = ("application/json",)
Model = TypeVar("Model", bound=BaseModel)
_DIGEST, _LENGTH = "peer_matcher.body", "peer_matcher.body_length"
NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")


def check_type(request: Request, accepted: tuple[str, ...]) -> None:
    """Refuse a body of another type, or a packed one.

    Raises:
        RequestError: 415.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in accepted:
        raise _unsupported("Content-Type", "not a type that this address takes", " or ".join(accepted))
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise _unsupported("Content-Encoding", "packed bodies are not taken", "identity, or no such header")


async def limited(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body as it comes in.

    Raises:
        RequestError: 413, before anything is read if the length is announced.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise too_large(most)
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > most:
            raise too_large(most)
        yield chunk


async def read_object(request: Request, most: int) -> dict[str, Any]:
    """The body as one JSON object.

    Raises:
        RequestError: 413, 415 or 422.
    """
    check_type(request, JSON_TYPES)
    body = b"".join([chunk async for chunk in limited(request, most)])
    request.scope[_DIGEST], request.scope[_LENGTH] = hashlib.sha256(body).digest(), len(body)
    found = json_object(Line(1, body))
    if isinstance(found, Problem):
        raise RequestError(unprocessable([Problem("body", found.what, "one JSON object, every key once, in UTF-8")]))
    if found is None:
        raise RequestError(unprocessable([Problem("body", "is empty", "one JSON object")]))
    return found


async def read_model(request: Request, model: type[Model], most: int) -> Model:
    """The body as a model's fields.

    Raises:
        RequestError: 413, 415 or 422.
    """
    fields = await read_object(request, most)
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise RequestError(unprocessable(problems_of(error))) from None


def digest_of_body(scope: Scope) -> bytes:
    """What stands for the body that a route has read; nothing if it has read none."""
    digest: bytes = scope.get(_DIGEST, b"")
    return digest


def length_of_body(scope: Scope) -> int:
    """Bytes of the body that a route has read."""
    length: int = scope.get(_LENGTH, 0)
    return length


def too_large(most: int) -> RequestError:
    """The error of a body over its limit."""
    return RequestError(
        ProblemDetails(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "too-large",
            "The request body is too long.",
            (Problem("body", "is too long", f"at most {most:,} bytes"),),
        )
    )


def _unsupported(where: str, what: str, accepted: str) -> RequestError:
    return RequestError(
        ProblemDetails(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The request body has a form that is not taken here.",
            (Problem(where, what, accepted),),
        )
    )
