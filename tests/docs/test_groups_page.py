"""The page for coordinators names every key of a spec, with the default that it has."""

from __future__ import annotations

import re
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic.fields import FieldInfo

from matcher.grouping.attribute_names import PLAIN_ATTRIBUTES
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.meeting import Meeting
from matcher.grouping.mix import MixRule
from matcher.grouping.spec import GroupSpec, Preferences, Size, Thresholds, Who
from matcher.grouping.spec_part import SpecPart
from matcher.grouping.spec_reading import read_spec
from matcher.grouping.staffing import Facilitation, Staff
from service.reports.group_files import FILES, spec_text

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "groups.md").read_text(encoding="utf-8")
PARTS = (Who, Size, Meeting, Facilitation, Staff, MixRule, Thresholds, Preferences, ExistingGroup)
ROWS: dict[str, list[str]] = {}
for keys, default in re.findall(r"^\| (`[^|]*`) \|([^|]*)\|.*\|$", PAGE, flags=re.MULTILINE):
    for key in re.findall(r"`([^`]*)`", keys):
        ROWS.setdefault(key, []).append(default.strip())


def is_part(kind: Any) -> bool:
    if get_origin(kind) in {Union, UnionType, tuple}:
        return any(is_part(inner) for inner in get_args(kind))
    return isinstance(kind, type) and issubclass(kind, SpecPart)


@pytest.mark.parametrize("part", [GroupSpec, *PARTS])
def test_every_key_is_explained(part: type[SpecPart]) -> None:
    for key, field in part.model_fields.items():
        if is_part(field.annotation) and part is GroupSpec:
            assert f"[{key}]" in PAGE, key
        else:
            assert key in ROWS, key


def plain_default(field: FieldInfo) -> str | None:
    """The default as the page writes it; ``None`` where it takes words."""
    default = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, str):
        return f'`"{default}"`'
    return f"{default:g}" if isinstance(default, int | float) else None


@pytest.mark.parametrize("part", [Who, Size, Meeting, MixRule, Thresholds])
def test_defaults_are_told(part: type[SpecPart]) -> None:
    for key, field in part.model_fields.items():
        told = [part for default in ROWS[key] for part in (default, *default.replace("1.0", "1").split(", "))]
        if field.is_required():
            assert "required" in told, key
        elif (plain := plain_default(field)) is not None:
            assert plain in told, key


def test_attributes_and_files_are_named() -> None:
    assert all(f"`{attribute}`" in PAGE for attribute in PLAIN_ATTRIBUTES)
    assert all(f"`{name}`" in PAGE or f"`{name.partition('.')[0]}`" in PAGE for name in FILES)


@pytest.mark.parametrize("path", sorted((DOCS / "examples").glob("groups*.toml")), ids=lambda path: path.stem)
def test_examples_are_specs_and_are_linked(path: Path, tmp_path: Path) -> None:
    spec = read_spec(path)
    assert f"examples/{path.name}" in PAGE
    (tmp_path / "again.toml").write_text(spec_text(spec), encoding="utf-8")
    assert read_spec(tmp_path / "again.toml") == spec
