"""Compiled code never outlives the sources it was made from, and what is not counted is never handed out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from numba.core.errors import NumbaError

from matcher import compilation

Floats = npt.NDArray[np.float64]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of its own: ``outer`` imports ``middle``, and that a function of ``inner``'s module ``callee``."""
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    (package / "inner" / "__init__.py").write_text("")
    (package / "inner" / "callee.py").write_text("half = 0.5")
    (package / "middle.py").write_text("from matcher.inner import (\n    callee,\n)\n")
    (package / "outer.py").write_text("from matcher.middle import callee\n")
    (package / "stranger.py").write_text("")
    monkeypatch.setattr(compilation, "_PACKAGE", package)
    return package


def _folder(file: Path) -> Path:
    compilation._source.cache_clear()
    compilation._cache_folder.cache_clear()
    return Path(compilation._cache_folder(file))


def test_a_change_in_what_a_module_imports_starts_a_new_cache(package: Path) -> None:
    before = _folder(package / "outer.py")
    assert _folder(package / "outer.py") == before
    assert before.is_dir()
    (package / "inner" / "callee.py").write_text("half = 0.6")
    after = _folder(package / "outer.py")
    assert after != before
    assert after.is_dir()
    assert not before.exists()


def test_a_change_elsewhere_leaves_the_cache_alone(package: Path) -> None:
    before = _folder(package / "outer.py")
    (package / "stranger.py").write_text("half = 0.6")
    other = _folder(package / "stranger.py")
    assert _folder(package / "outer.py") == before
    assert other != before
    assert before.is_dir()


def test_sources_that_cannot_be_written_beside_are_compiled_into_the_users_cache(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "__pycache__").write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert _folder(package / "outer.py").parent == tmp_path / "cache" / "peer-matcher"


def _filled(numbers: Floats) -> None:
    for i in range(numbers.size):
        numbers[i] = 1.0


def _made(size: int) -> int:
    return int(np.empty(size).size)


def _handed_out(numbers: Floats) -> Floats:
    return numbers[:1]


def test_what_runs_in_place_makes_no_array_and_hands_none_out() -> None:
    numbers = np.zeros(3)
    compilation.compiled_in_place(_filled)(numbers)
    assert numbers.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(NumbaError):  # compiled with memory that nobody counts, it would never be given back
        compilation.compiled_in_place(_made)(3)
    with pytest.raises(TypeError, match="_handed_out"):
        compilation.compiled_in_place(_handed_out)
