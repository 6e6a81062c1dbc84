"""``/metrics``: what the service counts of itself."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from service.api.access import allows
from service.api.admission import takes
from service.api.openapi import problems
from service.api.routing import Served, StrictRoute
from service.use_cases.scrape import scrape

router = APIRouter(tags=["health"], route_class=StrictRoute)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"description": "Prometheus' text form", "content": {"text/plain": {}}}, **problems()},
)
@allows("analyst")
@takes("health")
def metrics(community: Served) -> Response:
    """Counts, times and states; no ids, and nothing about anybody."""
    return Response(scrape(community), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})
