"""Taking a member out of what is kept in folders: each folder that names them is replaced by one that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from service import job_folders
from service.community import Community
from service.use_cases.audit import Event, note
from service.use_cases.group_plan_store import new_folder_name


class _InFolder(Protocol):
    @property
    def folder(self) -> str | None: ...

    @property
    def revision(self) -> int: ...


_Row = TypeVar("_Row", bound=_InFolder)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Folders(Generic[_Row]):
    """What is kept in folders that rows name.

    Attributes:
        kind: as the audit trail calls it.
        id_of: of a row.
        one: the row of an id, if there is one.
        names: whether any file of a folder names a member; raises FileNotFoundError if it is not all there.
        write_without: writes the files of a row's folder into another one, without a member.
        replace: lets a row name another folder, at a moment.
    """

    kind: str
    id_of: Callable[[_Row], str]
    one: Callable[[Connection, str], _Row | None]
    names: Callable[[Path, str], bool]
    write_without: Callable[[_Row, Path, Path, str], None]
    replace: Callable[[Connection, _Row, str, str], None]


def erase_from_folders(community: Community, rows: Iterable[_Row], folders: Folders[_Row], member_id: str) -> int:
    """Take a member out of all folders that name them; returns how many. May be done again.

    Folders may be replaced meanwhile, by other erasures or by whoever changes a plan. One that is gone for good, as
    after a backup without its files, names nobody: the log says so, and the erasure goes on.
    """
    return sum(_erased(community, row, folders, member_id) for row in rows)


def _erased(community: Community, seen: _Row, folders: Folders[_Row], member_id: str) -> bool:
    if not _named_now(community, seen, folders, member_id):
        return False
    jobs, made, old = community.settings.jobs, list[str](), list[str]()
    owner = folders.id_of(seen)

    def erase(connection: Connection) -> None:
        row = folders.one(connection, owner)  # nobody else changes it, or clears its folder away, until the commit
        if row is None or not _names(community, row, folders, member_id):
            return
        made.append(new_folder_name(owner, row.revision))
        with job_folders.filling(jobs, made[-1]) as folder:
            folders.write_without(row, _place(community, row, folders), folder, member_id)
        at = community.settings.now()
        folders.replace(connection, row, made[-1], at)
        note(connection, at, Event("erase", folders.kind, owner))
        old.append(row.folder or owner)

    community.database.write(erase)
    for name in (*old, *made[:-1]):
        job_folders.remove(jobs, name)
    return bool(old)


def _named_now(community: Community, seen: _Row, folders: Folders[_Row], member_id: str) -> bool:
    """Whether the folder in force names a member. One that was replaced while it was read says nothing: a part of its
    files may have been gone."""
    while True:
        named = _names(community, seen, folders, member_id)
        if named:
            return True
        with community.database.reading() as connection:
            now = folders.one(connection, folders.id_of(seen))
        if now is None:
            return False
        if now.folder == seen.folder:
            if named is None:
                _log.warning("folder_missing", kind=folders.kind, id=folders.id_of(seen))
            return False
        seen = now


def _names(community: Community, row: _Row, folders: Folders[_Row], member_id: str) -> bool | None:
    """The same of one folder; None if it is not all there."""
    try:
        return folders.names(_place(community, row, folders), member_id)
    except FileNotFoundError:
        return None


def _place(community: Community, row: _Row, folders: Folders[_Row]) -> Path:
    return job_folders.place_of(community.settings.jobs, row.folder or folders.id_of(row))
