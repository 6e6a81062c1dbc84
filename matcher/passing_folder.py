"""Folders for a while. They are gone after the block, however it ends; and if the process is killed in it, as soon as
the next one makes such a folder in the same place, or asks.

While a folder is in use, its maker holds a lock of the operating system on it, which ends with the process. So whether
somebody still uses it can be told without a process id, which another process may have by now, or a container count
from 1 again.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PREFIX = ".peer-matcher-passing-"
_TRIES = 100


@contextmanager
def passing_folder(parent: Path) -> Iterator[Path]:
    """A new folder for its owner's eyes alone, deleted after the block unless it was renamed.

    Args:
        parent: where to make it; what killed processes left there goes first.

    Raises:
        OSError: if nothing can be written there.
    """
    sweep(parent)
    folder, lock = _made(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def sweep(parent: Path) -> int:
    """Delete the folders that killed processes of this user have left; returns how many.

    One that another process uses stays, and where the file system knows no locks, all do.
    """
    if sys.platform == "win32":
        return 0
    removed, found = 0, []
    with suppress(OSError):
        found = list(parent.glob(f"{_PREFIX}*"))
    for path in found:
        with suppress(OSError):
            if path.is_symlink() or not path.is_dir() or path.stat().st_uid != os.getuid():
                continue
            lock = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
                removed += 1
            finally:
                os.close(lock)
    return removed


def _made(parent: Path) -> tuple[Path, int | None]:
    """A folder and what holds its lock; between the two steps somebody who sweeps may have taken it for left."""
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=_PREFIX))
        if sys.platform == "win32":
            return folder, None
        try:
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        except OSError:  # no locks here: nobody else can take it either
            return folder, lock
        if folder.exists():
            return folder, lock
        os.close(lock)
    raise FileExistsError(17, "no folder of its own could be made", str(parent))
