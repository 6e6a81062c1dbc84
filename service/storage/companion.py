"""What a writing transaction carries beside the work it was made for, such as the answer to a request with a key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from sqlalchemy import Connection


class Companion(Protocol):
    """Takes part in the first writing transaction that is committed while it is in force, and in no other."""

    def before(self, connection: Connection) -> None:
        """Look at the rows before the work; what is raised here undoes the transaction, and no work is done."""

    def after(self, connection: Connection, result: Any) -> None:
        """Write beside the work, whose result it gets; committed with it or not at all."""


_IN_FORCE: ContextVar[Companion | None] = ContextVar("companion", default=None)


def in_force() -> Companion | None:
    """Who takes part in the next writing transaction of this thread or task, if anybody does."""
    return _IN_FORCE.get()


def dismiss() -> None:
    """Let nobody take part in what follows: the transaction is committed."""
    _IN_FORCE.set(None)


@contextmanager
def accompanied_by(companion: Companion) -> Iterator[None]:
    """Let ``companion`` take part in the first writing transaction that the block commits."""
    token = _IN_FORCE.set(companion)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)


@contextmanager
def alone() -> Iterator[None]:
    """Let nobody take part in the transactions of the block."""
    token = _IN_FORCE.set(None)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)
