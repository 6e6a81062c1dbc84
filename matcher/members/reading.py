"""Members from files: a result for every row, in bounded memory.

CSV, NDJSON (both also with ``.gz``) and Parquet by the file's name; a folder is a FHIR export. Rows come as they are
read, so somebody who must store all or nothing collects them first: a file can break off after any row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from matcher.errors import InvalidMember, Problem, ReadingError
from matcher.members.age import surely_under_13
from matcher.members.collector import collector_paused
from matcher.members.csv_rows import csv_rows
from matcher.members.json_rows import json_rows
from matcher.members.profile import MemberProfile
from matcher.members.rows import RawRow

BATCH = 1024
SUFFIXES = (".csv", ".csv.gz", ".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz", ".parquet")
_ACCEPTED_PATHS = f"a file named {', '.join(SUFFIXES)}, or the folder of a FHIR export"
_MEMBER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Progress = Callable[[int], None]
"""Told now and then how many rows have been read."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row: either a member or problems.

    Attributes:
        line: of the file, counted from 1, the line of names included; for Parquet the row, counted from 1.
        member: the member, if all is well.
        problems: everything that is wrong with the row, without the values that are wrong.
        member_id: the id that the row gives, if it is one.
        notes: what was left out or changed on the way.
    """

    line: int
    member: MemberProfile | None
    problems: tuple[Problem, ...]
    member_id: str | None
    notes: tuple[str, ...] = ()


def read_members(path: Path | str, as_of: date, *, progress: Progress | None = None) -> Iterator[RowResult]:
    """Read and validate members, one result a row.

    Args:
        path: a CSV, NDJSON or Parquet file, or the folder of a FHIR export.
        as_of: the day on which nobody may be under 13.
        progress: called with the number of rows read so far, every thousand or so and at the end.

    Raises:
        ReadingError: if there is nothing to read, or the file breaks off; rows before the break have been yielded.
    """
    path = Path(path)
    if path.is_dir():
        from matcher.members.fhir import read_fhir  # which builds on this module

        return read_fhir(path, as_of, progress=progress)
    return results(_rows(path), str(path), as_of, progress)


def read_valid(
    path: Path | str, as_of: date, *, progress: Progress | None = None, shown: int = 10
) -> list[MemberProfile]:
    """Read members, all or none.

    Raises:
        ReadingError: if the file cannot be read to its end or any row is invalid; the first ``shown`` bad rows are
        named.
    """
    members: list[MemberProfile] = []
    bad: list[RowResult] = []
    count = 0
    with collector_paused():
        for result in read_members(path, as_of, progress=progress):
            if result.member is not None:
                members.append(result.member)
            else:
                count += 1
                if len(bad) < shown:
                    bad.append(result)
    if bad:
        told = "; ".join(f"line {row.line}: {', '.join(map(str, row.problems))}" for row in bad)
        raise ReadingError(str(path), f"{count} invalid rows: {told}", "a file whose every row is a valid member")
    return members


def _rows(path: Path) -> Iterator[RawRow]:
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise ReadingError(str(path), "its name says no known form", _ACCEPTED_PATHS)
    if not path.exists():
        raise ReadingError(str(path), "there is no such file", _ACCEPTED_PATHS)
    if name.endswith(".parquet"):
        from matcher.members.parquet_rows import parquet_rows  # pyarrow takes a moment that other forms need not spend

        return parquet_rows(path)
    return csv_rows(path) if ".csv" in name[-7:] else json_rows(path)


def results(rows: Iterator[RawRow], source: str, as_of: date, progress: Progress | None = None) -> Iterator[RowResult]:
    """Validate raw rows as they come.

    Raises:
        ReadingError: if there are none, or what ``rows`` raises.
    """
    first_line: dict[str, int] = {}
    count = 0
    for batch, failure in _batches(rows):
        with collector_paused():
            done = [_result(row, as_of, first_line) for row in batch]
        yield from done
        count += len(batch)
        if progress is not None:
            progress(count)
        if failure is not None:
            raise failure
    if count == 0:
        raise ReadingError(source, "holds no rows", "at least one member")


def _batches(rows: Iterator[RawRow]) -> Iterator[tuple[list[RawRow], ReadingError | None]]:
    """Batches of rows; when reading fails, the rows before and then the failure."""
    while True:
        batch: list[RawRow] = []
        failure = None
        try:
            with collector_paused():
                for row in islice(rows, BATCH):
                    batch.append(row)  # noqa: PERF402 (rows read before a failure must be kept)
        except ReadingError as error:
            failure = error
        if batch or failure:
            yield batch, failure
        if len(batch) < BATCH or failure:
            return


def _result(row: RawRow, as_of: date, first_line: dict[str, int]) -> RowResult:
    problems = list(row.problems)
    member = None
    if row.fields or not problems:
        try:
            member = MemberProfile.parse(row.fields)
        except InvalidMember as error:
            broken = {problem.where.partition("[")[0] for problem in problems}
            problems += [problem for problem in error.problems if problem.where not in broken]
    raw_id = row.fields.get("member_id")
    member_id = raw_id if isinstance(raw_id, str) and _MEMBER_ID.fullmatch(raw_id) else None
    if surely_under_13(_whole(row.fields.get("birth_year")), as_of):
        problems.append(Problem("birth_year", f"the member is under 13 on {as_of.isoformat()}", "13 years or older"))
    if member_id is not None:
        first = first_line.setdefault(member_id, row.line)
        if first != row.line:
            problems.append(Problem("member_id", f"stands on line {first} already", "each member once"))
    if problems:
        return RowResult(row.line, None, tuple(problems), member_id, row.notes)
    return RowResult(row.line, member, (), member_id, row.notes)


def _whole(value: object) -> int | None:
    """A year as the profile reads it; ``None`` for what the profile complains about itself."""
    try:
        return int(value) if isinstance(value, int | str) else None
    except ValueError:
        return None
