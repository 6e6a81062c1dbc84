"""``/v1/group-plans``: groups formed by a job, looked at, changed, solved again, published."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from matcher.errors import InvalidProblem, Problem
from matcher.grouping.spec import GroupSpec
from service.api.access import allows
from service.api.admission import takes
from service.api.bodies import read_model
from service.api.group_edits import EditRequest, edit_of, edited_fields
from service.api.group_plan_shapes import EditedShape, PlanRequest, PlanShape, ResolveRequest
from service.api.idempotency import OnceOnly
from service.api.jobs import calling
from service.api.openapi import json_body, problems
from service.api.planned import FILE_ANSWER, IfMatch, PlanRoute, file_reply, revision_named, tagged
from service.api.replies import json_reply
from service.api.routing import Served
from service.group_run import Effort
from service.problems import RequestError, unprocessable
from service.use_cases.change_group_plan import edit_plan, publish_plan
from service.use_cases.group_plans import SeenPlan, ask_for_plan, plan_file, see_plan, solve_again
from service.use_cases.published_groups import no_longer_holding

router = APIRouter(prefix="/v1/group-plans", tags=["groups"], route_class=PlanRoute)
PlanIdPath = Annotated[str, Path(pattern="^[0-9a-f]{24}$", description="Id of the plan.")]


@router.post(
    "",
    summary="Form groups",
    status_code=202,
    response_model=PlanShape,
    responses=problems(413, 415, 422),
    openapi_extra=json_body(PlanRequest, "What is asked for, and how long to search."),
)
@allows("coordinator")
async def post(request: Request, community: Served, once: OnceOnly) -> Response:
    """A job forms them, of the members as they are when it begins. `Location` is the plan; its job can be followed."""
    asked = await read_model(request, PlanRequest, community.settings.max_body_bytes)
    spec = await run_in_threadpool(_spec, asked.spec)
    effort = Effort(asked.seed, asked.time_limit_s, asked.iterations)
    caller = calling(request)
    return await once.answered(lambda: ask_for_plan(community, caller, spec, effort), _accepted)


@router.get("/{plan_id}", summary="Read a plan", response_model=PlanShape, responses=problems(404, 422))
@allows("coordinator")
def get(plan_id: PlanIdPath, request: Request, community: Served) -> Response:
    """The plan once it is formed, and how its job stands. The plan of another key is 404.

    `no_longer_holds` warns of what a published plan breaks with the members as they are now.
    """
    seen = see_plan(community, calling(request), plan_id)
    broken = [] if seen.row.published_at is None else no_longer_holding(community, calling(request), plan_id)
    return tagged(json_reply(_fields(seen) | {"no_longer_holds": broken}), seen.row.revision)


@router.get(
    "/{plan_id}/files/{name}",
    summary="Read a file of a plan",
    response_class=Response,
    responses={
        200: FILE_ANSWER,
        **problems(404, 409, 422),
    },
)
@allows("coordinator")
def get_file(
    plan_id: PlanIdPath,
    name: Annotated[str, Path(pattern=r"^[a-z]+(\.[a-z]+)+$", description="As `files` of the plan lists it.")],
    request: Request,
    community: Served,
) -> Response:
    """`report.html` for people, tables as CSV and Parquet, `plan.json`, `spec.next.toml`, `manifest.json`."""
    row, content = plan_file(community, calling(request), plan_id, name)
    return tagged(file_reply(name, content), row.revision)


@router.post(
    "/{plan_id}:edit",
    summary="Change a plan by hand",
    response_model=EditedShape,
    responses=problems(404, 409, 412, 413, 415, 422, 428),
    openapi_extra=json_body(EditRequest, "One change."),
)
@allows("coordinator")
@takes("long")
async def edit(
    plan_id: PlanIdPath, request: Request, community: Served, once: OnceOnly, if_match: IfMatch = None
) -> Response:
    """A change that would break a hard rule is never made (409, with all of them); any other says what it costs."""
    revision = revision_named(if_match)
    asked = await read_model(request, EditRequest, community.settings.max_body_bytes)
    change, about = edit_of(asked)
    caller = calling(request)

    return await once.answered(
        lambda: edit_plan(community, caller, plan_id, revision, change, about=about, dry_run=asked.dry_run),
        lambda done: tagged(json_reply(edited_fields(plan_id, done, asked.dry_run)), done.revision),
    )


@router.post(
    "/{plan_id}:resolve",
    summary="Solve again around a plan",
    status_code=202,
    response_model=PlanShape,
    responses=problems(404, 409, 413, 415, 422),
    openapi_extra=json_body(ResolveRequest, "What to keep, and how long to search."),
)
@allows("coordinator")
async def resolve(plan_id: PlanIdPath, request: Request, community: Served, once: OnceOnly) -> Response:
    """A job forms a new plan, at `Location`: what is locked stays, the rest is moved where it is worth its price."""
    asked = await read_model(request, ResolveRequest, community.settings.max_body_bytes)
    effort, caller = Effort(asked.seed, asked.time_limit_s, asked.iterations), calling(request)

    def solve() -> SeenPlan:
        keep, members = asked.keep, asked.keep_members
        return solve_again(community, caller, plan_id, effort, keep=keep, keep_members=members, churn=asked.churn)

    return await once.answered(solve, _accepted)


@router.post(
    "/{plan_id}:publish",
    summary="Publish a plan",
    response_model=PlanShape,
    responses=problems(404, 409, 412, 422, 428),
)
@allows("coordinator")
@takes("long")
async def publish(
    plan_id: PlanIdPath, request: Request, community: Served, once: OnceOnly, if_match: IfMatch = None
) -> Response:
    """Every rule is checked with the members as they are now. What does not hold any more is listed (409)."""
    caller, revision = calling(request), revision_named(if_match)
    return await once.answered(
        lambda: publish_plan(community, caller, plan_id, revision),
        lambda seen: tagged(json_reply(_fields(seen)), seen.row.revision),
    )


def _spec(fields: dict[str, Any]) -> GroupSpec:
    try:
        return GroupSpec.parse(fields)
    except InvalidProblem as error:
        found = [Problem(f"spec.{problem.where}", problem.what, problem.accepted) for problem in error.problems]
        raise RequestError(unprocessable(found, "The spec does not fit.")) from None


def _accepted(seen: SeenPlan) -> Response:
    reply = json_reply(_fields(seen), HTTPStatus.ACCEPTED)
    reply.headers["Location"] = f"/v1/group-plans/{seen.row.plan_id}"
    return tagged(reply, seen.row.revision)


def _fields(seen: SeenPlan) -> dict[str, Any]:
    row = seen.row
    return {
        "plan_id": row.plan_id,
        "state": seen.job.state,
        "revision": row.revision,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
        "published_at": row.published_at,
        "resolves": row.resolves,
        "job_id": row.job_id,
        "files_job_id": row.files_job,
        "problem": seen.job.problem,
        "no_longer_holds": [],
        "files": seen.files,
        "spec": seen.spec,
        "plan": seen.plan,
    }
