"""Compiled code never outlives the sources it was made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher import compilation


def test_a_change_anywhere_in_the_package_starts_a_new_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "_PACKAGE", tmp_path)
    callee = tmp_path / "inner" / "callee.py"
    callee.parent.mkdir()
    callee.write_text("half = 0.5")
    folder = compilation._cache_folder.__wrapped__
    before = Path(folder())
    assert folder() == str(before)
    assert before.is_dir()
    callee.write_text("half = 0.6")
    after = Path(folder())
    assert after != before
    assert after.is_dir()
    assert not before.exists()


def test_sources_that_cannot_be_written_beside_are_compiled_into_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__pycache__").write_text("a file where a folder should be")
    monkeypatch.setattr(compilation, "_PACKAGE", package)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Path(compilation._cache_folder.__wrapped__()).parent == tmp_path / "cache" / "peer-matcher"
