"""``/v1/feedback``: what a member says of a match."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.api.access import allows
from service.api.bodies import read_model
from service.api.idempotency import OnceOnly
from service.api.match_shapes import FeedbackRequest, FeedbackShape
from service.api.openapi import json_body, problems
from service.api.replies import json_reply
from service.api.routing import Served, StrictRoute
from service.use_cases.give_feedback import give_feedback

router = APIRouter(prefix="/v1", tags=["matches"], route_class=StrictRoute)


@router.post(
    "/feedback",
    summary="Say how well a match fits",
    status_code=201,
    response_model=FeedbackShape,
    responses=problems(404, 409, 413, 415, 422),
    openapi_extra=json_body(FeedbackRequest, "The fit, and whether to keep the match."),
)
@allows("platform")
async def feedback(request: Request, community: Served, once: OnceOnly) -> Response:
    """A later word takes the place of an earlier one. The other side never sees it, and it ends nothing."""
    asked = await read_model(request, FeedbackRequest, community.settings.max_body_bytes)
    return await once.answered(
        lambda: give_feedback(community, asked.match_id, asked.member_id, asked.fit, asked.keep),
        lambda said: json_reply(asdict(said), 201),
    )
