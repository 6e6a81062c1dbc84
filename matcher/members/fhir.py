"""Members from a FHIR bulk export, R4 or R5: ``Patient`` and ``Procedure`` resources as NDJSON.

Two passes: procedures first, so that each patient comes out complete; memory grows with the patients that have
procedures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from matcher.errors import Problem, ReadingError
from matcher.members.fhir_codes import CodeTable
from matcher.members.fhir_patients import patient_fields
from matcher.members.fhir_procedures import PatientProcedures, subject_id
from matcher.members.json_rows import json_object
from matcher.members.lines import lines
from matcher.members.reading import Progress, RowResult, results
from matcher.members.rows import RawRow

_SUFFIXES = (".ndjson", ".ndjson.gz")
_ACCEPTED = "a folder with Patient*.ndjson and Procedure*.ndjson (or .ndjson.gz), or one such file that holds both"


@dataclass(slots=True)
class FhirReport:
    """What an import met, complete once all results have been taken.

    Attributes:
        patients: ``Patient`` resources read.
        procedures: ``Procedure`` resources read.
        unplaced: how often each coding, as (system, code), had no place in the catalogue.
        without_patient: procedures that name no patient of the export.
        set_aside: procedures that did not happen, were entered in error, or are tests and hospital care.
        undated: procedures without a usable day.
    """

    patients: int = 0
    procedures: int = 0
    unplaced: Counter[tuple[str, str]] = field(default_factory=Counter)
    without_patient: int = 0
    set_aside: int = 0
    undated: int = 0


def read_fhir(
    path: Path | str,
    as_of: date,
    *,
    consent: bool = False,
    gender: bool = False,
    code_table: Path | str | None = None,
    report: FhirReport | None = None,
    progress: Progress | None = None,
) -> Iterator[RowResult]:
    """Read and validate the members of a FHIR export, one result a patient.

    Lines are those of the Patient files, counted on from one file to the next in order of name. A procedure that
    cannot be read or that names nobody of the export is a result with a problem.

    Args:
        path: the folder of a bulk export, or one NDJSON file that holds both kinds of resource.
        as_of: the day on which nobody may be under 13, and that parts procedures done from those planned.
        consent: whether every patient of the export has agreed to be matched. An export cannot say so; whoever passes
            ``True`` holds the consents. Without it the members come in and are in no result of any kind.
        gender: take the administrative gender for the member's own word. It is not self-described, so it is not read
            unless asked for.
        code_table: a CSV file ``system,code,procedure`` that extends and overrules the shipped table.
        report: is filled on the way, if given.
        progress: called with the number of rows read so far.

    Raises:
        ReadingError: if there is nothing to read, a file breaks off, or the code table is wrong.
    """
    export = _Export(Path(path), as_of, CodeTable(code_table), consent, gender, report or FhirReport())
    return results(export.rows(), str(path), as_of, progress)


class _Export:
    """One pass over the procedures, then one over the patients."""

    def __init__(
        self, path: Path, as_of: date, codes: CodeTable, consent: bool, gender: bool, report: FhirReport
    ) -> None:
        self._path = path
        self._as_of = as_of
        self._codes = codes
        self._consent = consent
        self._gender = gender
        self._report = report
        self._procedures: dict[str, PatientProcedures] = {}

    def rows(self) -> Iterator[RawRow]:
        """A raw row a patient; before and after, rows with the problems of procedures that fit none."""
        patient_files, procedure_files = _files(self._path)
        mixed = patient_files == procedure_files
        for number, resource in _resources(procedure_files):
            if isinstance(resource, Problem):
                if not mixed:
                    yield RawRow(number, {}, (Problem("Procedure", resource.what, resource.accepted),))
            elif resource.get("resourceType") == "Procedure":
                problem = self._take(number, resource)
                if problem is not None:
                    yield RawRow(number, {}, (problem,))
        for number, resource in _resources(patient_files):
            if isinstance(resource, Problem):
                yield RawRow(number, {}, (resource,))
            elif resource.get("resourceType") == "Patient":
                yield self._patient(number, resource)
        for left in self._procedures.values():
            self._report.without_patient += left.read
            what = f"{left.read} procedures name a patient that is not in the export, the first on this line"
            yield RawRow(left.line, {}, (Problem("Procedure.subject", what, "a Patient of the export"),))

    def _take(self, number: int, resource: dict[str, Any]) -> Problem | None:
        self._report.procedures += 1
        patient = subject_id(resource)
        if patient is None:
            self._report.without_patient += 1
            return Problem("Procedure.subject", "names no patient", "a reference Patient/<id>")
        known = self._procedures.get(patient)
        if known is None:
            known = self._procedures[patient] = PatientProcedures(number)
        known.add(resource, self._codes, self._as_of)
        return None

    def _patient(self, number: int, resource: dict[str, Any]) -> RawRow:
        self._report.patients += 1
        fields, problems, notes = patient_fields(resource, gender=self._gender)
        fields["consent"] = self._consent
        procedures = self._procedures.pop(str(resource.get("id")), None)
        if procedures is not None:
            self._report.unplaced += procedures.unplaced
            self._report.set_aside += procedures.set_aside
            self._report.undated += procedures.undated
            notes += procedures.notes()
            if procedures.events:
                fields["procedures"] = procedures.chosen()
        return RawRow(number, fields, tuple(problems), tuple(notes))


def _files(path: Path) -> tuple[list[Path], list[Path]]:
    """Files with patients and files with procedures, in order of name; the same list twice where one holds both."""
    if not path.is_dir():
        if not path.exists():
            raise ReadingError(str(path), "there is no such file or folder", _ACCEPTED)
        if not path.name.lower().endswith(_SUFFIXES):
            raise ReadingError(str(path), "its name says no known form", _ACCEPTED)
        return [path], [path]
    every = sorted(entry for entry in path.iterdir() if entry.name.lower().endswith(_SUFFIXES) and entry.is_file())
    patients = [entry for entry in every if entry.name.lower().startswith("patient")]
    procedures = [entry for entry in every if entry.name.lower().startswith("procedure")]
    if not patients and len(every) == 1:
        return every, every
    if not patients:
        raise ReadingError(str(path), "holds no file Patient*.ndjson", _ACCEPTED)
    return patients, procedures


def _resources(files: list[Path]) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    before = 0
    for path in files:
        number = 0
        for line in lines(path):
            number = line.number
            value = json_object(line)
            if value is not None:
                yield before + number, value
        before += number
