"""``POST /v1/members:import``: members as NDJSON in, a result a line as NDJSON out."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import IO, Any

import anyio.from_thread
import msgspec
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from matcher.errors import Problem, ReadingError
from matcher.members.json_rows import json_object
from matcher.members.lines import cut_lines
from matcher.members.reading import results
from matcher.members.rows import RawRow
from service.api.access import allows
from service.api.admission import takes
from service.api.bodies import NDJSON_TYPES, check_type, limited
from service.api.openapi import ndjson_exchange, problems
from service.api.repeating import may_repeat
from service.api.routing import Served, StrictRoute
from service.community import Community
from service.problems import ProblemDetails, RequestError, problem_fields, unprocessable
from service.use_cases.import_members import ImportedRow, import_members

IN_MEMORY = 4 * 1024 * 1024
"""Results beyond this many bytes wait on disk until the last line has come in."""
router = APIRouter(prefix="/v1", tags=["members"], route_class=StrictRoute)


@router.post(
    "/members:import",
    summary="Store many members",
    responses=problems(413, 415, 422),
    openapi_extra=ndjson_exchange(),
    response_class=Response,
)
@allows("platform")
@may_repeat("Every line stores a whole profile under its own id: a profile that changes nothing is no change.")
@takes("long")
async def import_(request: Request, community: Served) -> Response:
    """One profile a line, one result a line: its number, the id, `stored` or `rejected`, and the problems.

    Lines are stored in chunks, each whole or not at all. An id that comes twice is a problem of the later line. If the
    body breaks off or grows too long, what was stored before stays; sending everything again is safe.
    """
    check_type(request, NDJSON_TYPES)
    # The results wait until the body is in: most clients send everything before they read anything.
    results_file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    try:
        stream = limited(request, community.settings.max_import_bytes)
        await run_in_threadpool(_import, community, stream, results_file)
    except BaseException:
        results_file.close()
        raise
    return StreamingResponse(_replayed(results_file), media_type="application/x-ndjson")


def _import(community: Community, stream: AsyncIterator[bytes], results_file: IO[bytes]) -> None:
    rows = results(_raw_rows(_pulled(stream)), "the body", community.settings.today())
    tally = {"stored": 0, "rejected": 0}
    try:
        for row in import_members(community, rows):
            tally["stored" if row.stored else "rejected"] += 1
            results_file.write(_result_line(row))
    except ReadingError as error:
        raise RequestError(unprocessable([Problem("body", error.what, error.accepted)])) from error
    except RequestError as error:
        details = error.details
        raise RequestError(
            ProblemDetails(details.status, details.name, details.detail, details.errors, details.headers, tally)
        ) from error


def _pulled(stream: AsyncIterator[bytes]) -> Iterator[bytes]:
    """The body's chunks, pulled by the importing thread from the loop that receives them."""

    async def following() -> bytes | None:
        return await anext(stream, None)

    while (chunk := anyio.from_thread.run(following)) is not None:
        yield chunk


def _raw_rows(chunks: Iterator[bytes]) -> Iterator[RawRow]:
    for line in cut_lines(chunks):
        found = json_object(line)
        if isinstance(found, Problem):
            yield RawRow(line.number, {}, (found,))
        elif found is not None:
            yield RawRow(line.number, {name: value for name, value in found.items() if value is not None})


def _result_line(row: ImportedRow) -> bytes:
    fields: dict[str, Any] = {
        "line": row.line,
        "member_id": row.member_id,
        "status": "stored" if row.stored else "rejected",
    }
    if row.problems:
        fields["problems"] = [problem_fields(problem) for problem in row.problems]
    if row.notes:
        fields["notes"] = row.notes
    return msgspec.json.encode(fields) + b"\n"


def _replayed(results_file: IO[bytes]) -> Iterator[bytes]:
    with results_file:
        results_file.seek(0)
        while chunk := results_file.read(1 << 16):
            yield chunk
