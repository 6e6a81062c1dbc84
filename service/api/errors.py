"""From every error to one problem: what the engine raises, what the framework raises, and what nobody foresaw."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from matcher.errors import ChangedMeanwhile, MatcherError, Problem
from service.api.replies import problem_reply
from service.live_index import NotReadyError
from service.problems import ProblemDetails, details_of, unprocessable

RETRY_AFTER_S = "1"
_NAMES = {404: "no-such-address", 405: "method-not-allowed"}
_ACCEPTED = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "missing": "a value",
    "string_pattern_mismatch": "1 to 64 of A-Z a-z 0-9 _ -",
}
_MAY_BE_DONE = "What was asked for may be done or not: an Idempotency-Key makes it safe to ask again."
"""Whoever loses the connection while committing cannot know."""
_log = structlog.get_logger(__name__)

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


async def _of_the_engine(_: Request, error: MatcherError) -> Response:
    details = details_of(error)
    if details is None:
        _log.error("request_failed", error=type(error).__name__)
        return problem_reply(_internal())
    return problem_reply(details)


async def _not_ready(_: Request, error: NotReadyError) -> Response:
    return problem_reply(_unavailable("not-ready", f"The index {error.what}; try again in a moment."))


async def _moving(_: Request, __: ChangedMeanwhile) -> Response:
    return problem_reply(_unavailable("changed-meanwhile", "Members changed while the search ran; try again."))


def database_unavailable(error: DBAPIError, what_was_asked: str) -> Response:
    """The answer when the database fails, and what has become of the request; the log tells how, and at what."""
    # Values are bound apart from the statement, but three words name verb and table, which is all that helps.
    verb_and_table = " ".join((error.statement or "").split()[:3])
    _log.error("database_failed", error=type(error.orig).__name__, statement=verb_and_table)
    return problem_reply(_unavailable("database-unavailable", f"The database does not answer. {what_was_asked}"))


async def _of_the_database(request: Request, error: DBAPIError) -> Response:
    request.app.state.community.metrics.database_errors.inc()
    return database_unavailable(error, _MAY_BE_DONE)


async def _of_parameters(_: Request, error: RequestValidationError) -> Response:
    problems = []
    for found in error.errors():
        where = ".".join(str(step) for step in found["loc"][1:]) or "request"
        context = found.get("ctx", {})
        accepted = _ACCEPTED.get(found["type"]) or str(context.get("expected", "see /docs"))
        problems.append(Problem(where, str(found["msg"]), accepted))
    return problem_reply(unprocessable(problems))


async def _of_the_framework(_: Request, error: HTTPException) -> Response:
    name = _NAMES.get(error.status_code, "request-refused")
    detail = {
        404: "There is nothing at this address; /docs lists what there is.",
        405: "The address takes other methods.",
    }
    return problem_reply(
        ProblemDetails(
            error.status_code,
            name,
            detail.get(error.status_code, HTTPStatus(error.status_code).phrase + "."),
            headers=dict(error.headers or {}),
        )
    )


async def _broken_off(_: Request, __: ClientDisconnect) -> Response:
    # Nobody is there to read it; but it is no fault of ours, and is not logged as one.
    return problem_reply(ProblemDetails(HTTPStatus.BAD_REQUEST, "broken-off", "The request broke off."))


async def _unforeseen(_: Request, __: Exception) -> Response:
    # The server logs the error's type and place; its message might hold a member's data, so nobody gets it.
    # It also ends the connection, so the client is told not to use it again.
    return problem_reply(replace(_internal(), headers={"Connection": "close"}))


def _internal() -> ProblemDetails:
    return ProblemDetails(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong inside; the log names the request."
    )


def _unavailable(name: str, detail: str) -> ProblemDetails:
    return ProblemDetails(HTTPStatus.SERVICE_UNAVAILABLE, name, detail, headers={"Retry-After": RETRY_AFTER_S})


def answer_errors_as_problems(app: FastAPI) -> None:
    """Install the handlers."""
    handlers: dict[type[Exception], Handler] = {
        NotReadyError: _not_ready,
        ChangedMeanwhile: _moving,
        MatcherError: _of_the_engine,
        DBAPIError: _of_the_database,
        RequestValidationError: _of_parameters,
        HTTPException: _of_the_framework,
        ClientDisconnect: _broken_off,
        Exception: _unforeseen,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
