"""What the generated OpenAPI page cannot know by itself: bodies that routes read themselves, the problems, the keys."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from matcher.members.profile import MemberProfile
from service.api.group_plan_shapes import REQUESTS as PLAN_REQUESTS
from service.api.match_shapes import REQUESTS
from service.api.rematch_shapes import REQUESTS as REMATCH_REQUESTS
from service.api.routing import strict_routes
from service.api.wire import ImportedLine, ProblemShape, SearchRequest
from service.caller import ROLES
from service.problems import MEDIA_TYPE

OPENAPI_VERSION = "3.0.3"
"""The newest that the bundled page for /docs can show."""
_REFERENCE = "#/components/schemas/{model}"
_NDJSON = "application/x-ndjson"
_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An access key: Authorization: Bearer pm_..."},
    "browser": {"type": "http", "scheme": "basic", "description": "Any user name, and an access key as password."},
}
_REFUSALS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_EVERYWHERE = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_URI_TOO_LONG,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may answer with these problems; every route may answer 400 and 500."""
    every = (HTTPStatus.BAD_REQUEST, *statuses, HTTPStatus.INTERNAL_SERVER_ERROR)
    return {status: _problem_response(status) for status in every}


def _problem_response(status: int) -> dict[str, Any]:
    shape = {"schema": {"$ref": f"#/components/schemas/{ProblemShape.__name__}"}}
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: shape}}


def json_body(model: type[BaseModel], description: str) -> dict[str, Any]:
    """The body of a route that reads one JSON object of this model."""
    return {
        "requestBody": {
            "required": True,
            "description": description,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}},
        }
    }


def ndjson_exchange() -> dict[str, Any]:
    """Body and answer of the import."""
    return {
        "requestBody": {
            "required": True,
            "description": "One profile a line.",
            "content": {_NDJSON: {"schema": {"type": "string"}}},
        },
        "responses": {
            "200": {
                "description": "One result a line, each as the schema ImportedLine says.",
                "content": {_NDJSON: {"schema": {"$ref": f"#/components/schemas/{ImportedLine.__name__}"}}},
            }
        },
    }


def complete_openapi(app: FastAPI) -> None:
    """Let ``app.openapi()`` hold every schema that is referred to and who may call what, in the dialect of OpenAPI 3.0.

    The roles of a call stand in its ``x-roles``.
    """
    app.openapi_version = OPENAPI_VERSION
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = generate()
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            models: list[type[BaseModel]] = [
                MemberProfile,
                SearchRequest,
                ImportedLine,
                ProblemShape,
                *REQUESTS,
                *PLAN_REQUESTS,
                *REMATCH_REQUESTS,
            ]
            _, extra = models_json_schema([(model, "validation") for model in models], ref_template=_REFERENCE)
            for name, schema in extra["$defs"].items():
                schemas.setdefault(name, schema)
            _add_access(app, found)
            app.openapi_schema = _as_3_0(found)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _add_access(app: FastAPI, found: dict[str, Any]) -> None:
    """The key that every call wants, and what comes without it, or of what all calls share."""
    found["components"]["securitySchemes"] = _SCHEMES
    found["security"] = [{name: []} for name in _SCHEMES]
    for route in strict_routes(app.router.routes):
        if not route.include_in_schema:
            continue
        for method in route.methods or ():
            operation = found["paths"][route.path_format][method.lower()]
            statuses: set[HTTPStatus] = {*_EVERYWHERE}
            if route.roles:
                operation["x-roles"] = [role for role in ROLES if role in route.roles]
                statuses |= {*_REFUSALS}
            else:
                operation["security"] = []
            if "requestBody" in operation:
                statuses.add(HTTPStatus.REQUEST_TIMEOUT)
            if route.keeps_answers:
                statuses.add(HTTPStatus.GONE)
            operation["responses"] |= {str(status.value): _problem_response(status) for status in statuses}


def _as_3_0(node: Any) -> Any:
    """The same schema without what came with 3.1: null as a type, const."""
    if isinstance(node, list):
        return [_as_3_0(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _as_3_0(value) for key, value in node.items()}
    options = node.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        rest = [option for option in options if option != {"type": "null"}]
        del node["anyOf"]
        if len(rest) == 1 and "$ref" not in rest[0]:
            node |= rest[0]
        else:
            node["anyOf"] = rest
        node["nullable"] = True
    if "const" in node:
        node["enum"] = [node.pop("const")]
    return node
