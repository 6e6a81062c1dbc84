"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import Response

from service.api.access import open_to_all
from service.api.admission import takes
from service.api.openapi import problems
from service.api.replies import json_reply, problem_reply
from service.api.routing import Served, StrictRoute
from service.problems import ProblemDetails
from service.use_cases.readiness import readiness

router = APIRouter(tags=["health"], route_class=StrictRoute)


@router.get("/livez", summary="Does the process live?")
@open_to_all()
@takes("health")
async def livez() -> Response:
    """Always `ok` from a process that runs."""
    return json_reply({"status": "ok"})


@router.get("/readyz", summary="Can it answer?", responses=problems(503))
@open_to_all()
@takes("health")
def readyz(community: Served) -> Response:
    """`ready`, or a problem that names what is not ready."""
    found = readiness(community)
    if found.ready:
        return json_reply({"status": "ready", "checks": found.checks, "as_of_seq": found.as_of_seq, "lag": found.lag})
    wanting = "; ".join(f"{name}: {state}" for name, state in found.checks.items() if state not in {"ok", "unknown"})
    return problem_reply(
        ProblemDetails(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "not-ready",
            f"Not ready: {wanting}.",
            headers={"Retry-After": "1"},
            extra={"checks": found.checks, "lag": found.lag},
        )
    )
