"""What plans say that they depend on, and what workers must agree in."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.executors import engine_version
from matcher.provenance import processor, versions


def test_versions_cover_what_computes() -> None:
    names = [name for name, _ in versions()]
    assert names == ["python", "peer-matcher", "numpy", "numba", "scipy", "faiss-cpu", "pyarrow", "processor"]
    assert all(said and said != "unknown" for _, said in versions())


def test_narrower_vectors_are_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    here, ours = processor(), engine_version.engine_version()
    narrow = {"SIMD Extensions": {"baseline": ["SSE"], "not found": ["SSE2"]}}
    monkeypatch.setattr(np, "show_config", lambda mode: narrow)
    assert processor() != here
    assert processor().endswith(" SSE")
    assert dict(versions())["processor"] == processor()
    engine_version._versions.cache_clear()
    theirs = engine_version.engine_version()
    engine_version._versions.cache_clear()
    assert (engine_version.difference(ours, theirs) or "").startswith("processor is ")
