"""A crew: workers of an executor who have all read the same thing once and then do many tasks with it."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import xxhash

from matcher.errors import WorkersLost
from matcher.executors.dask_cluster import are_gone, client_of, losses, ship_pieces
from matcher.executors.held import forget, holding
from matcher.passing_folder import passing_folder

T = TypeVar("T")
R = TypeVar("R")
MOST_LOSSES = 3
"""Times that workers may die under one call before it gives up."""
LOOK_SECONDS = 1.0
"""How often one looks whether workers still hold what they were sent: a task that waits for it in vain does not end."""


def written(thing: object, path: Path) -> None:
    """A thing as a file that :func:`read_back` reads: by pickle, for workers of our own only."""
    with path.open("wb") as file:
        pickle.dump(thing, file, protocol=5)


def read_back(path: Path) -> Any:
    """What :func:`written` wrote."""
    with path.open("rb") as file:
        return pickle.load(file)


class Crew(Generic[T]):
    """Workers who hold one thing; made by :func:`hired`."""

    def __init__(self, thing: T, executor: Executor | None, path: Path | None, read: Callable[[Path], T]) -> None:
        self._thing, self._executor, self._path, self._read = thing, executor, path, read
        self._key = "" if path is None else _digest(path)
        self._source: Any = None

    def each(self, function: Callable[..., R], tasks: Sequence[tuple[Any, ...]]) -> Iterator[R]:
        """``function(thing, *task)`` of every task, in their order, whoever does them and whoever dies meanwhile.

        Args:
            function: of a module, so that workers find it by name. What it returns travels: bytes of Arrow tables.
            tasks: what it is given besides the thing.

        Raises:
            WorkersLost: if workers died more than three times.
            ClusterError: if there are no workers left.
        """
        if self._executor is None:
            for task in tasks:
                yield function(self._thing, *task)
            return
        lost: tuple[type[BaseException], ...] = (BrokenExecutor, *losses())
        if self._source is None:
            self._ship()
        waiting = [self._submit(function, task) for task in tasks]
        died = 0
        try:
            for place in range(len(tasks)):
                while (error := self._loss(waiting[place], lost)) is not None:
                    died += 1
                    if died > MOST_LOSSES:
                        raise WorkersLost(died) from error
                    self._ship()
                    for again in range(place, len(tasks)):
                        if not _is_settled(waiting[again], lost):
                            waiting[again].cancel()
                            waiting[again] = self._submit(function, tasks[again])
                result = waiting[place].result()
                waiting[place] = Future()  # lets go of it
                yield result
        finally:
            for future in waiting:
                future.cancel()

    def _loss(self, future: Future[Any], lost: tuple[type[BaseException], ...]) -> BaseException | None:
        """Waits for a task; the error if workers died over it."""
        while True:
            try:
                error = future.exception(LOOK_SECONDS)
            except CancelledError as gone:
                return gone
            except TimeoutError as late:
                if are_gone(self._source):
                    return late
            else:
                return error if isinstance(error, lost) else None

    def _ship(self) -> None:
        assert self._executor is not None
        assert self._path is not None
        client = client_of(self._executor)
        self._source = self._path if client is None else ship_pieces(client, self._path)

    def _submit(self, function: Callable[..., R], task: tuple[Any, ...]) -> Future[R]:
        assert self._executor is not None
        return self._executor.submit(_work, self._key, self._read, self._source, function, task)


def _is_settled(future: Future[Any], lost: tuple[type[BaseException], ...]) -> bool:
    return future.done() and not future.cancelled() and not isinstance(future.exception(), lost)


def _work(key: str, read: Callable[[Path], Any], source: Any, function: Callable[..., R], task: tuple[Any, ...]) -> R:
    with holding(key, read, source) as thing:
        return function(thing, *task)


def _digest(path: Path) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while piece := file.read(1 << 24):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def hired(
    thing: T,
    executor: Executor | None,
    write: Callable[[T, Path], None] = written,
    read: Callable[[Path], T] = read_back,
) -> Iterator[Crew[T]]:
    """A crew that holds ``thing``.

    It travels once a worker, as a file: workers of this machine read it where it is, those of a Dask cluster get its
    bytes. It is on disk for as long as the block lasts, for its owner only; if the process is killed, until that user's
    next crew is hired.

    Args:
        thing: what every task needs; not to be changed meanwhile.
        executor: of ``concurrent.futures``; ``None`` for this process, where nothing is written.
        write: makes a file of it.
        read: makes it of the file.
    """
    if executor is None:
        yield Crew(thing, None, None, read)
        return
    with passing_folder(Path(tempfile.gettempdir())) as folder:
        path = folder / "thing"
        write(thing, path)
        try:
            yield Crew(thing, executor, path, read)
        finally:
            forget()  # threads of this process were workers, too
