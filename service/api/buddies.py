"""Buddies and mentors: for a stored member, or searched for with weights or a profile of the request's own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from matcher import FacetWeights
from matcher.errors import InvalidMember, Problem
from matcher.members.vocabulary import KINDS, Kind
from service.api.access import allows
from service.api.admission import takes
from service.api.answers import answer_fields
from service.api.bodies import read_model
from service.api.openapi import json_body, problems
from service.api.plain import plain_query, plainly
from service.api.repeating import may_repeat
from service.api.replies import json_reply
from service.api.routing import MemberIdPath, MinSeq, Served, StrictRoute, community_of, plain_member_id
from service.api.visits import visit_of
from service.api.wire import AnswerShape, SearchRequest
from service.community import Community
from service.problems import RequestError, unprocessable
from service.use_cases.accepted_profile import accepted_profile
from service.use_cases.find_buddies import Answer, Wish, find_at_once, find_buddies, search_buddies
from service.use_cases.level import index_level

UNSAVED_ID = "unsaved-profile"
"""The id of a profile that comes without one."""
MOST_AT_ONCE = 50
"""Peers up to which an answer is worked out between two other requests."""
router = APIRouter(prefix="/v1", tags=["buddies"], route_class=StrictRoute)

K = Annotated[int, Query(description="How many.", json_schema_extra={"minimum": 1, "maximum": 1000})]
KindQuery = Annotated[Kind, Query(description="Somebody alike, or somebody further on.")]


def _plain_buddies(scope: Scope) -> dict[str, Any] | None:
    """How usual requests are read: at most a kind, and a number of peers that is in range."""
    member_id, query = plain_member_id(scope), plain_query(scope["query_string"])
    if member_id is None or query is None or not query.keys() <= {"kind", "k"}:
        return None
    kind, k = query.get("kind", "buddy"), query.get("k", "10")
    if kind not in KINDS or not (k.isdecimal() and len(k) <= 4 and 1 <= int(k) <= MOST_AT_ONCE):
        return None
    return {"member_id": member_id, "community": community_of(scope), "kind": kind, "k": int(k), "min_seq": None}


@router.get(
    "/members/{member_id}/buddies",
    summary="Buddies or mentors for a member, now",
    response_model=AnswerShape,
    responses=problems(404, 422, 503),
)
@allows("platform")
@takes("search")
@plainly(_plain_buddies)
async def buddies(
    member_id: MemberIdPath,
    request: Request,
    community: Served,
    kind: KindQuery = "buddy",
    k: K = 10,
    min_seq: MinSeq = None,
) -> Response:
    """The k best eligible peers, exact and certified, each with reasons that may be shown."""
    wish = Wish(k, kind)
    await _level(request, community, min_seq)
    # Short work is done at once: handing it to another thread would take a tenth of the time of the whole request.
    answer = find_at_once(community, member_id, wish) if k <= MOST_AT_ONCE else None
    if answer is None:
        answer = await run_in_threadpool(find_buddies, community, member_id, wish)
    return json_reply(answer_fields(answer))


@router.post(
    "/buddies:search",
    summary="Buddies or mentors with weights or a profile of the request's own",
    response_model=AnswerShape,
    responses=problems(404, 413, 415, 422, 503),
    openapi_extra=json_body(SearchRequest, "One of member_id and profile; the rest may be left out."),
)
@allows("platform")
@may_repeat("It stores nothing.")
@takes("search")
async def search(request: Request, community: Served, min_seq: MinSeq = None) -> Response:
    """Nothing is stored."""
    asked = await read_model(request, SearchRequest, community.settings.max_body_bytes)
    await _level(request, community, min_seq)
    return json_reply(answer_fields(await run_in_threadpool(_searched, community, asked)))


async def _level(request: Request, community: Community, min_seq: int | None) -> None:
    """Wait until the index knows ``min_seq``, in nobody's place."""
    if min_seq is not None and community.index.view().seq < min_seq:
        async with visit_of(request.scope).outside():
            await run_in_threadpool(index_level, community, min_seq)


def _searched(community: Community, asked: SearchRequest) -> Answer:
    weights = None if asked.weights is None else FacetWeights.parse(asked.weights)
    wish = Wish(asked.k, asked.kind, weights)
    if (asked.member_id is None) == (asked.profile is None):
        problem = Problem("(row)", "holds both or neither of member_id and profile", "exactly one of the two")
        raise RequestError(unprocessable([problem]))
    if asked.profile is None:
        return find_buddies(community, str(asked.member_id), wish)
    try:
        profile = accepted_profile(community, {"member_id": UNSAVED_ID, **asked.profile})
    except InvalidMember as error:
        inside = [Problem(f"profile.{found.where}", found.what, found.accepted) for found in error.problems]
        raise InvalidMember(inside) from None
    return search_buddies(community, profile, wish)
