"""A crew does the same whoever works in it and whoever dies, and reads what it needs once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import WorkersLost
from matcher.executors.crew import hired
from matcher.executors.opening import open_executor
from tests.executors import tasks
from tests.executors.conftest import LEFT_OPEN

pytestmark = LEFT_OPEN
THING = [1, 2, 3]
NUMBERS = [(number,) for number in range(12)]


@contextmanager
def executor_of(kind: str, request: pytest.FixtureRequest) -> Iterator[Executor | None]:
    if kind == "threads":
        with ThreadPoolExecutor(2) as threads:
            yield threads
    elif kind == "processes":
        yield request.getfixturevalue("processes")
    elif kind == "dask":
        with open_executor(address=request.getfixturevalue("dask").scheduler_address) as cluster:
            yield cluster
    else:
        with open_executor() as nobody:
            yield nobody


@pytest.mark.parametrize("kind", ["here", "threads", "processes", "dask"])
def test_same_answers_in_order(kind: str, request: pytest.FixtureRequest) -> None:
    with executor_of(kind, request) as executor, hired(THING, executor) as crew:
        found = list(crew.each(tasks.add, NUMBERS))
        again = list(crew.each(tasks.add, NUMBERS[:3]))
    assert [total for total, _ in found] == [6 + number for (number,) in NUMBERS]
    assert [total for total, _ in again] == [6, 7, 8]
    here = {process == os.getpid() for _, process in found}
    assert here == {kind in {"here", "threads"}}


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_workers_read_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    def write(thing: list[int], path: Path) -> None:
        path.write_text("\n".join([str(tmp_path), *map(str, thing)]), encoding="utf-8")

    with executor_of(kind, request) as executor, hired(THING, executor, write, tasks.count_reading) as crew:
        processes = {process for _ in range(2) for _, process in crew.each(tasks.add, NUMBERS)}
    readings = [int(note.name.split("-")[0]) for note in tmp_path.iterdir()]
    assert sorted(readings) == sorted(set(readings))
    assert processes <= set(readings)


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_work_of_a_dead_worker_is_done_again(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    marker = tmp_path / "died"
    work = [(number, 5, str(marker)) for (number,) in NUMBERS]
    with executor_of(kind, request) as executor, hired(THING, executor) as crew:
        found = list(crew.each(tasks.die_once, work))
    assert marker.exists()
    assert found == [6 + number for (number,) in NUMBERS]


@pytest.mark.long
def test_gives_up_on_work_that_always_kills() -> None:
    with open_executor(2) as executor, hired(THING, executor) as crew:
        with pytest.raises(WorkersLost, match="died 4 times") as caught:
            list(crew.each(tasks.die, [(), ()]))
        assert caught.value.times == 4
        assert [total for total, _ in crew.each(tasks.add, [(0,)])] == [6]


def test_a_pool_that_cannot_be_replaced_says_so() -> None:
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        hired(THING, pool) as crew,
        pytest.raises(BrokenProcessPool),
    ):
        list(crew.each(tasks.die, [()]))


@pytest.mark.parametrize("kind", ["here", "processes", "dask"])
def test_errors_of_the_work_reach_the_caller(kind: str, request: pytest.FixtureRequest) -> None:
    done: list[int] = []
    with executor_of(kind, request) as executor, hired(THING, executor) as crew:
        with pytest.raises(LookupError, match="no 3"):
            done.extend(crew.each(tasks.complain, NUMBERS))
        assert next(crew.each(tasks.complain, [(8,)])) == 8


def test_what_is_left_when_the_caller_stops_is_called_off(processes: Executor) -> None:
    with hired(THING, processes) as crew:
        work: Any = crew.each(tasks.add, NUMBERS * 200)
        assert next(work)[0] == 6
        work.close()
        assert [total for total, _ in crew.each(tasks.add, [(1,)])] == [7]


def test_nothing_of_it_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ThreadPoolExecutor(1) as executor, hired(THING, executor) as crew:
        written: Any = list(tmp_path.rglob("thing"))
        assert len(written) == 1
        assert written[0].parent.stat().st_mode & 0o077 == 0
        list(crew.each(tasks.add, NUMBERS))
    assert not list(tmp_path.iterdir())


def test_tasks_travel_without_the_thing() -> None:
    sent: list[int] = []

    class Weighing(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            import pickle

            sent.append(len(pickle.dumps((fn, args, kwargs))))
            return super().submit(fn, *args, **kwargs)

    with Weighing(1) as executor, hired(list(range(100_000)), executor) as crew:
        list(crew.each(tasks.add, [(1,)]))
    assert max(sent) < 2_000
