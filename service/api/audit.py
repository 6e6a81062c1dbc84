"""``/v1/audit``: who saw or changed which match or group."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from matcher.errors import InvalidRequest, Problem
from service.api.access import allows
from service.api.cursors import cursor_place, cursor_text
from service.api.openapi import problems
from service.api.replies import json_reply
from service.api.routing import MEMBER_ID_PATTERN, Served, StrictRoute
from service.settings import moment_text
from service.use_cases.audit import MOST_ON_A_PAGE, read_audit, wanted_rows

router = APIRouter(prefix="/v1", tags=["audit"], route_class=StrictRoute)


class AuditRowShape(BaseModel):
    """One reading or change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: int = Field(description="Rises by one from row to row: none can be missing unnoticed.")
    at: str
    key_id: str | None = Field(description="Whose key; null for what the service does by itself.")
    role: str
    action: str
    kind: str
    object_id: str | None
    request_id: str | None = Field(description="As in the log; a job's id for what a job did.")
    outcome: str = Field(description="`done`, or the name of the problem for which it was not.")
    member_ids: list[str] = Field(description="Whom it is about; who was erased is named by a pseudonym.")


class AuditPageShape(BaseModel):
    """Rows of the audit trail, newest first."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rows: list[AuditRowShape]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last one.")


@router.get("/audit", summary="Read the audit trail", response_model=AuditPageShape, responses=problems(400, 410, 422))
@allows("admin")
def audit(
    community: Served,
    member_id: Annotated[str | None, Query(pattern=MEMBER_ID_PATTERN, description="Rows about them alone.")] = None,
    object_id: Annotated[
        str | None, Query(pattern="^[0-9a-f]{24}$", description="Rows of one match or group plan.")
    ] = None,
    key_id: Annotated[str | None, Query(pattern="^[0-9a-z]{12}$", description="Rows of one key.")] = None,
    since: Annotated[datetime | None, Query(description="Rows from this moment on.")] = None,
    limit: Annotated[
        int, Query(description="How many at most.", json_schema_extra={"minimum": 1, "maximum": MOST_ON_A_PAGE})
    ] = 100,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> Response:
    """Newest first. Reading the trail is not itself in it; the log has it."""
    if not 1 <= limit <= MOST_ON_A_PAGE:
        raise InvalidRequest(Problem("limit", "is out of range", f"1 to {MOST_ON_A_PAGE}"))
    moment = None if since is None else moment_text(_in_utc(since))
    whose = ("audit", member_id or "", object_id or "", key_id or "", moment or "", str(limit))
    before = None if cursor is None else int(cursor_place(community, whose, cursor)[0])
    page = read_audit(community, wanted_rows(member_id, object_id, key_id, moment, before), limit)
    rest = None if page.rest is None else cursor_text(community, whose, (str(page.rest),))
    return json_reply({"rows": [asdict(row) for row in page.rows], "next_cursor": rest})


def _in_utc(moment: datetime) -> datetime:
    """A moment without a zone is one in UTC."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise InvalidRequest(Problem("since", "is out of range", "a moment as 2026-01-31T12:00:00Z")) from None
