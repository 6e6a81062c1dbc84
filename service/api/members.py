"""``/v1/members/{id}``: store, read and remove one member."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from matcher.members.profile import MemberProfile
from service.api.access import allows
from service.api.admission import takes
from service.api.bodies import length_of_body, read_object
from service.api.conditional import ChangeIf, KnownVersions, PutIf
from service.api.openapi import json_body, problems
from service.api.plain import plainly
from service.api.routing import MemberIdPath, MinSeq, Served, StrictRoute, community_of, plain_member_id
from service.use_cases.erase_member import erase_member
from service.use_cases.get_member import StoredMember, get_member
from service.use_cases.level import rows_level
from service.use_cases.member_writer import MemberWriter
from service.use_cases.preconditions import ALWAYS
from service.use_cases.put_member import put_of

LONG_BODY = 32_768
"""Bytes from which on a profile is looked over in another thread: no other answer waits for a millisecond then."""
_LONG_BODIES = CapacityLimiter(2)
router = APIRouter(prefix="/v1/members", tags=["members"], route_class=StrictRoute)


async def _writer(request: Request) -> MemberWriter:
    writer: MemberWriter = request.app.state.writer
    return writer


Writer = Annotated[MemberWriter, Depends(_writer)]


def _stored(row: StoredMember, status: int = 200) -> Response:
    return Response(row.profile, status, headers={"ETag": f'"{row.seq}"'}, media_type="application/json")


_CONDITIONS = frozenset({b"if-match", b"if-none-match"})


def _plain_put(scope: Scope) -> dict[str, Any] | None:
    """How usual requests are read: without a condition."""
    member_id = plain_member_id(scope)
    if member_id is None or scope["query_string"] or any(name in _CONDITIONS for name, _ in scope["headers"]):
        return None
    writer: MemberWriter = scope["app"].state.writer
    return {"member_id": member_id, "community": community_of(scope), "writer": writer, "condition": ALWAYS}


@router.put(
    "/{member_id}",
    summary="Store a member, new or changed",
    response_model=MemberProfile,
    responses={201: {"model": MemberProfile, "description": "The member is new"}, **problems(412, 413, 415, 422)},
    openapi_extra=json_body(MemberProfile, "The whole profile; what is left out is unknown. The id may be left out."),
)
@allows("platform")
@takes("store")
@plainly(_plain_put)
async def put(
    member_id: MemberIdPath, request: Request, community: Served, writer: Writer, condition: PutIf
) -> Response:
    """The next request sees the change. A block is permanent: one that an earlier profile set stays.

    With `If-Match` it is made only if the member is still as it was seen (412 otherwise), with `If-None-Match: *` only
    if there is none.
    """
    fields = await read_object(request, community.settings.max_body_bytes)
    if length_of_body(request.scope) < LONG_BODY:
        order = put_of(community, member_id, fields, condition)
    else:
        order = await to_thread.run_sync(put_of, community, member_id, fields, condition, limiter=_LONG_BODIES)
    row, created = await asyncio.wrap_future(writer.put(order))
    return _stored(row, 201 if created else 200)


@router.get(
    "/{member_id}",
    summary="Read a member",
    response_model=MemberProfile,
    responses={304: {"description": "The version that is known is in force"}, **problems(404, 422, 503)},
)
@allows("platform")
def get(member_id: MemberIdPath, community: Served, known: KnownVersions, min_seq: MinSeq = None) -> Response:
    """The profile as it counts, with every block that stands. Unknown fields are left out."""
    rows_level(community, min_seq)
    row = get_member(community, member_id)
    return Response(status_code=304, headers={"ETag": f'"{row.seq}"'}) if row.seq in known else _stored(row)


@router.delete("/{member_id}", summary="Erase a member", status_code=204, responses=problems(404, 412, 422))
@allows("platform")
def delete(member_id: MemberIdPath, community: Served, condition: ChangeIf) -> Response:
    """The member is in no further answer, row, plan or file. Blocks stay by a pseudonym, in case an id comes back."""
    erase_member(community, member_id, condition)
    return Response(status_code=204)
