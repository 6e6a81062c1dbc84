"""Who calls: the roles that an access key can have, and the key's holder as the service knows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["platform", "coordinator", "analyst", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""A program; somebody who forms groups; somebody with a notebook; and who may call everything."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a valid key. The id is no secret: it stands in logs and in the audit trail."""

    key_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class Acting:
    """Who does what happens now, for the audit trail: a caller's request, a job, or the service by itself."""

    key_id: str | None = None
    role: str = "service"
    request_id: str | None = None


_ACTING: ContextVar[Acting] = ContextVar("acting", default=Acting())  # noqa: B039 -- it is frozen


def acting() -> Acting:
    """Who acts in this task or thread."""
    return _ACTING.get()


def act_as(who: Acting) -> None:
    """Let ``who`` be the one who acts from now on in this task or thread, and in threads that it hands work to."""
    _ACTING.set(who)


@contextmanager
def acting_as(who: Acting) -> Iterator[None]:
    """Let ``who`` be the one who acts within the block."""
    token = _ACTING.set(who)
    try:
        yield
    finally:
        _ACTING.reset(token)
