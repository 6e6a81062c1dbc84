"""Where a page ends, as an opaque text for the next request: signed, for one list and one length of page, for a day."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

import msgspec

from matcher.errors import Problem
from service.community import Community
from service.problems import ProblemDetails, RequestError
from service.settings import moment_text
from service.use_cases.signing import signing_secret

_MAC_BYTES = 16
_LONGEST = 512
_SECRET = "cursors"
_AGAIN = "next_cursor of an answer to this very request, or none to begin with the first page"
_INVALID = ProblemDetails(
    HTTPStatus.BAD_REQUEST,
    "invalid-cursor",
    "The cursor does not belong to this list, or was changed on the way.",
    (Problem("cursor", "is none of this list", _AGAIN),),
)
_STALE = ProblemDetails(
    HTTPStatus.GONE,
    "stale-cursor",
    "The cursor is too old: the list may have changed beneath it. Begin again without one.",
    (Problem("cursor", "is too old", _AGAIN),),
)


def cursor_text(community: Community, whose: Sequence[str], place: Sequence[str]) -> str:
    """The text of a place.

    Args:
        community: whose service it is.
        whose: what the cursor is good for: the route, its parameters, the length of a page.
        place: where the next page begins.
    """
    told = msgspec.json.encode([community.settings.now(), *place])
    return base64.urlsafe_b64encode(_mac(community, whose, told) + told).decode().rstrip("=")


def cursor_place(community: Community, whose: Sequence[str], text: str) -> tuple[str, ...]:
    """The place of a text that :func:`cursor_text` made for the same ``whose``.

    Raises:
        RequestError: 400 ``invalid-cursor`` if it did not; 410 ``stale-cursor`` if that was too long ago.
    """
    if len(text) > _LONGEST or not text.isascii():
        raise RequestError(_INVALID)
    try:
        whole = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise RequestError(_INVALID) from None
    mac, told = whole[:_MAC_BYTES], whole[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(community, whose, told)):
        raise RequestError(_INVALID)
    made_at, *place = msgspec.json.decode(told, type=list[str])
    settings = community.settings
    if made_at < moment_text(settings.clock() - timedelta(hours=settings.cursor_hours)):
        raise RequestError(_STALE)
    return tuple(place)


def _mac(community: Community, whose: Sequence[str], told: bytes) -> bytes:
    secret = signing_secret(community, _SECRET)
    return hmac.digest(secret, msgspec.json.encode([*whose]) + b"\0" + told, hashlib.sha256)[:_MAC_BYTES]
