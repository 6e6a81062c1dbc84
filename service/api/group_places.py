"""Questions about a member: which groups they are in, where they could still go, and why not together with another."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from service.api.access import allows
from service.api.group_plan_shapes import LatecomerShape, OwnGroupsShape, WhyNotShape
from service.api.jobs import calling
from service.api.openapi import problems
from service.api.replies import json_reply
from service.api.routing import MEMBER_ID_PATTERN, MemberIdPath, Served, StrictRoute
from service.use_cases.group_places import obstacles_between, places_for
from service.use_cases.published_groups import own_groups, shared_groups

router = APIRouter(prefix="/v1/members/{member_id}", tags=["groups"], route_class=StrictRoute)
PlanQuery = Annotated[str, Query(pattern="^[0-9a-f]{24}$", description="Id of the group plan.")]


@router.get("/groups", summary="The groups of a member", response_model=OwnGroupsShape, responses=problems(404, 422))
@allows("platform", "coordinator")
def groups(member_id: MemberIdPath, community: Served) -> Response:
    """Published groups alone: when they meet, in UTC and on the member's clock, and the ids of those who are in them.

    Who is held or has withdrawn is in none, and is not shown to the others. Nor are two to each other between whom a
    block stands.
    """
    return json_reply({"groups": own_groups(community, member_id)})


@router.get(
    "/placements", summary="Places for a latecomer", response_model=LatecomerShape, responses=problems(404, 409, 422)
)
@allows("coordinator")
def placements(
    member_id: MemberIdPath,
    plan_id: PlanQuery,
    request: Request,
    community: Served,
    k: Annotated[int, Query(description="How many.", json_schema_extra={"minimum": 1, "maximum": 100})] = 5,
) -> Response:
    """The open groups of a plan that could take them in, best first; for the others the first rule in the way."""
    found = places_for(community, calling(request), plan_id, member_id, k)
    return json_reply(asdict(found) | {"groups": own_groups(community, member_id)})


@router.get(
    "/why-not/{other_id}",
    summary="Why two members may not be in one group",
    response_model=WhyNotShape,
    responses=problems(404, 409, 422),
)
@allows("coordinator")
def why_not(
    member_id: MemberIdPath,
    other_id: Annotated[str, Path(pattern=MEMBER_ID_PATTERN, description="Id of the other member.")],
    plan_id: PlanQuery,
    request: Request,
    community: Served,
) -> Response:
    """Every rule in the way under the plan's spec, today; none if they may."""
    obstacles = obstacles_between(community, calling(request), plan_id, member_id, other_id)
    return json_reply({"obstacles": obstacles, "together": shared_groups(community, member_id, other_id)})
