"""The key out of a request's headers: as a bearer token, or as the password of HTTP Basic, which browsers can send."""

from __future__ import annotations

import base64
import binascii
import re

from starlette.types import Scope

from service.key_text import KEY_TEXT_LENGTH

_BEARER = re.compile(rb"bearer +([\x21-\x7e]+)", re.IGNORECASE)
_BASIC = re.compile(rb"basic +([A-Za-z0-9+/]+={0,2})", re.IGNORECASE)
_LONGEST = 4 * KEY_TEXT_LENGTH
"""Of the header: room for a user name beside the key, and nothing to chew on for somebody who sends a book."""


def presented_key(scope: Scope) -> tuple[str, bool] | None:
    """What stands where the key should be, and whether a browser may have sent it by itself.

    None without exactly one ``Authorization`` header of one of the two forms.
    """
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1 or len(given[0]) > _LONGEST:
        return None
    bearer = _BEARER.fullmatch(given[0])
    if bearer is not None:
        return bearer[1].decode("ascii"), False
    basic = _BASIC.fullmatch(given[0])
    if basic is None:
        return None
    try:
        user_and_password = base64.b64decode(basic[1], validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user_and_password.partition(":")[2], True


def comes_from_elsewhere(scope: Scope) -> bool:
    """Whether a page of another site made a browser send this request, which then carries the user's password.

    Browsers say so in ``Sec-Fetch-Site``, older ones in ``Origin`` alone. What asks without changing anything may come
    from anywhere: the other site cannot read the answer.
    """
    if scope["method"] in {"GET", "HEAD"}:
        return False
    headers = {name: value for name, value in scope["headers"] if name in {b"sec-fetch-site", b"origin", b"host"}}
    if headers.get(b"sec-fetch-site", b"same-origin") not in {b"same-origin", b"none"}:
        return True
    own = scope["scheme"].encode() + b"://" + headers.get(b"host", b"")
    return bool(headers.get(b"origin", own) != own)
