"""A lock between processes for the moment in which a database is opened and migrated.

Two that start at once on a new file would both switch it to WAL and both make the tables. The lock is the operating
system's, so it ends with its holder, however that ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def opening_lock(database: Path) -> Iterator[None]:
    """Hold the lock of ``database``; waits for another holder. The lock file stays and is empty."""
    path = database.with_name(database.name + ".lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
