"""Which procedure a FHIR coding stands for.

ICD-10-PCS codes find their place through the catalogue. Codes of other systems go through a table: a small one that
comes with the package (codes and our own slugs, none of the systems' texts) and one of the user's own, which wins.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

from matcher.catalog import default_catalog
from matcher.errors import ReadingError, UnknownProcedure

ICD_10_PCS = frozenset(
    {
        "http://www.cms.gov/Medicare/Coding/ICD10",
        "http://hl7.org/fhir/sid/icd-10-pcs",
        "urn:oid:2.16.840.1.113883.6.4",
    }
)
COLUMNS = ["system", "code", "procedure"]


class CodeTable:
    """Procedures by coding.

    Args:
        own: a CSV file with the columns ``system,code,procedure``; the procedure is a catalogue slug or ICD-10-PCS
        code.

    Raises:
        ReadingError: if ``own`` cannot be read or any of its lines is wrong; all wrong lines are named.
    """

    def __init__(self, own: Path | str | None = None) -> None:
        shipped = files("matcher.members").joinpath("data/fhir_codes.csv").read_text(encoding="utf-8")
        self._procedures = _parsed("fhir_codes.csv", shipped)
        if own is not None:
            self._procedures |= _parsed(str(own), _text(Path(own)))

    def place(self, system: str, code: str) -> str | None:
        """The procedure, as a profile names it, or ``None`` if the coding is not known."""
        if system in ICD_10_PCS:
            text = code.strip().upper()
            return text if len(text) == 7 and _known(text) else None
        return self._procedures.get((system, code.strip()))


def _known(procedure: str) -> bool:
    try:
        default_catalog().place(procedure)
    except UnknownProcedure:
        return False
    return True


def _text(path: Path) -> str:
    accepted = f"a CSV file with the columns {','.join(COLUMNS)}"
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ReadingError(str(path), f"cannot be opened: {error.strerror}", accepted) from error
    except UnicodeDecodeError as error:
        raise ReadingError(str(path), "is not UTF-8 text", accepted) from error


def _parsed(source: str, text: str) -> dict[tuple[str, str], str]:
    rows = csv.reader(text.splitlines())
    if next(rows, None) != COLUMNS:
        raise ReadingError(source, "does not start with its column names", f"a first line {','.join(COLUMNS)}")
    found: dict[tuple[str, str], str] = {}
    wrong: list[str] = []
    for row in rows:
        if not row:
            continue
        cells = [cell.strip() for cell in row]
        if len(cells) != len(COLUMNS) or not all(cells):
            wrong.append(f"line {rows.line_num} has not three filled cells")
        elif not _known(cells[2]):
            wrong.append(f"line {rows.line_num} names a procedure that nobody knows")
        elif found.setdefault((cells[0], cells[1]), cells[2]) != cells[2]:
            wrong.append(f"line {rows.line_num} places a code a second time, elsewhere")
    if wrong:
        raise ReadingError(source, "; ".join(wrong[:20]), "system, code and a catalogue slug or ICD-10-PCS code a line")
    return found
