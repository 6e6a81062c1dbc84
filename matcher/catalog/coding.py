"""ICD-10-PCS: what a code looks like, and the longest prefix of one that a table knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

_Value = TypeVar("_Value")

# The standard leaves out I and O, which are too easily read as 1 and 0.
_CODE = re.compile(r"[0-9A-HJ-NP-Z]{7}")
_PREFIX = re.compile(r"[0-9A-HJ-NP-Z]{1,7}")


def is_code(text: str) -> bool:
    """Whether an upper-case text has the form of a complete ICD-10-PCS code."""
    return _CODE.fullmatch(text) is not None


def is_prefix(text: str) -> bool:
    """Whether an upper-case text has the form of the beginning of an ICD-10-PCS code."""
    return _PREFIX.fullmatch(text) is not None


def longest_prefix(code: str, table: Mapping[str, _Value]) -> _Value | None:
    """The value that a table holds for the longest prefix of a code.

    Args:
        code: An ICD-10-PCS code or a prefix of one, upper case.
        table: Values by prefix.

    Returns:
        The value, or None when no prefix of the code is in the table. At most seven look-ups.
    """
    for length in range(len(code), 0, -1):
        value = table.get(code[:length])
        if value is not None:
            return value
    return None
