"""The page at /docs, from files that come with the package: it works without the internet."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from service.api.access import allows_every_key
from service.api.replies import json_reply
from service.api.routing import StrictRoute

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Peer Matcher</title>
<link rel="stylesheet" href="/docs/files/swagger-ui.css">
<link rel="icon" href="/docs/files/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null, tryItOutEnabled: true
});
"""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
)


@router.get("/docs")
@allows_every_key()
async def page() -> Response:
    """The page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/start.js")
@allows_every_key()
async def start() -> Response:
    """What the page begins with."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/files/{name}")
@allows_every_key()
async def files(name: str, request: Request) -> Response:
    """One of the page's files."""
    return await StaticFiles(directory=swagger_ui_path).get_response(name, request.scope)


@router.get("/openapi.json")
@allows_every_key()
async def schema(request: Request) -> Response:
    """What the page shows."""
    return json_reply(request.app.openapi())
