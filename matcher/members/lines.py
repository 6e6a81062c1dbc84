"""Lines of text files, plain or gzip, in bounded memory whatever the file holds."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from matcher.errors import Problem, ReadingError

LINE_LIMIT = 1 << 20
"""Bytes. A profile at all its limits needs about a tenth."""
_CHUNK = 1 << 17
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NOT_TEXT = ((b"\x1f\x8b", "is gzip data without the name for it", "a name that ends in .gz"),
             (b"PAR1", "is Parquet data without the name for it", "a name that ends in .parquet"))  # fmt: skip


Source = BufferedReader | gzip.GzipFile


class Line(NamedTuple):
    """One line of a file.

    Attributes:
        number: counted from 1.
        data: its bytes without the line feed; ``None`` if there are more than ``LINE_LIMIT``.
    """

    number: int
    data: bytes | None


def text_of(data: bytes | None) -> str | Problem:
    """The text of a line, or why it has none."""
    if data is None:
        return Problem("(row)", f"the line is longer than {LINE_LIMIT:,} bytes", f"at most {LINE_LIMIT:,} bytes a line")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        return Problem("(row)", f"byte {error.start + 1} of the line is not UTF-8", "UTF-8 text")


def lines(path: Path) -> Iterator[Line]:
    """Stream the lines of ``path``; a name that ends in ``.gz`` is unpacked on the way.

    Over-long lines are passed over without being held. A byte order mark is dropped.

    Raises:
        ReadingError: if the file cannot be opened, is no text, or breaks off; lines before the break have been yielded.
    """
    number = 1
    with _opened(path) as file:
        try:
            for line in cut_lines(_chunks(path, file)):
                yield line
                number = line.number + 1
        except (EOFError, zlib.error, OSError) as error:
            reason = "ends early" if isinstance(error, EOFError) else "is damaged"
            raise ReadingError(f"{path}, line {number}", f"the file {reason} here", "a complete file") from error


def cut_lines(chunks: Iterable[bytes]) -> Iterator[Line]:
    """The lines in ``chunks``, numbered from 1; over-long ones are passed over without being held."""
    number, pending, too_long = 1, b"", False
    for chunk in chunks:
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            data = part if not pending else pending + part
            yield Line(number, None if too_long or len(data) > LINE_LIMIT else data)
            number, pending, too_long = number + 1, b"", False
        if not too_long:
            pending += rest
            if len(pending) > LINE_LIMIT:
                pending, too_long = b"", True
    if too_long or pending:
        yield Line(number, None if too_long else pending)


def _chunks(path: Path, file: Source) -> Iterator[bytes]:
    first = True
    while chunk := file.read1(_CHUNK):  # one read below: more would lose what precedes a break in gzip data
        yield _checked_start(path, chunk) if first else chunk
        first = False


def _checked_start(path: Path, chunk: bytes) -> bytes:
    for magic, what, accepted in _NOT_TEXT:
        if chunk.startswith(magic):
            raise ReadingError(str(path), what, accepted)
    if b"\0" in chunk[:4096]:
        raise ReadingError(str(path), "is not text: it holds zero bytes", "UTF-8 text")
    return chunk.removeprefix(_BYTE_ORDER_MARK)


@contextmanager
def _opened(path: Path) -> Iterator[Source]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise ReadingError(str(path), f"cannot be opened: {error.strerror}", "a file that may be read") from error
    with file:
        if path.suffix.lower() == ".gz":
            with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
                yield unpacked
        else:
            yield file
