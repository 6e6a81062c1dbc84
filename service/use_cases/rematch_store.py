"""Rematches as they are kept: a row, and a folder with the tables, the page, and what it takes to apply the plan."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from sqlalchemy import Connection

from matcher.rematch.config import RematchConfig
from matcher.rematch.plan import RematchPlan
from service import job_folders
from service.caller import Caller
from service.community import Community
from service.problems import ProblemDetails, RequestError
from service.storage import rematches
from service.storage.rematches import RematchRow
from service.use_cases.jobs import may_see
from service.use_cases.swap_ties import Pairing

CHANGES_FILE = "changes.json"
_ROUNDS = 3
_Read = TypeVar("_Read")
_UNKNOWN = ProblemDetails(HTTPStatus.NOT_FOUND, "unknown-rematch", "This key has no rematch with this id.")


class PlannedTie(msgspec.Struct, frozen=True, array_like=True):
    """A tie of a plan; for mentoring the seeker first."""

    kind: Literal["buddy", "mentor"]
    member_id: str
    peer_id: str

    @property
    def pairing(self) -> Pairing:
        """The same for the rules."""
        return Pairing(self.kind, self.member_id, self.peer_id)


class Changes(msgspec.Struct, frozen=True):
    """What a plan changes.

    Attributes:
        config: what was asked for.
        seed: of the searches.
        limit: ties that may be broken; none for no limit.
        kept, new, broken: ties that stay, begin and end.
        triads: an odd one out, and the pair to join.
        sum: figures for whoever asked, without ids.
    """

    config: dict[str, Any]
    seed: int
    limit: int | None
    kept: tuple[PlannedTie, ...]
    new: tuple[PlannedTie, ...]
    broken: tuple[PlannedTie, ...]
    triads: tuple[tuple[str, str, str], ...]
    sum: dict[str, Any]


def changes_of(plan: RematchPlan, config: RematchConfig) -> Changes:
    """What is kept of a plan beside its tables."""
    ties = [(tie.standing, PlannedTie(tie.kind, tie.member_id, tie.peer_id)) for tie in plan.ties]
    return Changes(
        config.model_dump(mode="json"),
        plan.seed,
        plan.churn.plan.limit,
        tuple(tie for standing, tie in ties if standing == "kept"),
        tuple(tie for standing, tie in ties if standing == "new"),
        tuple(PlannedTie(tie.kind, tie.member_id, tie.peer_id) for tie in plan.broken),
        tuple((triad.joiner_id, triad.member_id, triad.peer_id) for triad in plan.triads),
        _sum(plan),
    )


def _sum(plan: RematchPlan) -> dict[str, Any]:
    certificates = {one.kind: {"gap": float(one.gap), "status": one.status} for one in plan.certificates}
    return {
        "as_of": plan.as_of.isoformat(),
        "members": plan.members,
        "kept": sum(tie.standing == "kept" for tie in plan.ties),
        "new": sum(tie.standing == "new" for tie in plan.ties),
        "broken": len(plan.broken),
        "void": len(plan.void),
        "could_stand": plan.churn.could_stand,
        "triads": len(plan.triads),
        "groups": 0 if plan.groups is None else len(plan.groups.groups),
        "unmatched": len(plan.unmatched),
        "affected": len(plan.diff.affected),
        "reproducible": plan.reproducible,
        "certificates": certificates,
    }


def write_changes(folder: Path, changes: Changes) -> None:
    """Write what :func:`read_changes` reads."""
    (folder / CHANGES_FILE).write_bytes(msgspec.json.encode(changes))


def read_changes(folder: Path) -> Changes:
    """What a plan changes.

    Raises:
        FileNotFoundError: if its folder was replaced or is gone.
    """
    return msgspec.json.decode((folder / CHANGES_FILE).read_bytes(), type=Changes)


def own_rematch(connection: Connection, caller: Caller, rematch_id: str) -> RematchRow:
    """The row of a rematch of the caller's.

    Raises:
        RequestError: 404 if there is none, or it is another's: the answer is the same.
    """
    row = rematches.one(connection, rematch_id)
    if row is None or not may_see(caller, row.owner):
        raise RequestError(_UNKNOWN)
    return row


def read_planned(
    community: Community, caller: Caller, rematch_id: str, read: Callable[[RematchRow, Path], _Read]
) -> _Read:
    """What ``read`` makes of the row and the folder of a rematch that has a plan. It is begun again should an erasure
    replace the folder in the very moment.

    Raises:
        RequestError: 404; 409 if there is no plan yet.
        FileNotFoundError: if the folder is gone for good.
    """
    for round_ in range(_ROUNDS):
        with community.database.reading() as connection:
            row = own_rematch(connection, caller, rematch_id)
        if not row.revision:
            what = "There is no plan yet: the job that works it out has not come to its end, or to no good one."
            raise RequestError(ProblemDetails(HTTPStatus.CONFLICT, "not-planned", what, extra={"job_id": row.job_id}))
        try:
            return read(row, folder_of(community, row))
        except FileNotFoundError:
            if round_ == _ROUNDS - 1:
                raise
    raise AssertionError


def folder_of(community: Community, row: RematchRow) -> Path:
    """Where the files of a rematch are."""
    return job_folders.place_of(community.settings.jobs, row.folder or row.rematch_id)


def changes_without(changes: Changes, member_id: str) -> Changes:
    """The same without a member who was erased."""

    def rest(ties: tuple[PlannedTie, ...]) -> tuple[PlannedTie, ...]:
        return tuple(tie for tie in ties if member_id not in {tie.member_id, tie.peer_id})

    return msgspec.structs.replace(
        changes,
        kept=rest(changes.kept),
        new=rest(changes.new),
        broken=rest(changes.broken),
        triads=tuple(triad for triad in changes.triads if member_id not in triad),
    )
