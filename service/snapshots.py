"""Snapshots of the index beside the database: only ever a shortcut, the database is the truth.

A snapshot's name says how far along which history it stands, so one that belongs to another database, or to a past that
a restored database has left, is passed over.
"""

from __future__ import annotations

from pathlib import Path

import structlog
from sqlalchemy import Connection

from matcher import MemberIndex
from matcher.errors import SnapshotError
from service.storage.changes import fingerprint, newest_seq

_SUFFIX = ".index"
_log = structlog.get_logger(__name__)


def _stand(path: Path) -> int:
    number = path.name.partition("-")[0]
    return int(number) if number.isdecimal() else -1


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_SUFFIX}"), key=_stand, reverse=True)


def _name(connection: Connection, seq: int) -> str:
    return f"{seq}-{fingerprint(connection, seq)}{_SUFFIX}"


def load_newest(connection: Connection, folder: Path) -> tuple[MemberIndex, int] | None:
    """The newest snapshot that belongs to this history, and the change up to which it stands; None without one.

    One that is damaged, or of another version, is reported and passed over.
    """
    newest = newest_seq(connection)
    for path in _newest_first(folder):
        seq = _stand(path)
        if not 0 <= seq <= newest or path.name != _name(connection, seq):
            continue
        try:
            return MemberIndex.load(path), seq
        except SnapshotError as error:
            _log.warning(
                "snapshot_unusable", file=path.name, what=error.what, found=error.found, expected=error.expected
            )
        except OSError as error:  # another process has cleared it away, or may not be read
            _log.warning("snapshot_unreadable", file=path.name, what=error.strerror)
    return None


def save(connection: Connection, folder: Path, index: MemberIndex, seq: int) -> bool:
    """Write the index as it stands at ``seq``, whole or not at all, and clear older ones away; whether it is written.

    Where that cannot be done (a full disk, or somebody is erased meanwhile and all snapshots go) the log says so and
    nothing else suffers.
    """
    path = folder / _name(connection, seq)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        index.save(path)
        for other in _newest_first(folder):
            if other != path and _stand(other) <= seq:
                other.unlink(missing_ok=True)
        for left in folder.glob(f".*{_SUFFIX}.*"):  # by a process that was killed while it wrote one
            left.unlink(missing_ok=True)
    except (OSError, SnapshotError) as error:
        what = error.found if isinstance(error, SnapshotError) else error.strerror
        _log.warning("snapshot_not_saved", file=path.name, what=what)
        return False
    _log.info("snapshot_saved", file=path.name, seq=seq, members=len(index))
    return True


def clear_away(folder: Path) -> None:
    """Delete snapshots of which none is used; where that cannot be done the log says so."""
    try:
        forget(folder)
    except OSError as error:
        _log.warning("snapshot_not_cleared_away", what=error.strerror)


def forget(folder: Path) -> None:
    """Delete all snapshots and what an interrupted one left: they may hold somebody who was erased."""
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.is_file() and _SUFFIX in path.name:
            path.unlink(missing_ok=True)
