"""The Python examples of the documentation run as they stand (those of docs/members.md need files: tests/members)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted({ROOT / "README.md", *(ROOT / "docs").glob("*.md")} - {ROOT / "docs" / "members.md"})
EXAMPLES = [
    pytest.param(page, number, code, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL))
]


def test_pages_have_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize(("page", "number", "code"), EXAMPLES)
def test_example_runs(page: Path, number: int, code: str) -> None:
    exec(compile(code, f"{page.name}[{number}]", "exec"), {"__name__": "example"})
