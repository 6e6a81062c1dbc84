"""Where a page of matches ends, as an opaque text for the next request."""

from __future__ import annotations

import base64
import binascii

from matcher.errors import InvalidRequest, Problem
from service.use_cases.list_matches import Place

_LONGEST = 128


def cursor_text(place: Place) -> str:
    """The text of a place."""
    return base64.urlsafe_b64encode(" ".join(place).encode()).decode().rstrip("=")


def cursor_place(text: str) -> Place:
    """The place of a text.

    Raises:
        InvalidRequest: if it is none that an answer has held.
    """
    refused = InvalidRequest(Problem("cursor", "is none", "next_cursor of an earlier answer"))
    if len(text) > _LONGEST or not text.isascii():
        raise refused
    try:
        at, _, match_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
    except (binascii.Error, UnicodeDecodeError):
        raise refused from None
    if not at.isprintable() or not match_id.isalnum():
        raise refused
    return at, match_id
