"""RFC 9457 problem details: the one shape of every error that the service answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from matcher.errors import InvalidMember, InvalidProblem, InvalidRequest, MatcherError, Problem, UnknownMember

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:peer-matcher:problem:"


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """One problem, ready to be written as ``application/problem+json``.

    Attributes:
        status: the HTTP status code.
        name: the last part of the problem's type; stable, for programs.
        detail: a sentence for people. Never health data.
        errors: what is wrong with which part of the request, and what is accepted there.
        headers: response headers that belong to it.
        extra: further members of the problem object.
    """

    status: int
    name: str
    detail: str
    errors: tuple[Problem, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> bytes:
        """The JSON text."""
        fields: dict[str, Any] = {
            "type": _TYPE + self.name,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "errors": [problem_fields(problem) for problem in self.errors],
        }
        return msgspec.json.encode(fields | dict(self.extra))


class RequestError(MatcherError):
    """Raised where a request is found wanting; the edge answers with its details."""

    def __init__(self, details: ProblemDetails) -> None:
        self.details = details
        super().__init__(details.detail)


def problem_fields(problem: Problem) -> dict[str, str]:
    """A field's problem as it stands in ``errors``."""
    fields = {"where": problem.where, "what": problem.what, "accepted": problem.accepted}
    return {name: _writable(text) for name, text in fields.items()}


def _writable(text: str) -> str:
    """``text`` with the halves of characters, which JSON can smuggle in as escapes, replaced."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def unprocessable(problems: Sequence[Problem], detail: str = "The request does not fit.") -> ProblemDetails:
    """A request that was read and does not fit."""
    return ProblemDetails(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail, tuple(problems))


def details_of(error: MatcherError) -> ProblemDetails | None:
    """The problem that an error of the engine is to the client; None if the client is not to blame."""
    match error:
        case RequestError():
            return error.details
        case InvalidMember():
            return ProblemDetails(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "invalid-member",
                "The profile breaks the field rules listed under errors.",
                error.problems,
            )
        case InvalidRequest():
            return unprocessable([error.problem])
        case InvalidProblem():
            return unprocessable(error.problems)
        case UnknownMember():
            return ProblemDetails(HTTPStatus.NOT_FOUND, "unknown-member", "No member with this id is stored.")
        case _:
            return None
