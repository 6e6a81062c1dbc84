"""The command line: teaches, reports, and says what went wrong in one line."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from matcher import MemberProfile
from service.settings import DEFAULT_DATABASE
from tests.service.conftest import Run, Served, ndjson


def test_help_teaches(run: Run) -> None:
    said = run("--help")
    assert said.code == 0
    for command in ("serve", "import", "buddies", "sample", "catalog", "keys"):
        assert re.search(rf"^  {command} ", said.out, re.MULTILINE)
        assert run(command, "--help").code == 0
    assert run("--version").out.strip()
    assert run("fly").code == 2


def test_sample_import_buddies(run: Run, tmp_path: Path) -> None:
    assert run("sample", 300, "--out", "members.csv", "--seed", 3).out == "300 members in members.csv\n"
    imported = run("import", "members.csv")
    assert (imported.code, imported.out) == (0, "300 stored, 0 rejected\n")
    assert "300, done" in imported.err
    asked = run("buddies", "m0000003", "-k", 2, "--json")
    answer = json.loads(asked.out)
    assert (asked.code, answer["k"], answer["as_of"]) == (0, 2, "2026-01-01")
    shown = run("buddies", "m0000003", "-k", 2)
    assert all(peer["member_id"] in shown.out for peer in answer["peers"])
    assert (tmp_path / (DEFAULT_DATABASE.name + ".index")).is_dir(), "the next question starts from a snapshot"


def test_rejected_rows_are_listed_and_written(run: Run, people: list[MemberProfile], tmp_path: Path) -> None:
    bad = b'{"member_id": "b1", "status": "asleep"}\n{"member_id": "b2", "shoe_size": 1}\nnonsense\n'
    (tmp_path / "mixed.ndjson").write_bytes(ndjson(people[:5]) + bad)
    said = run("import", "mixed.ndjson", "--rejects", "bad.ndjson", "--show", 2)
    assert said.code == 1
    assert said.out.startswith("5 stored, 3 rejected\n")
    assert "shoe_size" in said.out
    assert "and 1 more" in said.out
    rejects = [json.loads(line) for line in (tmp_path / "bad.ndjson").read_text().splitlines()]
    assert [row["line"] for row in rejects] == [6, 7, 8]
    assert rejects[0]["problems"][0]["where"] == "status"


def test_consent_that_is_held_elsewhere(run: Run, people: list[MemberProfile], tmp_path: Path) -> None:
    member = next(member for member in people if member.consent)
    (tmp_path / "one.ndjson").write_bytes(ndjson([member.model_copy(update={"consent": False})]))
    for options, barred in (((), True), (("--consent",), False)):
        assert run("import", "one.ndjson", *options).code == 0
        answer = json.loads(run("buddies", member.member_id, "--json").out)
        assert ("consent" in answer["funnel"]["barriers"]) is barred


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty.csv": (b"", "empty.csv"),
    "empty.ndjson": (b"", "no rows"),
    "cut.ndjson.gz": (gzip.compress(b'{"member_id": "a"}\n' * 1)[:-9], "ends early"),
    "packed.ndjson": (gzip.compress(b"{}"), "gzip"),
    "members.xlsx": (b"PK", "known form"),
    "members.parquet": (b"PAR1 no more", "parquet"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_files_that_cannot_be_read(run: Run, tmp_path: Path, name: str) -> None:
    content, told = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    said = run("import", name)
    assert said.code == 2
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("peer-matcher: ")
    assert told in last
    assert "accepted" in last
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("import", "nowhere.csv"), "no such file"),
        (("buddies", "a"), "no file peer-matcher.db"),
        (("buddies", "a", "--url", "http://127.0.0.1:1"), "cannot be reached"),
        (("buddies", "a", "--url", "nonsense"), "cannot be reached"),
        (("sample", "5", "--out", "members.doc"), "known form"),
        (("sample", "5", "--out", "no/such/folder/members.csv"), "cannot be written"),
        (("serve", "--host", "192.0.2.1"), "not encrypted"),
        (("import", "x.csv", "--database", "/proc/none/x.db"), "/proc/none"),
    ],
)
def test_errors_are_one_line(run: Run, arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("member_id\na\n")
    said = run(*arguments)
    assert said.code == 2
    assert told in said.err
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize("arguments", [("sample", "0", "-o", "x.csv"), ("buddies",), ("serve", "--port", "x")])
def test_misuse_is_explained(run: Run, arguments: tuple[str, ...]) -> None:
    said = run(*arguments)
    assert said.code == 2
    assert "Usage:" in said.err


def test_buddies_of_a_running_service(
    run: Run, shared: Served, seeker: MemberProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(shared.client.base_url)
    refused = run("buddies", seeker.member_id, "--url", url, "--key", "ключ")
    assert (refused.code, refused.out) == (2, "")
    assert "peer-matcher: 401" in refused.err
    monkeypatch.setenv("PEER_MATCHER_KEY", shared.client.headers["authorization"].removeprefix("Bearer "))
    asked = run("buddies", seeker.member_id, "--url", url, "--kind", "mentor", "--json")
    assert json.loads(asked.out) == shared.answer(seeker.member_id, kind="mentor")
    for arguments, told in ((("nobody",), "404"), ((seeker.member_id, "-k", "0"), "422"), (("../readyz",), "4")):
        refused = run("buddies", *arguments, "--url", url)
        assert refused.code == 2
        assert f"peer-matcher: {told}" in refused.err


def test_catalog(run: Run) -> None:
    assert "rhinoplasty" in run("catalog", "--find", "rhino").out
    assert "Symptoms" in run("catalog", "topics").out
    assert run("catalog", "interests").code == 0
    assert run("catalog", "songs").code == 2


def test_a_fhir_export(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    patients = [
        {
            "resourceType": "Patient", "id": f"p{i}", "birthDate": "1980-05-01", "gender": "female",
            "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "en"}]}}],
        }
        for i in range(2)
    ]  # fmt: skip
    coding = {"system": "http://www.cms.gov/Medicare/Coding/ICD10", "code": "0DB64Z3"}
    procedures = [
        {
            "resourceType": "Procedure", "id": f"e{i}", "status": "completed",
            "subject": {"reference": f"Patient/p{i}"},
            "code": {"coding": [coding]}, "performedDateTime": "2025-11-01",
        }
        for i in range(2)
    ]  # fmt: skip
    for name, resources in (("Patient", patients), ("Procedure", procedures)):
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(resource) + "\n" for resource in resources))
    assert run("import", folder).out.startswith("2 stored, 0 rejected\n")
    assert json.loads(run("buddies", "p0", "--json").out)["peers"] == []
    assert run("import", folder, "--consent").code == 0
    answer = json.loads(run("buddies", "p0", "--json").out)
    assert [peer["member_id"] for peer in answer["peers"]] == ["p1"]
