"""Ask for a rematch, look at it, and read its files."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from matcher.errors import InvalidRequest, Problem
from matcher.rematch.config import RematchConfig
from service.caller import Caller
from service.community import Community
from service.problems import ProblemDetails, RequestError
from service.storage import jobs, rematches
from service.storage.rematches import RematchRow, StepRow
from service.use_cases.audit import Event, note, note_read
from service.use_cases.jobs import REMATCH_KIND, Job, new_id, queue_long
from service.use_cases.rematch_store import folder_of, own_rematch, read_planned

APPLIED_FILE = "applied.csv"
"""What became of each change, once the plan is applied."""
_COLUMNS = ("change", "kind", "member_id", "peer_id", "outcome", "why", "swap", "match_id")
_NO_FILE = ProblemDetails(HTTPStatus.NOT_FOUND, "unknown-file", "The rematch has no file of this name.")


@dataclass(frozen=True, slots=True)
class SeenRematch:
    """A rematch as its owner may see it.

    Attributes:
        row: as it is stored.
        job: that works it out.
        files: names of the files that can be had.
        applied: how many changes were made and why others were not, once it is applied.
    """

    row: RematchRow
    job: Job
    files: tuple[str, ...]
    applied: dict[str, Any] | None


def ask_for_rematch(community: Community, caller: Caller, config: RematchConfig, seed: int) -> SeenRematch:
    """Queue a job that works out new ties of the members as they will be when it begins. It changes nothing.

    Raises:
        InvalidRequest: if the seed is out of range.
        RequestError: 429 if the caller waits for as many jobs as a key may.
    """
    if not 0 <= seed < 2**32:
        raise InvalidRequest(Problem("seed", "out of range", "a whole number from 0 to 2^32 - 1"))
    at = community.settings.now()
    row = RematchRow(new_id(), new_id(), caller.key_id, at)
    asks = {"rematch_id": row.rematch_id, "config": config.model_dump(mode="json"), "seed": seed}

    def ask(connection: Connection) -> SeenRematch:
        job = queue_long(connection, community.settings, REMATCH_KIND, row.owner, asks, at, row.job_id)
        rematches.add(connection, row)
        note(connection, at, Event("ask", "rematch", row.rematch_id))
        return SeenRematch(row, Job.of(job), (), None)

    return community.database.write(ask)


def see_rematch(community: Community, caller: Caller, rematch_id: str) -> SeenRematch:
    """A rematch as it stands.

    Raises:
        RequestError: 404 if there is none, or it is another's.
    """
    with community.database.reading() as connection:
        seen = seen_rematch(connection, community, caller, rematch_id)
    note_read(community, Event("read", "rematch", rematch_id))
    return seen


def seen_rematch(connection: Connection, community: Community, caller: Caller, rematch_id: str) -> SeenRematch:
    """The same within a transaction of the caller's."""
    row = own_rematch(connection, caller, rematch_id)
    job = jobs.one(connection, row.job_id)
    if job is None:
        raise AssertionError(row.job_id)
    applied = None if row.applied is None else msgspec.json.decode(row.applied, type=dict[str, Any])
    return SeenRematch(row, Job.of(job), _files(community, row), applied)


def _files(community: Community, row: RematchRow) -> tuple[str, ...]:
    folder = folder_of(community, row)
    if not row.revision or not folder.is_dir():
        return ()
    return tuple(sorted([path.name for path in folder.iterdir()] + [APPLIED_FILE] * (row.applied_at is not None)))


def rematch_file(community: Community, caller: Caller, rematch_id: str, name: str) -> tuple[RematchRow, bytes]:
    """A file of a rematch.

    Raises:
        RequestError: 404 if there is no such rematch or file; 409 if there is no plan yet.
    """

    def read(row: RematchRow, folder: Path) -> tuple[RematchRow, bytes]:
        if name == APPLIED_FILE and row.applied_at is not None:
            with community.database.reading() as connection:
                return row, _table(rematches.steps_of(connection, rematch_id))
        if name not in {path.name for path in folder.iterdir()}:
            raise RequestError(_NO_FILE)
        return row, (folder / name).read_bytes()

    found = read_planned(community, caller, rematch_id, read)
    note_read(community, Event("read-file", "rematch", rematch_id))
    return found


def _table(steps: list[StepRow]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for step in steps:
        table.writerow([getattr(step, name) for name in _COLUMNS])
    return text.getvalue().encode()
