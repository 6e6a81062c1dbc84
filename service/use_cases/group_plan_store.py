"""Group plans as they are kept: a row that says which revision counts, and a folder with what it says."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from matcher.embedding.population import FacetMeans
from matcher.grouping.plan import GroupPlan
from matcher.grouping.plan_file import parse_plan, plan_bytes
from matcher.grouping.spec import GroupSpec
from matcher.grouping.spec_reading import parse_spec
from service import job_folders
from service.caller import Caller
from service.community import Community
from service.problems import ProblemDetails, RequestError
from service.storage import groups
from service.storage.groups import PlanRow
from service.use_cases.group_profiles import everybody_for_groups, those_for_groups
from service.use_cases.jobs import may_see
from service.use_cases.stored_profiles import StoredProfiles

PLAN_FILE, SPEC_FILE, MEANS_FILE = "plan.json", "spec.json", "means.json"
_ROUNDS = 3
"""How often a folder is looked up anew that was replaced in the very moment."""
_Read = TypeVar("_Read")
_UNKNOWN = ProblemDetails(HTTPStatus.NOT_FOUND, "unknown-group-plan", "This key has no group plan with this id.")


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """One revision of a plan, with what it takes to work on it.

    Attributes:
        row: as it is stored.
        plan: the groups.
        spec: what they answer.
        means: what unknown facets scored.
    """

    row: PlanRow
    plan: GroupPlan
    spec: GroupSpec
    means: FacetMeans


def own_plan(connection: Connection, caller: Caller, plan_id: str) -> PlanRow:
    """The row of a plan of the caller's.

    Raises:
        RequestError: 404 if there is none, or it is another's: the answer is the same.
    """
    row = groups.one(connection, plan_id)
    if row is None or not may_see(caller, row.owner):
        raise RequestError(_UNKNOWN)
    return row


def formed_row(community: Community, caller: Caller, plan_id: str) -> PlanRow:
    """The same for a plan that is formed already.

    Raises:
        RequestError: 404; 409 if it is not.
    """
    with community.database.reading() as connection:
        row = own_plan(connection, caller, plan_id)
    if not row.revision:
        what = "There are no groups yet: the job that forms them has not come to its end, or to no good one."
        raise RequestError(ProblemDetails(HTTPStatus.CONFLICT, "not-formed", what, extra={"job_id": row.job_id}))
    return row


def read_formed(community: Community, caller: Caller, plan_id: str, read: Callable[[PlanRow, Path], _Read]) -> _Read:
    """What ``read`` makes of the folder of the revision that counts. It is begun again should the plan be changed, and
    the folder replaced, in the very moment.

    Raises:
        RequestError: as :func:`formed_row`.
        FileNotFoundError: if the folder is gone for good.
    """
    for round_ in range(_ROUNDS):
        row = formed_row(community, caller, plan_id)
        try:
            return read(row, folder_of(community, row))
        except FileNotFoundError:
            if round_ == _ROUNDS - 1:
                raise
    raise AssertionError


def stored_plan(community: Community, caller: Caller, plan_id: str) -> StoredPlan:
    """The revision of a plan that counts.

    Raises:
        RequestError: as :func:`formed_row`.
        ReadingError: if its files are damaged.
    """
    return read_formed(community, caller, plan_id, read_stored)


def folder_of(community: Community, row: PlanRow) -> Path:
    """Where the files of a plan's revision are."""
    return job_folders.place_of(community.settings.jobs, row.folder or row.plan_id)


def read_stored(row: PlanRow, folder: Path) -> StoredPlan:
    """What the files of a revision say.

    Raises:
        ReadingError: if they are damaged.
        FileNotFoundError: if they are not there.
    """
    plan, spec, means = ((folder / name).read_bytes() for name in (PLAN_FILE, SPEC_FILE, MEANS_FILE))
    return StoredPlan(
        row, parse_plan(plan), parse_spec(spec, SPEC_FILE, ".json"), FacetMeans.parse(msgspec.json.decode(means))
    )


def write_stored(folder: Path, plan: GroupPlan, spec: GroupSpec, means: FacetMeans) -> None:
    """Write what :func:`read_stored` reads."""
    (folder / PLAN_FILE).write_bytes(plan_bytes(plan))
    (folder / SPEC_FILE).write_text(spec.model_dump_json(), encoding="utf-8")
    (folder / MEANS_FILE).write_bytes(msgspec.json.encode(dataclasses.asdict(means)))


def new_folder_name(plan_id: str, revision: int) -> str:
    """A name for the folder of the revision that follows ``revision``, which nobody else makes at the same time."""
    return f"{plan_id}/revision-{revision + 1}-{secrets.token_hex(4)}"


def concerned(connection: Connection, stored: StoredPlan) -> StoredProfiles:
    """The members, as they are now, whom a change of a plan may bear on: all whom plan or spec name, and everybody
    where approved mentors may lead."""
    spec, plan = stored.spec, stored.plan
    if spec.facilitation.per_group > 0 and spec.facilitation.approved_mentors:
        return everybody_for_groups(connection)
    return those_for_groups(connection, named_by(plan, spec))


def named_by(plan: GroupPlan, spec: GroupSpec) -> set[str]:
    """Ids of all whom a plan or its spec name; staff's names are among them."""
    named = {one.member_id for one in plan.unplaced}
    named.update(spec.who.member_ids, spec.who.exclude, spec.facilitation.members, *spec.together, *spec.apart)
    for planned in plan.groups:
        named.update(planned.member_ids, planned.facilitators)
    for existing in spec.groups:
        named.update(existing.members, existing.facilitators, existing.locked_members)
    return named
