"""Structured logs: one JSON object a line on standard error, with counts and ids, never a member's data.

Members have short names in logs, which follow from their ids by a key: whoever has it can look for a member, and nobody
else learns an id from a log.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import secrets
import sys
import traceback
from typing import Any, TextIO, cast

import msgspec
import structlog

_encode = msgspec.json.Encoder(enc_hook=str).encode
_IDS = {"member_id": "member", "other_id": "other", "peer_id": "peer", "peers": "peers"}
"""Fields that hold ids of members, and what they are called in the log."""


class _Names:
    """The key of the names; until one is set, one of this process, so that an id is never logged."""

    key = secrets.token_bytes(32)


def name_members_by(key: bytes) -> None:
    """Let the names of members in the logs of this process follow from ``key``."""
    _Names.key = key


def name_in_log(member_id: str) -> str:
    """What a member is called in the logs: 12 hex digits."""
    return hmac.digest(_Names.key, member_id.encode(), "sha256")[:6].hex()


def _name_members(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for field, called in _IDS.items():
        if field in event:
            found = event.pop(field)
            named = name_in_log(found) if isinstance(found, str) else found and [name_in_log(one) for one in found]
            event[called] = named
    return event


def _line(_logger: object, _name: str, event: structlog.typing.EventDict) -> str:
    return _encode(event).decode()


def places(error: BaseException) -> list[str]:
    """The places that an exception went through: with its type all that may be logged of it, as its message may hold
    what a member wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


class _Forward(logging.Handler):
    """Hands records of the standard library's loggers on.

    An exception is told by its type and the places it went through. Its message stays out: it may hold what a member
    wrote.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            fields["error"], fields["at"] = type(error).__name__, places(error)
            message = str(record.msg).splitlines()[0].strip()
        else:
            message = record.getMessage()
        structlog.get_logger().log(record.levelno, message, **fields)


class _Dispensable:
    """A log that cannot be written, on a full disk say, is done without: no answer fails for it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, if that can be done."""
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Bring it out, if that can be done."""
        with contextlib.suppress(OSError):
            self._stream.flush()


def configure_logs(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send every log of the process to ``stream`` (standard error by default) as JSON lines from ``level`` up."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_members,
            _line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Dispensable(stream or sys.stderr))),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Forward()]
    root.setLevel(max(level, logging.WARNING))
