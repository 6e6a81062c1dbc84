"""What a worker keeps between tasks: the one thing that it has read, so that it travels and is read once."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matcher.passing_folder import passing_folder

_reading = threading.Lock()
_held: dict[str, Any] = {}


def held(key: str, read: Callable[[Path], Any], source: Path | Sequence[bytes]) -> Any:
    """What ``read`` makes of a file; kept until something else is asked for. Threads of a worker share it.

    Args:
        key: digest of the file.
        read: makes a value of it.
        source: the file, or its bytes in pieces. These pass through a file of the worker's own that is gone when they
            have been read.
    """
    with _reading:
        if key not in _held:
            _held.clear()  # before anything is read: two would not fit
            _held[key] = read(source) if isinstance(source, Path) else _landed(read, source)
        return _held[key]


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
