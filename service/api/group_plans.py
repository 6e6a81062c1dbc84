"""``/v1/group-plans``: groups formed by a job, looked at, changed, solved again, published."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

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
from service.api.replies import json_reply
from service.api.routing import Served, StrictRoute
from service.group_run import Effort
from service.problems import ProblemDetails, RequestError, unprocessable
from service.use_cases.change_group_plan import edit_plan, publish_plan
from service.use_cases.group_plans import SeenPlan, ask_for_plan, plan_file, see_plan, solve_again
from service.use_cases.published_groups import no_longer_holding

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "toml": "application/toml",
}
_ALONE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""The page needs nothing from anywhere, and may do nothing to anybody."""
_STALE = ProblemDetails(
    HTTPStatus.PRECONDITION_REQUIRED,
    "precondition-required",
    "A change says which revision it is made to.",
    (Problem("If-Match", "is missing, or no revision", 'the ETag of the plan as it was seen, such as "1"'),),
)


def _shape(kind: str) -> dict[str, Any]:
    return {"type": "object" if kind == _TYPES["json"] else "string"}


class PlanRoute(StrictRoute):
    """A route whose ids hold no colon: what follows one is another address."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this route."""
        match, found = super().matches(scope)
        if ":" in found.get("path_params", {}).get("plan_id", ""):
            return Match.NONE, {}
        return match, found


router = APIRouter(prefix="/v1/group-plans", tags=["groups"], route_class=PlanRoute)
PlanIdPath = Annotated[str, Path(pattern="^[0-9a-f]{24}$", description="Id of the plan.")]
IfMatch = Annotated[str | None, Header(description="The ETag of the plan as it was seen.")]


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
    return _tagged(json_reply(_fields(seen) | {"no_longer_holds": broken}), seen.row.revision)


@router.get(
    "/{plan_id}/files/{name}",
    summary="Read a file of a plan",
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": {kind.partition(";")[0]: {"schema": _shape(kind)} for kind in _TYPES.values()},
        },
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
    headers = {"Content-Security-Policy": _ALONE, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    ending = name.rpartition(".")[2]
    return _tagged(Response(content, headers=headers, media_type=_TYPES.get(ending)), row.revision)


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
    revision = _revision(if_match)
    asked = await read_model(request, EditRequest, community.settings.max_body_bytes)
    change, about = edit_of(asked)
    caller = calling(request)

    return await once.answered(
        lambda: edit_plan(community, caller, plan_id, revision, change, about=about, dry_run=asked.dry_run),
        lambda done: _tagged(json_reply(edited_fields(plan_id, done, asked.dry_run)), done.revision),
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
    caller, revision = calling(request), _revision(if_match)
    return await once.answered(
        lambda: publish_plan(community, caller, plan_id, revision),
        lambda seen: _tagged(json_reply(_fields(seen)), seen.row.revision),
    )


def _spec(fields: dict[str, Any]) -> GroupSpec:
    try:
        return GroupSpec.parse(fields)
    except InvalidProblem as error:
        found = [Problem(f"spec.{problem.where}", problem.what, problem.accepted) for problem in error.problems]
        raise RequestError(unprocessable(found, "The spec does not fit.")) from None


def _revision(if_match: str | None) -> int:
    given = (if_match or "").strip().removeprefix("W/").strip('"')
    if not (given.isascii() and given.isdecimal() and len(given) < 10):
        raise RequestError(_STALE)
    return int(given)


def _accepted(seen: SeenPlan) -> Response:
    reply = json_reply(_fields(seen), HTTPStatus.ACCEPTED)
    reply.headers["Location"] = f"/v1/group-plans/{seen.row.plan_id}"
    return _tagged(reply, seen.row.revision)


def _tagged(reply: Response, revision: int) -> Response:
    reply.headers["ETag"] = f'"{revision}"'
    return reply


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
