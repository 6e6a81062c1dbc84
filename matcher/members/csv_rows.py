"""Rows of CSV files: one column a profile field, the first line names them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from matcher.errors import Problem, ReadingError
from matcher.members.cells import READERS, fields_of
from matcher.members.lines import LINE_LIMIT, Line, lines, text_of
from matcher.members.rows import RawRow

_MOST_LINES_A_ROW = 100
_UNCLOSED = Problem("(row)", "a quotation mark is opened and not closed", 'RFC 4180 quoting: "a ""quoted"" word"')


def check_columns(source: str, names: list[str]) -> None:
    """Check the columns of a table before any of its rows is read.

    Raises:
        ReadingError: naming every column that is unknown or double, or that ``member_id`` is missing.
    """
    unknown = [name for name in names if name not in READERS]
    if unknown:
        shown = ", ".join(repr(name[:60]) for name in unknown[:20])
        raise ReadingError(source, f"unknown columns: {shown}", f"the fields of a profile: {', '.join(READERS)}")
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ReadingError(source, f"columns named twice: {', '.join(doubled)}", "each column once")
    if "member_id" not in names:
        raise ReadingError(source, "there is no column member_id", "a column member_id")


def csv_rows(
    path: Path,
    check: Callable[[str, list[str]], None] = check_columns,
    fields: Callable[[dict[str, str]], tuple[dict[str, Any], tuple[Problem, ...]]] = fields_of,
) -> Iterator[RawRow]:
    """Stream the rows of a CSV file (RFC 4180, UTF-8, commas); blank lines are passed over.

    Args:
        path: the file.
        check: looks at the file's name and columns before any row is read; those of members by default.
        fields: makes fields, and problems, of the cells of a row; of a member by default.

    Raises:
        ReadingError: for the file as a whole; a bad row is a row with problems.
    """
    source = lines(path)
    header = next(source, None)
    if header is None:
        raise ReadingError(str(path), "the file is empty", "a line of column names, then a line a member")
    text = text_of(header.data)
    cells = text if isinstance(text, Problem) else _cells(text)
    if isinstance(cells, Problem):
        raise ReadingError(f"{path}, line 1", cells.what, "a line of column names: member_id,birth_year,...")
    names = [cell.strip() for cell in cells]
    check(str(path), names)
    for number, record in _records(source):
        parsed = record if isinstance(record, Problem) else _cells(record)
        if isinstance(parsed, Problem):
            yield RawRow(number, {}, (parsed,))
        elif len(parsed) != len(names):
            what = f"has {len(parsed)} cells where the first line has {len(names)}"
            yield RawRow(number, {}, (Problem("(row)", what, f"{len(names)} cells"),))
        else:
            yield RawRow(number, *fields(dict(zip(names, parsed, strict=True))))


def _cells(record: str) -> list[str] | Problem:
    try:
        return next(csv.reader([record], strict=True))
    except csv.Error as error:
        what = str(error).partition(" - ")[0]
        return Problem("(row)", f"is not CSV: {what}", "RFC 4180: commas, and double quotation marks where needed")


def _records(source: Iterator[Line]) -> Iterator[tuple[int, str | Problem]]:
    """Records with the line they start on. A quoted cell may hold line feeds; a quotation mark that is never closed
    costs
    the line it stands on and no other."""
    again: list[Line] = []
    while True:
        line = again.pop() if again else next(source, None)
        if line is None:
            return
        text = text_of(line.data)
        if isinstance(text, Problem) or text.count('"') % 2 == 0:
            if text not in ("", "\r"):
                yield line.number, text if isinstance(text, Problem) else text.removesuffix("\r")
            continue
        more: list[Line] = []
        record: str | Problem = _UNCLOSED
        size = len(text)
        while len(more) < _MOST_LINES_A_ROW and size <= LINE_LIMIT:
            following = again.pop() if again else next(source, None)
            if following is None:
                break
            more.append(following)
            addition = text_of(following.data)
            if isinstance(addition, Problem):
                break
            text = f"{text}\n{addition}"
            size += len(addition)
            if addition.count('"') % 2:
                record = text.removesuffix("\r")
                break
        yield line.number, record
        if record is _UNCLOSED:
            again.extend(reversed(more))
