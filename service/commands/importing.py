"""``peer-matcher import``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from matcher.errors import InvalidRequest, Problem, ReadingError
from matcher.members.fhir import read_fhir
from matcher.members.reading import RowResult, read_members
from service.commands.console import counting, err, out
from service.commands.options import DATABASE, AsOfOption, DatabaseOption, IndexFolderOption, settings_of
from service.community import Community
from service.problems import problem_fields
from service.use_cases.import_members import ImportedRow, import_members

ConsentOption = Annotated[
    bool,
    typer.Option(
        "--consent",
        help="You hold the consent of everybody in the file to be matched, though the file does not say so (as FHIR).",
    ),
]


@dataclass(slots=True)
class Tally:
    """What an import came to, and the first rows to be shown."""

    shown: int
    stored: int = 0
    rejected: int = 0
    noted: int = 0
    rejects: list[ImportedRow] = field(default_factory=list)
    notes: list[ImportedRow] = field(default_factory=list)

    def add(self, row: ImportedRow) -> None:
        """Count one row."""
        if row.notes:
            self.noted += 1
            if len(self.notes) < self.shown:
                self.notes.append(row)
        if row.stored:
            self.stored += 1
            return
        self.rejected += 1
        if len(self.rejects) < self.shown:
            self.rejects.append(row)


def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|FOLDER", help="CSV, NDJSON (both also .gz), Parquet, or a folder of FHIR NDJSON.",
            show_default=False,
        ),
    ],
    *,
    database: DatabaseOption = DATABASE,
    index_folder: IndexFolderOption = None,
    as_of: AsOfOption = None,
    consent: ConsentOption = False,
    codes: Annotated[
        Path | None,
        typer.Option(
            help="FHIR: a CSV file `system,code,procedure` that adds to the shipped table of codes.",
            dir_okay=False,
            exists=True,
        ),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(help="Write line, id and problems of every rejected row here, as NDJSON.", dir_okay=False),
    ] = None,
    show: Annotated[int, typer.Option("--show", min=0, help="How many rejected rows to print.")] = 10,
) -> None:  # fmt: skip
    """Store members from a file; a running service sees them in its next answer.

    Good rows are stored, bad ones are listed with what is wrong and what is accepted. Importing a file again changes
    nothing, so a repaired file can simply be imported whole. Exit code: 0 if every row was stored, 1 if some were
    rejected, 2 if the file could not be read.
    """
    tally = Tally(shown=show)
    community = Community.open(settings_of(database, as_of, index_folder))
    try:
        with ExitStack() as stack:
            file = stack.enter_context(_writing(rejects)) if rejects else None
            advance = stack.enter_context(counting(f"Importing {source.name}"))
            for row in import_file(community, source, consent=consent, codes=codes, progress=advance):
                tally.add(row)
                if file and not row.stored:
                    file.write(_reject_line(row))
    except ReadingError:
        if tally.stored:
            err().print(f"{tally.stored:,} rows before the break are stored; importing again is safe.", soft_wrap=True)
        raise
    finally:
        community.close()
    report(out(), tally, rejects)
    if tally.rejected:
        raise typer.Exit(1)


def import_file(
    community: Community,
    source: Path,
    *,
    consent: bool,
    codes: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[ImportedRow]:
    """Import a file, or a folder of FHIR; a result for each row.

    Raises:
        ReadingError: if it cannot be read, or breaks off.
    """
    today = community.settings.today()
    if source.is_dir():
        rows = read_fhir(source, today, consent=consent, code_table=codes, progress=progress)
    else:
        rows = read_members(source, today, progress=progress)
        rows = _consented(rows) if consent else rows
    return import_members(community, rows)


def _consented(rows: Iterator[RowResult]) -> Iterator[RowResult]:
    for row in rows:
        if row.member is None:
            yield row
        else:
            yield replace(row, member=row.member.model_copy(update={"consent": True}))


def _writing(path: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    except OSError as error:
        problem = Problem("--rejects", f"{path} cannot be written: {error.strerror}", "a place to write to")
        raise InvalidRequest(problem) from error


def _reject_line(row: ImportedRow) -> bytes:
    problems = [problem_fields(problem) for problem in row.problems]
    return msgspec.json.encode({"line": row.line, "member_id": row.member_id, "problems": problems}) + b"\n"


def report(console: Console, tally: Tally, rejects: Path | None) -> None:
    """Print what an import came to."""
    console.print(f"{tally.stored:,} stored, {tally.rejected:,} rejected")
    if tally.rejects:
        table = Table(
            "line", "member", "where", "what is wrong", "accepted", title="Rejected rows", title_justify="left"
        )
        for row in tally.rejects:
            for problem in row.problems:
                table.add_row(str(row.line), row.member_id or "-", problem.where, problem.what, problem.accepted)
        console.print(table)
        if tally.rejected > len(tally.rejects):
            where = f"; all of them: {rejects}" if rejects else "; --rejects FILE writes all of them"
            console.print(f"and {tally.rejected - len(tally.rejects):,} more{where}", soft_wrap=True)
    for row in tally.notes:
        for note in row.notes:
            console.print(f"note, line {row.line}: {note}", soft_wrap=True, markup=False)
    if tally.noted > len(tally.notes):
        console.print(f"and notes on {tally.noted - len(tally.notes):,} more rows")
