"""Rows of the catalogue's CSV files, with errors that name the file and the row."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from matcher.errors import CatalogError

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def refuse(file: str, row: int, what: str) -> NoReturn:
    """Refuse a row of a data file; row 1 is the header."""
    raise CatalogError(f"{file}, row {row}: {what}")


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: its file, its number there (the header is row 1) and its values by column."""

    file: str
    number: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values[column]

    def refuse(self, what: str) -> NoReturn:
        """Refuse this row."""
        refuse(self.file, self.number, what)

    def text(self, column: str) -> str:
        """A value that must not be empty."""
        value = self.values[column]
        if not value:
            self.refuse(f"{column} is empty")
        return value

    def slug(self, column: str = "slug") -> str:
        """A value that must be a slug: lower-case letters and digits, single hyphens between them."""
        value = self.values[column]
        if not _SLUG.fullmatch(value):
            self.refuse(f"{column} {value!r} is not a slug (accepted: lower-case letters, digits, single hyphens)")
        return value

    def days(self, column: str) -> int:
        """A value that must be a whole number of days, 1 to 36500."""
        value = self.values[column]
        if not (value.isascii() and value.isdigit() and len(value) <= 5 and 1 <= int(value) <= 36500):
            self.refuse(f"{column} {value!r} is not a number of days (accepted: 1 to 36500)")
        return int(value)

    def yes(self, column: str) -> bool:
        """A value that must be yes or no."""
        value = self.values[column]
        if value not in {"yes", "no"}:
            self.refuse(f"{column} {value!r} is neither yes nor no")
        return value == "yes"

    def one_of(self, column: str, known: Mapping[str, int]) -> int:
        """The code of a value that another file must have named."""
        code = known.get(self.values[column])
        if code is None:
            self.refuse(f"{column} {self.values[column]!r} is not known")
        return code


def text_of(files: Mapping[str, bytes], file: str) -> str:
    """The text of one data file; names that end in ``.gz`` are unpacked."""
    data = files.get(file)
    if data is None:
        raise CatalogError(f"{file}: the file is missing")
    try:
        return (gzip.decompress(data) if file.endswith(".gz") else data).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CatalogError(f"{file}: not readable as UTF-8 text: {error}") from error


def lines_of(files: Mapping[str, bytes], file: str, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Row numbers and bare values of a data file, for tables too long to make a :class:`Row` of each line."""
    lines = csv.reader(io.StringIO(text_of(files, file), newline=""), strict=True)
    number = 0
    try:
        for number, values in enumerate(lines, start=1):
            if number == 1:
                if tuple(values) != columns:
                    refuse(file, 1, f"columns {values} (accepted: {list(columns)})")
            elif len(values) != len(columns):
                refuse(file, number, f"{len(values)} values (accepted: {len(columns)})")
            else:
                yield number, values
    except csv.Error as error:
        raise CatalogError(f"{file}, row {number + 1}: {error}") from error
    if number < 2:
        refuse(file, number, "no data rows")


def rows_of(files: Mapping[str, bytes], file: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a data file, each with exactly the given columns."""
    for number, values in lines_of(files, file, columns):
        yield Row(file, number, dict(zip(columns, values, strict=True)))


def named_rows(files: Mapping[str, bytes], file: str, *columns: str) -> dict[str, Row]:
    """Rows of a file of ``slug,name,...`` by slug, in file order; slugs are unique and names not empty."""
    found: dict[str, Row] = {}
    for row in rows_of(files, file, ("slug", "name", *columns)):
        slug = row.slug()
        row.text("name")
        if slug in found:
            row.refuse(f"slug {slug!r} stands already in row {found[slug].number}")
        found[slug] = row
    return found


def codes_of(rows: Mapping[str, Row]) -> dict[str, int]:
    """Position by slug."""
    return {slug: code for code, slug in enumerate(rows)}
