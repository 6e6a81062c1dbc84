"""Storing rows, in this process or in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess

from service.database_url import database_target
from service.storage import members
from service.storage.database import Database
from tests.database_places import Place

AT = "2026-01-02T03:04:05.000006+00:00"
WITHIN_S = 60.0
_processes = get_context("forkserver")  # loads our packages once, and no thread of the tests is copied


def store(database: Database, profiles: dict[str, str]) -> dict[str, members.MemberRow]:
    """Store profiles in one transaction."""
    with database.writing() as connection:
        present = members.some(connection, list(profiles))
        return members.write(connection, profiles, present, AT)


def writes_in_turns(database: str, number: int, pipe: Pipe, turns: int) -> None:
    """Open the database, wait for a word, and store three members in each of ``turns`` transactions."""
    opened = Database.open(database_target(database))
    pipe.send("ready")
    pipe.recv()
    for turn in range(turns):
        store(opened, {f"process{number}-{turn}-{part}": "{}" for part in range(3)})
    opened.close()


def writes_and_hangs(database: str, _: int, pipe: Pipe) -> None:
    """Write without committing, and say so."""
    with Database.open(database_target(database)).writing() as connection:
        members.write(connection, {"a": "{}"}, {}, AT)
        pipe.send("ready")
        while True:
            pipe.recv()


@contextmanager
def processes(place: Place, count: int, work: Callable[..., None], *arguments: object) -> Iterator[list[BaseProcess]]:
    """Processes that are ready for work, all started at once; gone afterwards."""
    _processes.set_forkserver_preload([__name__])
    pipes = [_processes.Pipe() for _ in range(count)]
    started: list[BaseProcess] = []
    try:
        for number, (_, theirs) in enumerate(pipes):
            process: BaseProcess = _processes.Process(target=work, args=(place.text, number, theirs, *arguments))
            process.start()
            started.append(process)
            theirs.close()
        for ours, _ in pipes:
            assert ours.poll(WITHIN_S)
            assert ours.recv() == "ready"
        for ours, _ in pipes:
            ours.send("go")
        yield started
    finally:
        for process in started:
            process.kill()
            process.join()
            process.close()
        for ours, theirs in pipes:
            ours.close()
            theirs.close()


@contextmanager
def writing_processes(place: Place, count: int, turns: int) -> Iterator[None]:
    """Processes that open the database at once, and then write as :func:`writes_in_turns` until all is written."""
    with processes(place, count, writes_in_turns, turns) as started:
        yield
        for process in started:
            process.join(WITHIN_S)
        assert [process.exitcode for process in started] == [0] * count
