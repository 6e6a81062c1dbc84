"""A worker keeps what it has read for the next task, and not for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matcher.executors import held
from matcher.executors.held import forget, holding


@pytest.fixture
def read() -> Iterator[Callable[[Path], list[str]]]:
    """Reads a thing and remembers how often."""
    reads: list[str] = []

    def read(path: Path) -> list[str]:
        reads.append(path.name)
        return reads

    forget()
    yield read
    forget()


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_kept_for_the_next_task(read: Callable[[Path], list[str]]) -> None:
    for _ in range(3):
        with holding("one", read, Path("one")) as reads:
            assert reads == ["one"]
    with holding("two", read, Path("two")) as reads:
        assert reads == ["one", "two"]
    assert list(held._held) == ["two"], "two things would not fit"


def test_let_go_when_nobody_works(read: Callable[[Path], list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "IDLE_S", 0.02)
    with holding("one", read, Path("one")):
        assert list(held._held) == ["one"]
    wait_until(lambda: not held._held)
    with holding("one", read, Path("one")) as reads:
        assert reads == ["one", "one"], "whoever comes later reads it again"


def test_kept_while_anybody_works(read: Callable[[Path], list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    fired = threading.Semaphore(0)
    whole = held._forget_if_idle

    def seen() -> None:
        whole()
        fired.release()

    monkeypatch.setattr(held, "_forget_if_idle", seen)
    monkeypatch.setattr(held, "IDLE_S", 0.0)
    with ThreadPoolExecutor(1) as pool, holding("one", read, Path("one")):
        begun, ends = threading.Event(), threading.Event()

        def work() -> None:
            with holding("one", read, Path("one")):
                begun.set()
                assert ends.wait(20)

        working = pool.submit(work)
        assert begun.wait(20)
        held._forget_if_idle()
        assert list(held._held) == ["one"]
        ends.set()
        working.result(20)
        held._forget_if_idle()
        assert list(held._held) == ["one"], "one of two is still at work"
    assert fired.acquire(timeout=20)
    wait_until(lambda: not held._held)
