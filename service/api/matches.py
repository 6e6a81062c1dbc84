"""``/v1/matches``: proposed, answered and ended; and each member's own view of theirs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from matcher.errors import InvalidRequest, Problem
from service.api.access import allows
from service.api.bodies import read_model
from service.api.cursors import cursor_place, cursor_text
from service.api.idempotency import OnceOnly
from service.api.match_shapes import (
    AcceptRequest,
    DeclineRequest,
    EndRequest,
    MatchPageShape,
    MatchShape,
    ProposalRequest,
)
from service.api.openapi import json_body, problems
from service.api.replies import json_reply
from service.api.routing import MEMBER_ID_PATTERN, MemberIdPath, MinSeq, Served, StrictRoute
from service.use_cases.answer_match import accept_match, decline_match
from service.use_cases.end_match import end_match
from service.use_cases.level import rows_level
from service.use_cases.list_matches import get_match, list_matches
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.seen_match import SeenMatch

MOST_ON_A_PAGE = 200
router = APIRouter(prefix="/v1", tags=["matches"], route_class=StrictRoute)
MatchIdPath = Annotated[str, Path(pattern=MEMBER_ID_PATTERN, description="Id of the match.")]
LimitQuery = Annotated[
    int, Query(description="How many at most.", json_schema_extra={"minimum": 1, "maximum": MOST_ON_A_PAGE})
]
CursorQuery = Annotated[str | None, Query(description="`next_cursor` of the page before.")]


def _seen(match: SeenMatch, status: int = 200) -> Response:
    return json_reply(asdict(match), status)


def _proposed(match: SeenMatch) -> Response:
    reply = _seen(match, 201)
    reply.headers["Location"] = f"/v1/members/{match.member_id}/matches/{match.match_id}"
    return reply


@router.post(
    "/matches",
    summary="Propose a match",
    status_code=201,
    response_model=MatchShape,
    responses=problems(404, 409, 413, 415, 422),
    openapi_extra=json_body(ProposalRequest, "Who shall meet whom."),
)
@allows("platform")
async def propose(request: Request, community: Served, once: OnceOnly) -> Response:
    """Takes a place on both sides until both have accepted, or the proposal expires. `Location` is the asker's view."""
    asked = await read_model(request, ProposalRequest, community.settings.max_body_bytes)
    proposal = Proposal(asked.kind, asked.member_id, asked.peer_id, asked.accepted)
    return await once.answered(lambda: propose_match(community, proposal), _proposed)


@router.post(
    "/matches/{match_id}:accept",
    summary="A member's yes",
    response_model=MatchShape,
    responses=problems(404, 409, 413, 415, 422),
    openapi_extra=json_body(AcceptRequest, "Whose yes."),
)
@allows("platform")
async def accept(match_id: MatchIdPath, request: Request, community: Served, once: OnceOnly) -> Response:
    """The second yes makes the match, after every rule was checked again."""
    asked = await read_model(request, AcceptRequest, community.settings.max_body_bytes)
    return await once.answered(lambda: accept_match(community, match_id, asked.member_id), _seen)


@router.post(
    "/matches/{match_id}:decline",
    summary="A member's no",
    response_model=MatchShape,
    responses=problems(404, 409, 413, 415, 422),
    openapi_extra=json_body(DeclineRequest, "Whose no."),
)
@allows("platform")
async def decline(match_id: MatchIdPath, request: Request, community: Served, once: OnceOnly) -> Response:
    """The member's place is free at once. The other side is never told: they see the proposal expire."""
    asked = await read_model(request, DeclineRequest, community.settings.max_body_bytes)
    return await once.answered(lambda: decline_match(community, match_id, asked.member_id, asked.reason), _seen)


@router.post(
    "/matches/{match_id}:end",
    summary="End an accepted match",
    response_model=MatchShape,
    responses=problems(404, 409, 413, 415, 422),
    openapi_extra=json_body(EndRequest, "Who ends it."),
)
@allows("platform")
async def end(match_id: MatchIdPath, request: Request, community: Served, once: OnceOnly) -> Response:
    """For both at once. Who ended it, and why, is not shown to the other side."""
    asked = await read_model(request, EndRequest, community.settings.max_body_bytes)
    return await once.answered(lambda: end_match(community, match_id, asked.member_id, asked.reason), _seen)


@router.get(
    "/members/{member_id}/matches",
    summary="A member's own view of their matches",
    response_model=MatchPageShape,
    responses=problems(404, 410, 422, 503),
)
@allows("platform")
def matches(
    member_id: MemberIdPath,
    community: Served,
    limit: LimitQuery = 50,
    cursor: CursorQuery = None,
    min_seq: MinSeq = None,
) -> Response:
    """Newest first."""
    rows_level(community, min_seq)
    if not 1 <= limit <= MOST_ON_A_PAGE:
        raise InvalidRequest(Problem("limit", "is out of range", f"1 to {MOST_ON_A_PAGE}"))
    whose = ("matches", member_id, str(limit))
    after = None
    if cursor is not None:
        at, match_id = cursor_place(community, whose, cursor)
        after = at, match_id
    page = list_matches(community, member_id, limit, after)
    rest = None if page.rest is None else cursor_text(community, whose, page.rest)
    return json_reply({"matches": [asdict(match) for match in page.matches], "next_cursor": rest})


@router.get(
    "/members/{member_id}/matches/{match_id}",
    summary="A member's own view of one match",
    response_model=MatchShape,
    responses=problems(404, 422, 503),
)
@allows("platform")
def match(member_id: MemberIdPath, match_id: MatchIdPath, community: Served, min_seq: MinSeq = None) -> Response:
    """The state as far as this member may know it."""
    rows_level(community, min_seq)
    return _seen(get_match(community, match_id, member_id))
