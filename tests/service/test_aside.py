"""Work that nobody waits for gives way, and loses nothing on the way."""

from __future__ import annotations

import pytest

from service import aside


def test_everything_comes_in_order_with_a_rest_after_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr("time.sleep", lambda seconds: done.append("a rest" if seconds > 0 else "none"))
    done.extend(aside.giving_way("abcde", 2))
    assert done == ["a", "b", "a rest", "c", "d", "a rest", "e"]


def test_short_work_does_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr("time.sleep", rests.append)
    assert list(aside.giving_way(range(aside.AT_A_TIME - 1))) == list(range(aside.AT_A_TIME - 1))
    assert rests == []
