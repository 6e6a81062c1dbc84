"""``/v1/jobs/{id}``: long work, looked at, followed and cancelled by whoever asked for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Header, Path
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from service.api.access import allows_every_key, caller_of
from service.api.admission import takes
from service.api.job_shapes import JobShape
from service.api.openapi import problems
from service.api.replies import json_reply
from service.api.routing import Served, StrictRoute
from service.caller import Caller
from service.community import Community
from service.problems import ProblemDetails, RequestError
from service.use_cases.jobs import Job, cancel_job, see_job

LOOK_EVERY_S = 0.25
THREADS = 2
"""In which all streams look, so that a database that does not answer leaves every other thread to other requests."""
ALIVE_EVERY_S = 15.0
"""How often a stream without news says that it is alive."""
LONGEST_STREAM_S = 300.0
"""A stream ends after this time, and whoever follows it connects again: so its key is looked at again."""
MOST_A_KEY = 64
"""Streams that a key may have open, of the 256 there are for all: so no key takes them from others."""
JobIdPath = Annotated[str, Path(pattern="^[0-9a-f]{24}$", description="As the answer that queued the job named it.")]
_EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string", "enum": ["job", "end"]},
        "data": {"type": "string", "description": "The job, as JSON."},
    },
}
_LIMITER: RunVar[CapacityLimiter] = RunVar("threads_of_streams")
_OPEN: RunVar[Counter[str]] = RunVar("streams_by_key")
router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=StrictRoute)


@router.get("/{job_id}", summary="Look at a job", response_model=JobShape, responses=problems(404, 422))
@allows_every_key()
def get(job_id: JobIdPath, request: Request, community: Served) -> Response:
    """Its state, how far it is, and what came of it. The job of another key is 404."""
    return json_reply(see_job(community, calling(request), job_id))


@router.delete(
    "/{job_id}",
    summary="Cancel a job",
    response_model=JobShape,
    responses={202: {"model": JobShape, "description": "It runs, and stops within moments"}, **problems(404, 422)},
)
@allows_every_key()
def delete(job_id: JobIdPath, request: Request, community: Served) -> Response:
    """A job that waits is cancelled at once, one that runs is told to stop, one that has ended stays as it is."""
    job = cancel_job(community, calling(request), job_id)
    return json_reply(job, HTTPStatus.OK if job.has_ended else HTTPStatus.ACCEPTED)


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": _EVENT}}},
        204: {"description": "The job has ended, and its last event is known"},
        **problems(404, 422, 429),
    },
)
@allows_every_key()
@takes("stream")
async def events(
    job_id: JobIdPath,
    request: Request,
    community: Served,
    last_event_id: Annotated[str | None, Header(description="The number of the last event that is known.")] = None,
) -> Response:
    """An event `job` with the whole job for every change, numbered; the one with which it ends is called `end`.

    Each event holds all that is known, so whoever comes back with `Last-Event-ID` needs none of those in between.
    """
    caller = calling(request)
    if _open()[caller.key_id] >= MOST_A_KEY:
        what = f"This key follows {MOST_A_KEY} jobs; end one of the streams, or ask for the job itself now and then."
        headers = {"Retry-After": f"{ALIVE_EVERY_S:.0f}"}
        raise RequestError(ProblemDetails(HTTPStatus.TOO_MANY_REQUESTS, "too-many-streams", what, headers=headers))
    known = int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < 10 else 0
    job = await _looked(community, caller, job_id)
    if job.has_ended and job.event <= known:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _stream(community, caller, job, known)
    return _Following(caller, events, headers=headers, media_type="text/event-stream")


class _Following(StreamingResponse):
    """A stream that counts among those of its key for as long as it is sent, however it ends."""

    def __init__(self, caller: Caller, events: AsyncIterator[bytes], **fields: Any) -> None:
        super().__init__(events, **fields)
        self._key_id = caller.key_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _open()[self._key_id] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            _open()[self._key_id] -= 1
            if not _open()[self._key_id]:
                del _open()[self._key_id]


def _open() -> Counter[str]:
    try:
        return _OPEN.get()
    except LookupError:  # the first in this event loop
        _OPEN.set(Counter())
        return _OPEN.get()


async def _stream(community: Community, caller: Caller, job: Job, known: int) -> AsyncIterator[bytes]:
    clock = community.settings.stopwatch
    yield b"retry: 1000\n\n"
    began = said = clock()
    while True:
        now = clock()
        if job.event > known:
            known, said = job.event, now
            yield _event(job)
        elif now - said >= ALIVE_EVERY_S:
            said = now
            yield b": alive\n\n"
        if job.has_ended or now - began >= LONGEST_STREAM_S or community.stopping.is_set():
            return
        await asyncio.sleep(LOOK_EVERY_S)
        job = await _looked(community, caller, job.job_id)


async def _looked(community: Community, caller: Caller, job_id: str) -> Job:
    try:
        limiter = _LIMITER.get()
    except LookupError:  # the first look in this event loop
        limiter = CapacityLimiter(THREADS)
        _LIMITER.set(limiter)
    return await to_thread.run_sync(see_job, community, caller, job_id, limiter=limiter)


def _event(job: Job) -> bytes:
    name = b"end" if job.has_ended else b"job"
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (job.event, name, msgspec.json.encode(job))


def calling(request: Request) -> Caller:
    """Who calls a route that wants a key."""
    caller = caller_of(request.scope)
    assert caller is not None, "the gate lets nobody in without a key"
    return caller
