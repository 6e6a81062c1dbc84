"""``If-Match`` and ``If-None-Match``: a change that is made only if nobody else was faster."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request

from matcher.errors import InvalidRequest, Problem
from service.use_cases.preconditions import Precondition

_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_TAGS = re.compile(rf"\s*{_TAG}\s*(?:,\s*{_TAG}\s*)*")
_VERSION = re.compile(r'"(\d{1,18})"')
IfMatch = Annotated[str | None, Header(description="The `ETag` as it was seen: 412 if it is another by now.")]
IfNoneMatch = Annotated[str | None, Header(description="`*`: only a new member is stored, 412 otherwise.")]
IfNoneMatchRead = Annotated[str | None, Header(description="`ETag`s that are known: 304 if one is in force.")]


def _given(request: Request, name: str) -> str | None:
    """A header that may stand in several lines."""
    lines = request.headers.getlist(name)
    return ",".join(lines) if lines else None


def _versions(text: str, where: str) -> frozenset[int]:
    """The numbers that a list of tags holds. Tags that are not ours stand for no version.

    Raises:
        InvalidRequest: if it is no list of tags.
    """
    if not _TAGS.fullmatch(text):
        raise InvalidRequest(Problem(where, "is no ETag", 'an ETag such as "17", several with commas, or *'))
    return frozenset(int(number) for number in _VERSION.findall(text))


async def _of_change(request: Request, if_match: IfMatch = None) -> Precondition:  # noqa: ARG001
    text = _given(request, "if-match")
    if text is None:
        return Precondition()
    return Precondition(present=True) if text.strip() == "*" else Precondition(_versions(text, "If-Match"))


async def _of_put(request: Request, if_match: IfMatch = None, if_none_match: IfNoneMatch = None) -> Precondition:  # noqa: ARG001
    asked = await _of_change(request)
    text = _given(request, "if-none-match")
    if text is None:
        return asked
    if text.strip() != "*":
        raise InvalidRequest(Problem("If-None-Match", "is not *", "*, which stores a new member only"))
    return Precondition(asked.versions, asked.present, absent=True)


async def _of_read(request: Request, if_none_match: IfNoneMatchRead = None) -> frozenset[int]:  # noqa: ARG001
    text = _given(request, "if-none-match")
    return frozenset() if text is None or text.strip() == "*" else _versions(text, "If-None-Match")


ChangeIf = Annotated[Precondition, Depends(_of_change)]
PutIf = Annotated[Precondition, Depends(_of_put)]
KnownVersions = Annotated[frozenset[int], Depends(_of_read)]
