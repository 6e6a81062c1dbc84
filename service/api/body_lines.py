"""Lines out of a body's chunks, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

from matcher.members.lines import LINE_LIMIT, Line


def body_lines(chunks: Iterator[bytes]) -> Iterator[Line]:
    """The lines in ``chunks``, numbered from 1; over-long ones are passed over without being held."""
    number, pending, too_long = 1, b"", False
    for chunk in chunks:
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            data = pending + part
            yield Line(number, None if too_long or len(data) > LINE_LIMIT else data)
            number, pending, too_long = number + 1, b"", False
        if not too_long:
            pending += rest
            if len(pending) > LINE_LIMIT:
                pending, too_long = b"", True
    if too_long or pending:
        yield Line(number, None if too_long else pending)
