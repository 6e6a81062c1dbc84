"""Many members at once: a result a line, nothing by halves."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

from matcher import MemberProfile
from service.api.wire import ImportedLine
from service.storage import members
from tests.service.conftest import NDJSON, Serve, Served, ndjson


def lines_of(text: str) -> list[ImportedLine]:
    return [ImportedLine.model_validate_json(line) for line in text.splitlines()]


def count(served: Served) -> int:
    with served.community.database.reading() as connection:
        return members.count(connection)


def test_good_and_bad_lines(serve: Serve, people: list[MemberProfile]) -> None:
    good = [member.model_dump_json(exclude_defaults=True) for member in people[:3]]
    body = "\n".join(
        [
            good[0],
            "",
            '{"member_id": "x", "shoe_size": 1}',
            good[1],
            good[0],
            "not json",
            '{"member_id": "y", "birth_year": 2020}',
            "[1]",
            good[2][:40],
        ]
    )
    with serve() as served:
        reply = served.client.post("/v1/members:import", content=body.encode(), headers=NDJSON)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "application/x-ndjson")
        told = lines_of(reply.text)
        assert [(line.line, line.status) for line in told] == [
            (1, "stored"), (3, "rejected"), (4, "stored"), (5, "rejected"), (6, "rejected"), (7, "rejected"),
            (8, "rejected"), (9, "rejected"),
        ]  # fmt: skip
        assert told[3].member_id == people[0].member_id
        assert [problem.where for problem in told[3].problems] == ["member_id"]
        assert told[5].problems[0].where == "birth_year"
        assert count(served) == 2
        again = served.client.post("/v1/members:import", content=body.encode(), headers=NDJSON)
        assert again.text == reply.text, "importing again is safe"
        assert served.client.get("/readyz").json()["as_of_seq"] == 2, "and changes nothing"


def test_a_line_that_is_too_long_is_one_problem(serve: Serve, people: list[MemberProfile]) -> None:
    body = ndjson(people[:1]) + b'{"alias": "' + b"x" * 3_000_000 + b'"}\n' + ndjson(people[1:2])
    with serve() as served:
        told = lines_of(served.client.post("/v1/members:import", content=body, headers=NDJSON).text)
        assert [line.status for line in told] == ["stored", "rejected", "stored"]


def test_a_body_that_grows_too_long(serve: Serve, people: list[MemberProfile]) -> None:
    whole = ndjson(people)
    limits = {"max_import_bytes": len(whole) // 2, "import_chunk_lines": 50}

    def in_parts() -> Iterator[bytes]:
        for first in range(0, len(whole), 4096):
            yield whole[first : first + 4096]

    with serve(**limits) as served:
        announced = served.client.post("/v1/members:import", content=whole, headers=NDJSON)
        assert (announced.status_code, count(served)) == (413, 0), "refused before anything is read"
        grown = served.client.post("/v1/members:import", content=in_parts(), headers=NDJSON)
        assert grown.status_code == 413
        assert grown.headers["content-type"] == "application/problem+json"
        assert grown.json()["stored"] == count(served)
        served.client.get("/livez").raise_for_status()


def test_an_empty_body(shared: Served) -> None:
    reply = shared.client.post("/v1/members:import", content=b"", headers=NDJSON)
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")


def test_another_type(shared: Served) -> None:
    for headers in (
        {"content-type": "application/json"},
        {"content-type": "text/csv"},
        NDJSON | {"content-encoding": "gzip"},
    ):
        reply = shared.client.post("/v1/members:import", content=b"{}", headers=headers)
        assert (reply.status_code, reply.headers["content-type"]) == (415, "application/problem+json")


def test_a_client_that_goes_away(serve: Serve, people: list[MemberProfile]) -> None:
    whole = ndjson(people[:120])
    with serve(import_chunk_lines=50) as served:
        url = served.client.base_url
        with socket.create_connection((url.host, url.port or 0)) as wire:
            head = f"POST /v1/members:import HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(whole) + 999}\r\n"
            wire.sendall((head + "Content-Type: application/x-ndjson\r\n\r\n").encode() + whole[:-30])
            time.sleep(0.3)
        time.sleep(0.3)
        with served.community.database.reading() as connection:
            stored = list(members.everyone(connection))
        assert len(stored) in {0, 50, 100}, "whole chunks or nothing"
        assert all(json.loads(profile)["member_id"] for profile in stored)
        served.load(people[:120])


def test_imported_members_are_in_the_next_answer(
    serve: Serve, people: list[MemberProfile], seeker: MemberProfile
) -> None:
    with serve(import_chunk_lines=100) as served:
        served.put(seeker)
        assert served.peers(seeker.member_id) == []
        served.load([member for member in people if member.member_id != seeker.member_id])
        assert len(served.peers(seeker.member_id)) == 10
