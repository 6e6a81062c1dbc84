"""Work that nobody waits for gives way, and loses nothing on the way."""

from __future__ import annotations

import os
import threading

import pytest

from service import aside
from service.precedence import LOOK_AGAIN_S, Precedence, standing_back


def test_everything_comes_in_order_with_a_rest_after_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr("time.sleep", lambda seconds: done.append("a rest" if seconds > 0 else "none"))
    done.extend(aside.giving_way("abcde", 2))
    assert done == ["a", "b", "a rest", "c", "d", "a rest", "e"]


def test_it_goes_on_when_nobody_is_being_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr("time.sleep", rests.append)
    others = Precedence()
    others.taken = lambda: len(rests) % 4 != 0
    with standing_back(others, 60.0):
        assert list(aside.giving_way("abcde", 2)) == list("abcde")
    assert rests == [aside.REST_S, *[LOOK_AGAIN_S] * 3] * 2


def test_short_work_does_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr("time.sleep", rests.append)
    assert list(aside.giving_way(range(aside.AT_A_TIME - 1))) == list(range(aside.AT_A_TIME - 1))
    assert rests == []


def test_work_aside_has_the_processors_when_nobody_else_wants_them() -> None:
    """On Linux, which the tests run on; elsewhere threads have no priority of their own."""
    ours, theirs, done = os.getpriority(os.PRIO_PROCESS, 0), [], threading.Event()

    def work() -> None:
        theirs.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        done.set()

    aside.in_a_thread(work)
    assert done.wait(60)
    assert theirs == [max(ours, aside.LAST)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == ours
