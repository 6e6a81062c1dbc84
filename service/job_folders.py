"""The files of jobs: each attempt fills a folder of its own, which is put into its place in one step or not at all.

So a reader finds all files of an attempt or none, a full disk leaves nothing half-written, and two attempts at one job
never touch each other's files. Which attempt counts, the database says.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_OWNER = re.compile("[0-9a-f]{24}")
_FOLDER = re.compile(r"\.?(?P<what>attempt|revision)-(?P<number>\d+)(-|$)")
_ENDED = ".ended"
_GONE = ".gone-"
_ATTEMPT = re.compile(r"\.?attempt-(?P<number>\d+)(-|$)")


def attempt_name(job: str, attempt: int) -> str:
    """The name of the folder that an attempt at a job fills."""
    return f"{job}/attempt-{attempt}"


def place_of(jobs: Path, name: str) -> Path:
    """The path of a folder that is named as the database names it: ``<job>/<attempt>``, beneath ``jobs``."""
    return jobs.joinpath(*name.split("/"))


@contextmanager
def filling(jobs: Path, name: str) -> Iterator[Path]:
    """A new folder to fill, which is in the place of ``name`` after the block.

    All files are on the disk by then, and for their owner's eyes alone. If anything is raised, nothing is left.

    Args:
        jobs: the folder of all jobs.
        name: of the new folder; nothing may be in its place.

    Raises:
        OSError: if the disk is full, or cannot be written.
    """
    place = place_of(jobs, name)
    jobs.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}-"))
    try:
        yield aside
        for path in sorted(aside.rglob("*"), reverse=True):
            path.chmod(0o700 if path.is_dir() else 0o600)
            _to_disk(path)
        _to_disk(aside)
        aside.rename(place)
        _to_disk(place.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def remove(jobs: Path, name: str) -> None:
    """Delete a folder and all that is in it; if it is not there, nothing is done."""
    shutil.rmtree(place_of(jobs, name), ignore_errors=True)


def remove_earlier(jobs: Path, job: str, attempt: int) -> None:
    """Delete what attempts at a job before ``attempt`` have left. Later ones are let be: whoever asks may be out of
    date."""
    folder = place_of(jobs, job)
    if folder.is_dir():
        for path in list(folder.iterdir()):
            found = _ATTEMPT.match(path.name)
            if found is not None and int(found["number"]) < attempt:
                shutil.rmtree(path, ignore_errors=True)


def mark_ended(jobs: Path, owner: str) -> None:
    """Say in the folder of a job or a plan that its row is about to go. Only with this mark, and without a row, may the
    whole folder go: one that a row of another database names has no mark. A mark whose row has stayed says nothing."""
    folder = place_of(jobs, owner)
    if folder.is_dir():
        (folder / _ENDED).touch(mode=0o600)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in the folder of a job or a plan.

    Attributes:
        owner: id of the job or plan.
        ended: whether it is marked as one whose row is gone.
        folders: whole ones and such as are being filled, by their names in it.
    """

    owner: str
    ended: bool
    folders: tuple[str, ...]


def kept(jobs: Path) -> list[Kept]:
    """Everything beneath the jobs folder that is named as jobs and plans name it, by id."""
    if not jobs.is_dir():
        return []
    found = []
    for path in sorted(jobs.iterdir()):
        if _OWNER.fullmatch(path.name) and path.is_dir():
            names = sorted(one.name for one in path.iterdir()) if path.exists() else []
            folders = tuple(name for name in names if _FOLDER.match(name))
            found.append(Kept(path.name, _ENDED in names, folders))
    return found


def parts_of(folder: str) -> tuple[str, int]:
    """``attempt`` or ``revision``, and which one, of a folder as :class:`Kept` names it, whole or being filled."""
    found = _FOLDER.match(folder)
    if found is None:
        raise ValueError(folder)
    return found["what"], int(found["number"])


def put_aside(jobs: Path, name: str) -> None:
    """Take a folder out of its place in one step, so that nobody finds a part of it; :func:`clear` deletes it later."""
    with suppress(FileNotFoundError):
        place_of(jobs, name).rename(jobs / f"{_GONE}{secrets.token_hex(8)}")


def clear(jobs: Path) -> int:
    """Delete what was put aside, now or by somebody who was killed before it was deleted; returns how many folders."""
    gone = list(jobs.glob(f"{_GONE}*"))
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
