"""docs/members.md is complete, and its examples work as they stand."""

from __future__ import annotations

import contextlib
import io
import json
import re
from datetime import date
from pathlib import Path

import pytest

from matcher.members.fhir_codes import CodeTable
from matcher.members.profile import MemberProfile
from matcher.members.reading import read_valid

PAGE = (Path(__file__).parents[2] / "docs" / "members.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)


def block(start: str) -> str:
    found: list[str] = [text for _, text in BLOCKS if text.startswith(start)]
    assert len(found) == 1
    return found[0]


def test_every_field_is_described() -> None:
    table = PAGE.split("## The fields")[1].split("## Reading")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert re.findall(r"`(\w+)`", " ".join(first_cells)) == list(MemberProfile.model_fields)


@pytest.mark.parametrize(("start", "name"), [("member_id,consent", "a.csv"), ('{"member_id"', "a.ndjson")])
def test_the_file_examples_are_read(tmp_path: Path, start: str, name: str) -> None:
    path = tmp_path / name
    path.write_text(block(start), encoding="utf-8")
    first = read_valid(path, date(2026, 1, 1))[0]
    assert first.procedures[0].procedure == "sleeve-gastrectomy"
    assert first.consent


def test_the_code_example_and_the_python_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("members.csv").write_text(block("member_id,consent") + "m 3,,,,,,\n", encoding="utf-8")
    Path("our_codes.csv").write_text(block("system,code"), encoding="utf-8")
    Path("export").mkdir()
    Path("export/Patient.ndjson").write_text(json.dumps({"resourceType": "Patient", "id": "p1"}))
    assert CodeTable("our_codes.csv").place("urn:our-hospital:codes", "OP-17") == "0DB64Z3"
    said = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(said):
        for _, text in [each for each in BLOCKS if each[0] == "python"]:
            exec(text, names)
    assert "2 is m1" in said.getvalue()
    assert "4 has" in said.getvalue()
    assert "p1 () ()" in said.getvalue()
