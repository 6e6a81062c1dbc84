"""What a worker keeps between tasks: the one thing that it has read, so that it travels and is read once."""

from __future__ import annotations

import ctypes
import gc
import itertools
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from matcher.passing_folder import passing_folder

IDLE_S = 5.0
"""For so long a worker without work keeps what it holds: then its memory is for others."""
_reading = threading.Lock()
_held: dict[str, Any] = {}
_tasks = itertools.count()
_under_way: set[int] = set()
_idle: list[threading.Timer] = []


@contextmanager
def holding(key: str, read: Callable[[Path], Any], source: Path | Sequence[bytes]) -> Iterator[Any]:
    """What ``read`` makes of a file, for a task. It is kept for the next ones until something else is asked for, or no
    task has come for 5 seconds. Threads of a worker share it.

    Args:
        key: digest of the file.
        read: makes a value of it.
        source: the file, or its bytes in pieces. These pass through a file of the worker's own that is gone when they
            have been read.
    """
    task = next(_tasks)
    with _reading:
        while _idle:
            _idle.pop().cancel()
        if key not in _held:
            _held.clear()  # before anything is read: two would not fit
            _held[key] = read(source) if isinstance(source, Path) else _landed(read, source)
        thing = _held[key]
        _under_way.add(task)
    try:
        yield thing
    finally:
        with _reading:
            _under_way.discard(task)
            if not _under_way:
                _idle.append(threading.Timer(IDLE_S, _forget_if_idle))
                _idle[-1].daemon = True
                _idle[-1].start()


def _forget_if_idle() -> None:
    with _reading:
        if _under_way or not _held:
            return
        _held.clear()
    gc.collect()
    with suppress(OSError, AttributeError):  # of glibc: what many small pieces leave goes back to the machine
        ctypes.CDLL(None).malloc_trim(0)


def forget() -> None:
    """Drop what is held."""
    with _reading:
        _held.clear()


def _landed(read: Callable[[Path], Any], pieces: Sequence[bytes]) -> Any:
    with passing_folder(_own_folder()) as folder:
        path = folder / "thing"
        with path.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        return read(path)


def _own_folder() -> Path:
    """The folder that a Dask worker was given for its files; elsewhere the system's for temporary ones."""
    try:
        from distributed import get_worker

        return Path(get_worker().local_directory)
    except (ImportError, ValueError):
        return Path(tempfile.gettempdir())
