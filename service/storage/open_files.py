"""Touching the file of an SQLite database that is open in this process, without breaking its locks.

Whoever closes any descriptor of a file loses all locks that the process holds on it (POSIX says so). SQLite knows and
never does; if we did, the next process that closes the database would take itself for the last, remove the WAL from
under us, and what others write from then on would be seen here never again. So a file that is there is not opened
where SQLite can do it, and a descriptor that had to be opened is kept.
"""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

_kept: dict[tuple[int, int], int] = {}
_keeping = threading.Lock()


def make_own(path: Path) -> None:
    """Make a file that its owner alone can read, unless it is there.

    Raises:
        OSError: if it cannot be made, or may not be written.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None


def read_at(path: Path, place: int, size: int) -> bytes:
    """Up to ``size`` bytes of the file from ``place`` on; the descriptor stays open as long as the process lives."""
    found = path.stat()
    with _keeping:
        descriptor = _kept.get((found.st_dev, found.st_ino))
        if descriptor is None:
            descriptor = os.open(path, os.O_RDONLY)
            _kept[found.st_dev, found.st_ino] = descriptor
        os.lseek(descriptor, place, os.SEEK_SET)
        return os.read(descriptor, size)
