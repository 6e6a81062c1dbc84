"""FHIR exports, R4 and R5: what is taken, what is left out, and that both are told."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from matcher.catalog import default_catalog
from matcher.errors import ReadingError
from matcher.members.fhir import FhirReport, read_fhir
from matcher.members.fhir_codes import CodeTable
from matcher.members.reading import RowResult, read_members

AS_OF = date(2026, 1, 1)
PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
SCT = "http://snomed.info/sct"


def patient(name: str = "p1", /, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": name, "birthDate": "1980-05-06", **more}


def procedure(code: str = "0DB64Z3", system: str = PCS, subject: str = "Patient/p1", **more: Any) -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"coding": [coding]},
        "subject": {"reference": subject},
        **more,
    }


def export(folder: Path, patients: list[Any], procedures: list[Any] = []) -> Path:  # noqa: B006 (never changed)
    folder.mkdir(exist_ok=True)
    for name, rows in (("Patient.000.ndjson", patients), ("Procedure.000.ndjson", procedures)):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (folder / name).write_text("\n".join(lines))
    return folder


def one(folder: Path, *procedures: Any, who: dict[str, Any] | None = None, **options: Any) -> RowResult:
    path = export(folder, [patient() if who is None else who], list(procedures))
    (result,) = read_fhir(path, AS_OF, **options)
    return result


def days(result: RowResult) -> list[tuple[str, date | None]]:
    assert result.member is not None
    return [(event.procedure, event.date) for event in result.member.procedures]


def test_a_patient_becomes_a_member_without_consent(tmp_path: Path) -> None:
    who = patient(
        gender="female",
        name=[{"family": "Secret"}],
        address=[{"city": "Hidden"}],
        communication=[
            {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}]}},
            {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "en-US"}]}, "preferred": True},
            {"language": {"text": "Klingon"}},
        ],
    )
    result = one(tmp_path / "x", who=who)
    member = result.member
    assert member is not None
    assert (member.member_id, member.birth_year, member.languages) == ("p1", 1980, ("en-US", "es"))
    assert (member.consent, member.gender, member.alias, member.region) == (False, None, None, None)
    assert result.notes == ("1 languages without a BCP-47 code were left out",)
    assert "Secret" not in member.model_dump_json()


def test_consent_and_gender_only_on_demand(tmp_path: Path) -> None:
    result = one(tmp_path / "x", who=patient(gender="female"), consent=True, gender=True)
    assert result.member is not None
    assert (result.member.consent, result.member.gender) == (True, "female")
    unknown = one(tmp_path / "y", who=patient(gender="unknown"), gender=True)
    assert unknown.member is not None
    assert unknown.member.gender is None


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"performedDateTime": "2025-03-04"}, date(2025, 3, 4)),
        ({"performedDateTime": "2025-03-04T23:30:00-05:00"}, date(2025, 3, 4)),
        ({"performedDateTime": "2025-03"}, None),
        ({"performedDateTime": "2025"}, None),
        ({"performedDateTime": "2025-02-30"}, None),
        ({"performedDateTime": "0001-01-01"}, None),
        ({"performedDateTime": 7}, None),
        ({"performedPeriod": {"start": "2025-03-04T10:00:00Z", "end": "2025-03-06"}}, date(2025, 3, 4)),
        ({"performedPeriod": {"end": "2025-03-06"}}, date(2025, 3, 6)),
        ({"performedPeriod": {}}, None),
        ({"performedString": "last spring"}, None),
        ({"performedAge": {"value": 40}}, None),
        ({"performedRange": {"low": {"value": 40}}}, None),
        ({"occurrenceDateTime": "2025-03-04"}, date(2025, 3, 4)),
        ({"occurrencePeriod": {"start": "2025-03-04"}}, date(2025, 3, 4)),
        ({"occurrenceString": "2025-03-04"}, None),
        ({"occurrenceTiming": {"event": ["2025-03-04"]}}, None),
        ({}, None),
    ],
)
def test_when_in_r4_and_r5(tmp_path: Path, when: dict[str, Any], expected: date | None) -> None:
    result = one(tmp_path / "x", procedure(**when))
    assert days(result) == [("0DB64Z3", expected)]
    assert bool(result.notes) == (expected is None)


@pytest.mark.parametrize(
    ("status", "when", "expected"),
    [
        ("entered-in-error", "2025-03-04", []),
        ("not-done", "2025-03-04", []),
        ("preparation", "2026-03-04", [("0DB64Z3", date(2026, 3, 4))]),
        ("preparation", "2025-03-04", [("0DB64Z3", None)]),
        ("completed", "2026-03-04", [("0DB64Z3", None)]),
        ("in-progress", "2025-12-31", [("0DB64Z3", date(2025, 12, 31))]),
    ],
)
def test_status(tmp_path: Path, status: str, when: str, expected: list[Any]) -> None:
    result = one(tmp_path / "x", procedure(status=status, performedDateTime=when))
    assert days(result) == expected


@pytest.mark.parametrize("system", [PCS, "http://hl7.org/fhir/sid/icd-10-pcs", "urn:oid:2.16.840.1.113883.6.4"])
def test_icd_10_pcs_is_placed_by_the_catalogue(tmp_path: Path, system: str) -> None:
    assert days(one(tmp_path / "x", procedure("0db64z3", system))) == [("0DB64Z3", None)]


def test_codes_without_a_place_are_told_and_counted(tmp_path: Path) -> None:
    report = FhirReport()
    nameless = procedure()
    nameless["code"] = {"text": "something"}
    rows = [procedure("999", SCT), procedure("999", SCT), procedure("0DB", PCS), procedure("x", "urn:own"), nameless]
    result = one(tmp_path / "x", *rows, report=report)
    assert days(result) == []
    assert result.notes[1:] == (
        "code 999 of http://snomed.info/sct has no place in the catalogue (2 times)",
        "code 0DB of http://www.cms.gov/Medicare/Coding/ICD10 has no place in the catalogue",
        "code x of urn:own has no place in the catalogue",
    )
    assert report.unplaced == {("(no system)", "(no code)"): 1, (SCT, "999"): 2, (PCS, "0DB"): 1, ("urn:own", "x"): 1}
    assert (report.patients, report.procedures) == (1, 5)


def test_one_known_coding_is_enough(tmp_path: Path) -> None:
    both = procedure()
    both["code"]["coding"].insert(0, {"system": "urn:own", "code": "x"})
    result = one(tmp_path / "x", both)
    assert days(result) == [("0DB64Z3", None)]
    assert not any("no place" in note for note in result.notes)


def test_the_users_table_extends_and_overrules(tmp_path: Path) -> None:
    table = tmp_path / "codes.csv"
    table.write_text(f"system,code,procedure\nurn:own,x,rhinoplasty\n{SCT},265764009,0DB64Z3\n\n")
    result = one(
        tmp_path / "x",
        procedure("x", "urn:own"),
        procedure("265764009", SCT),
        procedure("11466000", SCT),
        code_table=table,
    )
    assert {name for name, _ in days(result)} == {"rhinoplasty", "0DB64Z3", "caesarean"}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("code,procedure\n", "column names"),
        ("", "column names"),
        ("system,code,procedure\na,b\na,,rhinoplasty\nu,v,wingectomy\n", "line 2 .*line 3 .*line 4"),
        ("system,code,procedure\na,b,rhinoplasty\na,b,facelift\n", "second time"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, content: str, what: str) -> None:
    table = tmp_path / "codes.csv"
    table.write_text(content)
    with pytest.raises(ReadingError, match=what):
        read_fhir(tmp_path, AS_OF, code_table=table)
    with pytest.raises(ReadingError):
        CodeTable(tmp_path / "none.csv")


def test_repeats_count_once(tmp_path: Path) -> None:
    dialysis = [procedure("265764009", SCT, performedDateTime=f"2025-0{month}-01") for month in (3, 2, 4)]
    sleeves = [procedure(performedDateTime=f"202{year}-01-01") for year in (3, 5, 4)]
    result = one(tmp_path / "x", *dialysis, *sleeves, procedure())
    assert days(result) == [("dialysis", date(2025, 2, 1)), ("0DB64Z3", date(2025, 1, 1))]


def test_the_most_recent_sixteen_are_kept(tmp_path: Path) -> None:
    slugs = [each.slug for each in default_catalog().procedures[:20]]
    table = tmp_path / "codes.csv"
    table.write_text("system,code,procedure\n" + "".join(f"urn:own,{slug},{slug}\n" for slug in slugs))
    rows = [procedure(slug, "urn:own", performedDateTime=f"20{n + 1:02d}-01-01") for n, slug in enumerate(slugs)]
    result = one(tmp_path / "x", *rows, code_table=table)
    assert [name for name, _ in days(result)] == slugs[:3:-1]
    assert result.notes == ("4 older procedures left out, 16 kept",)


def test_tests_and_hospital_care_hide_nothing(tmp_path: Path) -> None:
    catalog = default_catalog()
    scan = next(each.slug for each in catalog.procedures if each.domain == "tests-and-hospital-care")
    table = tmp_path / "codes.csv"
    table.write_text(f"system,code,procedure\nurn:own,scan,{scan}\n")
    rows = [procedure(performedDateTime="2025-01-01"), procedure("scan", "urn:own", performedDateTime="2025-12-01")]
    result = one(tmp_path / "x", *rows, code_table=table)
    assert days(result) == [("0DB64Z3", date(2025, 1, 1))]
    assert "1 procedures set aside" in result.notes[0]


@pytest.mark.parametrize(
    ("who", "where"),
    [
        (patient(deceasedBoolean=True), "deceased"),
        (patient(deceasedDateTime="2020-01-01"), "deceased"),
        (patient(active=False), "active"),
        (patient(birthDate="last year"), "birthDate"),
        (patient(birthDate="2019-01-01"), "birth_year"),
        ({"resourceType": "Patient"}, "id"),
    ],
)
def test_patients_that_stay_out_say_why(tmp_path: Path, who: dict[str, Any], where: str) -> None:
    result = one(tmp_path / "x", who=who)
    assert result.member is None
    assert where in [problem.where for problem in result.problems]


@pytest.mark.parametrize("born", ["1980", "1980-05"])
def test_partial_birth_dates_and_the_living(tmp_path: Path, born: str) -> None:
    result = one(tmp_path / "x", who=patient(birthDate=born, deceasedBoolean=False, active=True))
    assert result.member is not None
    assert result.member.birth_year == 1980


def test_ids_that_do_not_fit_are_hashed(tmp_path: Path) -> None:
    result = one(tmp_path / "x", procedure(subject="Patient/a.b"), who=patient("a.b"))
    assert result.member is not None
    assert result.member.member_id.startswith("fhir-")
    assert len(result.member.procedures) == 1
    assert "hashed" in result.notes[0]


@pytest.mark.parametrize(
    "reference",
    ["Patient/p1", "https://host/fhir/Patient/p1", "Patient/p1/_history/3", "http://h/Patient/p1/_history/v"],
)
def test_references_of_all_kinds(tmp_path: Path, reference: str) -> None:
    assert len(days(one(tmp_path / "x", procedure(subject=reference)))) == 1


def test_procedures_of_nobody_are_told(tmp_path: Path) -> None:
    report = FhirReport()
    rows = [
        procedure(subject="Patient/ghost"),
        procedure(subject="Group/g"),
        procedure(subject="Patient/ghost"),
        "{bad",
        "[]",
    ]
    path = export(tmp_path / "x", [patient()], rows)
    results = list(read_fhir(path, AS_OF, report=report))
    told = [str(problem) for result in results for problem in result.problems]
    assert [result.line for result in results] == [2, 4, 5, 1, 1]
    assert sum(result.member is not None for result in results) == 1
    assert "names no patient" in told[0]
    assert "2 procedures name a patient that is not in the export" in told[-1]
    assert report.without_patient == 3


def test_the_same_patient_twice(tmp_path: Path) -> None:
    path = export(tmp_path / "x", [patient(), patient(), "not json"])
    results = list(read_members(path, AS_OF))
    assert [result.member is not None for result in results] == [True, False, False]


def test_packed_files_several_files_and_one_mixed_file(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    for number in (1, 2):
        packed = gzip.compress(json.dumps(patient(f"p{number}")).encode())
        (folder / f"Patient.00{number}.ndjson.gz").write_bytes(packed)
    (folder / "Procedure.ndjson").write_text(json.dumps(procedure(subject="Patient/p2")))
    (folder / "Condition.ndjson").write_text("never read")
    results = list(read_members(folder, AS_OF))
    assert [(r.line, r.member_id, len(days(r))) for r in results] == [(1, "p1", 0), (2, "p2", 1)]
    mixed = tmp_path / "all.ndjson"
    mixed.write_text("\n".join(map(json.dumps, [procedure(), patient(), {"resourceType": "Encounter"}])))
    (result,) = read_fhir(mixed, AS_OF)
    assert days(result) == [("0DB64Z3", None)]


def test_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "y.txt").write_text("")
    for path in (tmp_path / "x", tmp_path / "y.txt", tmp_path / "none"):
        with pytest.raises(ReadingError):
            list(read_fhir(path, AS_OF))
    with pytest.raises(ReadingError, match="no rows"):
        list(read_fhir(export(tmp_path / "z", []), AS_OF))
