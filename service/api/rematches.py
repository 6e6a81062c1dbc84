"""``/v1/rematches``: new ties for everybody, worked out by a job, looked at, compared, applied."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from matcher.errors import InvalidProblem, Problem
from matcher.rematch.config import RematchConfig
from service.api.access import allows
from service.api.admission import takes
from service.api.bodies import read_model
from service.api.idempotency import OnceOnly
from service.api.jobs import calling
from service.api.openapi import json_body, problems
from service.api.planned import FILE_ANSWER, IfMatch, PlanRoute, file_reply, revision_named, tagged
from service.api.rematch_shapes import DiffShape, RematchRequest, RematchShape
from service.api.replies import json_reply
from service.api.routing import Served
from service.problems import RequestError, unprocessable
from service.use_cases.apply_rematch import apply_rematch
from service.use_cases.rematch_diff import diff_rematches
from service.use_cases.rematches import SeenRematch, ask_for_rematch, rematch_file, see_rematch

router = APIRouter(prefix="/v1/rematches", tags=["rematches"], route_class=PlanRoute)
RematchIdPath = Annotated[str, Path(pattern="^[0-9a-f]{24}$", description="Id of the rematch.")]


@router.post(
    "",
    summary="Work out new ties for everybody",
    status_code=202,
    response_model=RematchShape,
    responses=problems(413, 415, 422),
    openapi_extra=json_body(RematchRequest, "What is asked for."),
)
@allows("analyst")
async def post(request: Request, community: Served, once: OnceOnly) -> Response:
    """A job works out a plan of the members and ties as they are when it begins, and changes nothing. `Location` is the
    rematch."""
    asked = await read_model(request, RematchRequest, community.settings.max_body_bytes)
    config = await run_in_threadpool(_config, asked.config)
    caller = calling(request)
    return await once.answered(lambda: ask_for_rematch(community, caller, config, asked.seed), _accepted)


@router.get("/{rematch_id}", summary="Read a rematch", response_model=RematchShape, responses=problems(404, 422))
@allows("analyst")
def get(rematch_id: RematchIdPath, request: Request, community: Served) -> Response:
    """How its job stands, the figures of its plan, and what became of it. The rematch of another key is 404."""
    return _reply(see_rematch(community, calling(request), rematch_id))


@router.get(
    "/{rematch_id}/files/{name}",
    summary="Read a file of a rematch",
    response_class=Response,
    responses={200: FILE_ANSWER, **problems(404, 409, 422)},
)
@allows("analyst")
def get_file(
    rematch_id: RematchIdPath,
    name: Annotated[str, Path(pattern=r"^[a-z_]+(\.[a-z]+)+$", description="As `files` of the rematch lists it.")],
    request: Request,
    community: Served,
) -> Response:
    """`report.html` for people, tables as CSV and Parquet, `manifest.json`; once applied `applied.csv`, which says what
    became of each change."""
    row, content = rematch_file(community, calling(request), rematch_id, name)
    return tagged(file_reply(name, content), row.revision)


@router.get(
    "/{rematch_id}/diff/{other_id}",
    summary="Compare two rematches",
    response_model=DiffShape,
    responses=problems(404, 409, 422),
)
@allows("analyst")
@takes("long")
def diff(
    rematch_id: RematchIdPath,
    other_id: Annotated[str, Path(pattern="^[0-9a-f]{24}$", description="Id of another rematch.")],
    request: Request,
    community: Served,
) -> Response:
    """Ties that are in one plan only, how many members that concerns, and the figures of both side by side."""
    return json_reply(dataclasses.asdict(diff_rematches(community, calling(request), rematch_id, other_id)))


@router.post(
    "/{rematch_id}:apply",
    summary="Apply a rematch",
    response_model=RematchShape,
    responses=problems(404, 409, 412, 422, 428),
)
@allows("analyst")
@takes("long")
async def apply(
    rematch_id: RematchIdPath, request: Request, community: Served, once: OnceOnly, if_match: IfMatch = None
) -> Response:
    """All in one transaction, in which every rule is checked again: new ties are proposed to both members, and the ties
    in their place end only once everybody concerned has said yes. What no longer holds is skipped and listed."""
    caller, revision = calling(request), revision_named(if_match)
    return await once.answered(lambda: apply_rematch(community, caller, rematch_id, revision), _reply)


def _config(fields: dict[str, Any]) -> RematchConfig:
    try:
        return RematchConfig.parse(fields)
    except InvalidProblem as error:
        found = [Problem(f"config.{problem.where}", problem.what, problem.accepted) for problem in error.problems]
        raise RequestError(unprocessable(found, "The config does not fit.")) from None


def _accepted(seen: SeenRematch) -> Response:
    reply = _reply(seen, HTTPStatus.ACCEPTED)
    reply.headers["Location"] = f"/v1/rematches/{seen.row.rematch_id}"
    return reply


def _reply(seen: SeenRematch, status: int = HTTPStatus.OK) -> Response:
    row = seen.row
    fields = {
        "rematch_id": row.rematch_id,
        "state": seen.job.state,
        "revision": row.revision,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
        "applied_at": row.applied_at,
        "job_id": row.job_id,
        "progress": seen.job.progress,
        "problem": seen.job.problem,
        "files": seen.files,
        "result": seen.job.result,
        "applied": seen.applied,
    }
    return tagged(json_reply(fields, status), row.revision)
