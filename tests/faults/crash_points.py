"""Named places in the service where a process can be made to die, as if the power went at that very line.

The service knows nothing of them: each wraps a function of it, in a process that :mod:`tests.faults.launcher` made.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from matcher import MemberIndex, MemberProfile
from matcher.index import snapshot, snapshot_file
from service import job_folders
from service.live_index import LiveIndex, View
from service.storage import matches, members, rematches
from service.storage.database import Database
from service.use_cases import apply_rematch, swap_ties

Crash = Callable[[], None]


def killing_at(number: int, evidence: Path) -> Crash:
    """A function that ends this process when it is called for the ``number``-th time; a file tells of it."""
    lock, left = threading.Lock(), [number]

    def crash() -> None:
        with lock:
            left[0] -= 1
            if left[0] == 0:
                evidence.touch()
                os.kill(os.getpid(), signal.SIGKILL)

    return crash


def before_commit(crash: Crash) -> None:
    """All statements of a writing transaction are made, and it is not committed."""
    whole = Database.writing

    @contextmanager
    def writing(self: Database) -> Iterator[Connection]:
        with whole(self) as connection:
            yield connection
            crash()

    Database.writing = writing  # type: ignore[method-assign]


def after_commit(crash: Crash) -> None:
    """Committed, and neither the index nor the client knows."""
    whole = Database.write

    def write(self: Database, work: Callable[[Connection], Any]) -> Any:
        result = whole(self, work)
        crash()
        return result

    Database.write = write  # type: ignore[method-assign]


def after_apply(crash: Crash) -> None:
    """Committed and in the index; the client does not know."""
    whole = LiveIndex._followed

    def followed(
        self: LiveIndex, connection: Connection, view: View, known: Mapping[str, MemberProfile] | None = None
    ) -> View:
        seq, view = view.seq, whole(self, connection, view, known)
        if view.seq != seq:
            crash()
        return view

    LiveIndex._followed = followed  # type: ignore[method-assign]


def in_import_chunk(crash: Crash) -> None:
    """Several members of one transaction are written, and their matches are not looked at yet."""
    whole = members.write

    def write(connection: Connection, texts: dict[str, str], *rest: Any) -> Any:
        written = whole(connection, texts, *rest)
        if len(texts) > 1:
            crash()
        return written

    members.write = write  # type: ignore[assignment]


def in_snapshot(crash: Crash) -> None:
    """A part of a snapshot is in its file, which is not in its place."""
    whole = snapshot_file.write_section

    def write_section(*parts: Any, **more: Any) -> Any:
        written = whole(*parts, **more)
        crash()
        return written

    snapshot.write_section = write_section  # type: ignore[attr-defined]


def after_snapshot(crash: Crash) -> None:
    """A snapshot is in its place, and older ones are there still."""
    whole = MemberIndex.save

    def save(self: MemberIndex, path: Path | str) -> None:
        whole(self, path)
        crash()

    MemberIndex.save = save  # type: ignore[method-assign]


def before_placing(crash: Crash) -> None:
    """A job's files are written, and not in their place."""
    _around_placing(crash, lambda: None)


def after_placing(crash: Crash) -> None:
    """A job's files are in their place, and the database does not know."""
    _around_placing(lambda: None, crash)


def _around_placing(before: Crash, after: Crash) -> None:
    whole = job_folders.filling

    @contextmanager
    def filling(jobs: Path, name: str) -> Iterator[Path]:
        with whole(jobs, name) as folder:
            yield folder
            before()
        after()

    job_folders.filling = filling


def in_proposals(crash: Crash) -> None:
    """The proposals of a plan that is applied are written, and nothing else of it is."""
    whole = matches.add

    def add(connection: Connection, rows: Any) -> None:
        whole(connection, rows)
        if len(rows) > 1:
            crash()

    matches.add = add


def after_steps(crash: Crash) -> None:
    """All of an application is written, and it is not committed."""
    whole = rematches.put_applied

    def put_applied(*parts: Any) -> None:
        whole(*parts)
        crash()

    rematches.put_applied = put_applied  # type: ignore[assignment]


def after_application(crash: Crash) -> None:
    """A plan is applied, and nobody knows."""
    whole = Database.write

    def write(self: Database, work: Callable[[Connection], Any]) -> Any:
        result = whole(self, work)
        if work.__module__ == apply_rematch.__name__:
            crash()
        return result

    Database.write = write  # type: ignore[method-assign]


def in_swap(crash: Crash) -> None:
    """One of the ties that make room for others has ended, and none of those has begun."""
    whole = swap_ties.end_by_system  # type: ignore[attr-defined]

    def end_by_system(*parts: Any) -> None:
        whole(*parts)
        crash()

    swap_ties.end_by_system = end_by_system  # type: ignore[attr-defined, assignment]


SERVING: dict[str, Callable[[Crash], None]] = {
    "before-commit": before_commit,
    "after-commit": after_commit,
    "after-apply": after_apply,
    "in-import-chunk": in_import_chunk,
    "in-snapshot": in_snapshot,
    "after-snapshot": after_snapshot,
}
"""Where the service can die."""
WORKING: dict[str, Callable[[Crash], None]] = {
    "before-placing": before_placing,
    "after-placing": after_placing,
    "after-commit": after_commit,
}
"""Where a worker can."""
APPLYING: dict[str, Callable[[Crash], None]] = {
    "in-proposals": in_proposals,
    "after-steps": after_steps,
    "after-application": after_application,
}
"""Where the service can die while it applies a rematch."""
EVERYWHERE = SERVING | WORKING | APPLYING | {"in-swap": in_swap}
