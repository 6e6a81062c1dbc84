"""A history from a file: one row a tie, or a place in a group.

CSV, NDJSON (both also with ``.gz``) and Parquet by the file's name. A file is read as a whole or not at all. Ids that
are no members any more are no error here: a rematch lists their ties as void.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BeforeValidator, Field, ValidationError

from matcher.errors import InvalidProblem, Problem, ReadingError
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.spec_part import Name, SpecPart
from matcher.members.csv_rows import csv_rows
from matcher.members.json_rows import json_rows
from matcher.members.problems import problems_of
from matcher.members.profile import MemberId, iso_date_only
from matcher.members.reading import SUFFIXES
from matcher.members.rows import RawRow
from matcher.rematch.history import FitCheck, History, State, Tie

SHOWN = 10
_ACCEPTED = "a file whose every row is a tie, a place in a group, or a pair that is never to meet"
_Day = Annotated[date | None, BeforeValidator(iso_date_only)]
_Fit = Annotated[int, Field(ge=1, le=5)] | None


class HistoryRow(SpecPart):
    """One row.

    Attributes:
        kind: ``buddy`` or ``mentor`` for a tie; ``group`` for a place in a group in force; ``never`` for two who are
            never to meet.
        member_id, peer_id: the two; for mentoring the seeker first. A place in a group has no peer.
        group: name of the group.
        state, since, until, why, protected: as :class:`~matcher.rematch.history.Tie` has them.
        fit, keep: the last fit check of ``member_id``.
        peer_fit, peer_keep: that of ``peer_id``.
    """

    kind: Literal["buddy", "mentor", "group", "never"]
    member_id: MemberId
    peer_id: MemberId | None = None
    group: Name | None = None
    state: State = "current"
    since: _Day = None
    until: _Day = None
    why: Annotated[str, Field(max_length=200)] | None = None
    fit: _Fit = None
    peer_fit: _Fit = None
    keep: bool | None = None
    peer_keep: bool | None = None
    protected: bool = False

    def missing(self) -> Problem | None:
        """What a row of its kind must have and this one lacks."""
        if self.kind == "group":
            return None if self.group is not None else Problem("group", "is missing", "the name of the group")
        if self.peer_id is None:
            return Problem("peer_id", "is missing", "the id of the other member")
        if self.peer_id == self.member_id:
            return Problem("peer_id", "is the member's own", "ids of two members")
        return None

    def tie(self) -> Tie:
        """The tie that the row tells of."""
        assert self.kind in ("buddy", "mentor")
        assert self.peer_id is not None
        told = ((self.member_id, self.fit, self.keep), (self.peer_id, self.peer_fit, self.peer_keep))
        return Tie(
            "buddy" if self.kind == "buddy" else "mentor",
            self.member_id,
            self.peer_id,
            self.state,
            self.since,
            self.until,
            self.why,
            tuple(FitCheck(*check) for check in told if check[1:] != (None, None)),
            self.protected,
        )


def read_history(path: Path | str) -> History:
    """Read a history from a file.

    Raises:
        ReadingError: if it cannot be read to its end, or any row is wrong: unknown words, a tie with oneself, two ties
            of a pair that stand at once, a member in two groups. The first ten rows are named.
    """
    path = Path(path)
    bad: list[str] = []
    count = 0
    rows: list[tuple[int, HistoryRow]] = []
    seen: dict[object, int] = {}
    for raw in _rows(path):
        found, problems = _validated(raw)
        if found is not None and (twice := _stands_once(found)) is not None:
            first = seen.setdefault(twice, raw.line)
            if first != raw.line:
                problems = (Problem("(row)", f"overlaps with line {first}", "one standing tie a pair, one group each"),)
        if problems:
            count += 1
            if len(bad) < SHOWN:
                bad.append(f"line {raw.line}: {', '.join(map(str, problems))}")
        elif found is not None:
            rows.append((raw.line, found))
    if bad:
        raise ReadingError(str(path), f"{count} invalid rows: {'; '.join(bad)}", _ACCEPTED)
    try:
        return _history([row for _, row in rows])
    except ValidationError as error:
        problems = problems_of(error, whole="(group)", unknown="the fields of a group")
        raise ReadingError(str(path), "; ".join(map(str, problems)), _ACCEPTED) from None
    except InvalidProblem as error:
        raise ReadingError(str(path), str(error), _ACCEPTED) from None


def _validated(raw: RawRow) -> tuple[HistoryRow | None, tuple[Problem, ...]]:
    if raw.problems:
        return None, raw.problems
    try:
        row = HistoryRow.model_validate(raw.fields)
    except ValidationError as error:
        return None, problems_of(error, unknown=f"the columns {', '.join(HistoryRow.model_fields)}")
    lacking = row.missing()
    return row, () if lacking is None else (lacking,)


def _stands_once(row: HistoryRow) -> object | None:
    """What no second row may say, if there is such a thing."""
    if row.kind == "group":
        return row.member_id
    if row.kind == "never" or row.state != "current" or row.peer_id is None:
        return None
    return min(row.member_id, row.peer_id), max(row.member_id, row.peer_id)


def _history(rows: list[HistoryRow]) -> History:
    groups: dict[str, list[str]] = {}
    for row in rows:
        if row.kind == "group" and row.group is not None:
            groups.setdefault(row.group, []).append(row.member_id)
    return History(
        tuple(row.tie() for row in rows if row.kind in ("buddy", "mentor")),
        tuple(ExistingGroup(name=name, members=tuple(members)) for name, members in sorted(groups.items())),
        tuple((row.member_id, row.peer_id) for row in rows if row.kind == "never" and row.peer_id is not None),
    )


def _rows(path: Path) -> Iterator[RawRow]:
    name = path.name.lower()
    accepted = f"a file named {', '.join(SUFFIXES)}"
    if not name.endswith(SUFFIXES):
        raise ReadingError(str(path), "its name says no known form", accepted)
    if not path.is_file():
        raise ReadingError(str(path), "there is no such file", accepted)
    if name.endswith(".parquet"):
        return _parquet_rows(path)
    return csv_rows(path, _check_columns, _cells) if ".csv" in name[-7:] else json_rows(path)


def _check_columns(source: str, names: list[str]) -> None:
    known = list(HistoryRow.model_fields)
    unknown = [name for name in names if name not in known]
    if unknown:
        shown = ", ".join(repr(name[:60]) for name in unknown[:20])
        raise ReadingError(source, f"unknown columns: {shown}", f"columns of {', '.join(known)}")
    if len(set(names)) < len(names):
        raise ReadingError(source, "a column is named twice", "each column once")
    lacking = [name for name in ("kind", "member_id") if name not in names]
    if lacking:
        raise ReadingError(source, f"there is no column {' and no column '.join(lacking)}", "kind, member_id, peer_id")


def _cells(cells: dict[str, str]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    return {name: cell.strip() for name, cell in cells.items() if cell.strip()}, ()


def _parquet_rows(path: Path) -> Iterator[RawRow]:
    try:
        with pq.ParquetFile(path) as file:
            _check_columns(str(path), file.schema_arrow.names)
            first = 1
            for batch in file.iter_batches():
                for line, fields in enumerate(batch.to_pylist(), first):
                    yield RawRow(line, {name: value for name, value in fields.items() if value is not None})
                first += batch.num_rows
    except OSError as error:
        raise ReadingError(str(path), error.strerror or "is damaged", "a whole Parquet file") from error
    except pa.ArrowException as error:
        raise ReadingError(str(path), "is damaged or not Parquet", "a whole Parquet file") from error
