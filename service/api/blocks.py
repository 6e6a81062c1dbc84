"""``/v1/blocks``: never again, whoever comes back."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.api.access import allows
from service.api.bodies import read_model
from service.api.idempotency import OnceOnly
from service.api.match_shapes import BlockRequest, BlockShape
from service.api.openapi import json_body, problems
from service.api.replies import json_reply
from service.api.routing import Served, StrictRoute
from service.use_cases.block_member import block_member

router = APIRouter(prefix="/v1", tags=["matches"], route_class=StrictRoute)


@router.post(
    "/blocks",
    summary="Block a member",
    status_code=201,
    response_model=BlockShape,
    responses=problems(404, 413, 415, 422),
    openapi_extra=json_body(BlockRequest, "Who blocks whom."),
)
@allows("platform")
async def block(request: Request, community: Served, once: OnceOnly) -> Response:
    """For good and in both directions. What both have ends at once; the blocked member is not told."""
    asked = await read_model(request, BlockRequest, community.settings.max_body_bytes)
    return await once.answered(
        lambda: block_member(community, asked.member_id, asked.blocked),
        lambda _: json_reply({"member_id": asked.member_id, "blocked": asked.blocked}, 201),
    )
