"""What a change of a member may be made conditional on: the version that was seen, or that there is none yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus

from matcher.errors import Problem
from service.problems import ProblemDetails, RequestError

CHANGED = ProblemDetails(
    HTTPStatus.PRECONDITION_FAILED,
    "changed-since",
    "The member is not in the version that If-Match names; nothing was done.",
    (Problem("If-Match", "names no version that is in force", "the ETag of the member as it is read now"),),
)
THERE = ProblemDetails(
    HTTPStatus.PRECONDITION_FAILED,
    "already-there",
    "The member is stored already; nothing was done.",
    (Problem("If-None-Match", "is *, and the member is there", "an id that is new, or no such header"),),
)


@dataclass(frozen=True, slots=True)
class Precondition:
    """When a change is made.

    Attributes:
        versions: only from one of these; None from any, and also where there is nothing.
        present: only where there is something.
        absent: only where there is nothing.
    """

    versions: Collection[int] | None = None
    present: bool = False
    absent: bool = False

    def check(self, version: int | None) -> None:
        """Look at the version in force; None where nothing is stored.

        Raises:
            RequestError: 412 ``changed-since`` or ``already-there``.
        """
        if self.absent and version is not None:
            raise RequestError(THERE)
        if (self.present and version is None) or (self.versions is not None and version not in self.versions):
            raise RequestError(CHANGED)


ALWAYS = Precondition()
