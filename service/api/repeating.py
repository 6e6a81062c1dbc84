"""Every POST says what happens when it is sent twice: it is carried out once, or doing it again does no harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi.dependencies.models import Dependant

from matcher.errors import MatcherError

_ONCE = "carries_out_once"
_REASON = "may_be_repeated_because"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class UndeclaredRepetitionError(MatcherError):
    """A route does not say what becomes of a request that comes twice, so it is not served."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(
            f"POST {where} does not say what a repetition does (accepted: a parameter OnceOnly, or @may_repeat)"
        )


def carrying_out_once(dependency: Endpoint) -> Endpoint:
    """Mark the dependency through which a route keeps its answers."""
    setattr(dependency, _ONCE, True)
    return dependency


def may_repeat(reason: str) -> Callable[[Endpoint], Endpoint]:
    """Declare under a POST that doing it twice does no harm, and why."""

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _REASON, reason)
        return endpoint

    return declare


def keeps_answers(dependant: Dependant, methods: set[str], where: str) -> bool:
    """Whether a route's answers are kept for requests that come again.

    Raises:
        UndeclaredRepetitionError: for a POST that does not keep them and gives no reason.
    """
    keeps = any(getattr(part.call, _ONCE, False) for part in dependant.dependencies)
    if "POST" in methods and not keeps and not getattr(dependant.call, _REASON, ""):
        raise UndeclaredRepetitionError(where)
    return keeps
