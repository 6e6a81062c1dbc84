"""What the calls about matches take and answer over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from service.api.match_shapes import MatchPageShape, MatchShape
from tests.database_places import SQLITE
from tests.service.conftest import Serve, Served
from tests.service.matches.conftest import person


@pytest.fixture(scope="session")
def stored_in() -> str:
    return SQLITE


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "another kind": ("/v1/matches", {"kind": "group", "member_id": "a", "peer_id": "b"}, "kind"),
    "no peer": ("/v1/matches", {"kind": "buddy", "member_id": "a"}, "peer_id"),
    "themself": ("/v1/matches", {"kind": "buddy", "member_id": "a", "peer_id": "a"}, "peer_id"),
    "no id": ("/v1/matches", {"kind": "buddy", "member_id": "a b", "peer_id": "b"}, "member_id"),
    "an unknown field": ("/v1/matches/x:accept", {"member_id": "a", "mood": "SECRET"}, "mood"),
    "free text": ("/v1/matches/x:decline", {"member_id": "a", "reason": "SECRET"}, "reason"),
    "another end": ("/v1/matches/x:end", {"member_id": "a", "reason": "not_now"}, "reason"),
    "too good": ("/v1/feedback", {"match_id": "x", "member_id": "a", "fit": 6, "keep": True}, "fit"),
    "no number": ("/v1/feedback", {"match_id": "x", "member_id": "a", "fit": "5", "keep": True}, "fit"),
    "oneself": ("/v1/blocks", {"member_id": "a", "blocked": "a"}, "blocked"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests(shared: Served, name: str) -> None:
    path, body, where = BAD[name]
    reply = shared.client.post(path, json=body)
    assert reply.status_code == 422, reply.text
    assert [error["where"] for error in reply.json()["errors"]] == [where]
    assert "SECRET" not in reply.text


def test_nobody_and_nothing(shared: Served) -> None:
    for path, body in (
        ("/v1/matches/x:accept", {"member_id": "nobody"}),
        ("/v1/matches/x:decline", {"member_id": "nobody"}),
        ("/v1/matches/x:end", {"member_id": "nobody"}),
        ("/v1/feedback", {"match_id": "x", "member_id": "nobody", "fit": 1, "keep": False}),
        ("/v1/matches", {"kind": "buddy", "member_id": "nobody", "peer_id": "nobody-else"}),
        ("/v1/blocks", {"member_id": "nobody", "blocked": "nobody-else"}),
    ):
        reply = shared.client.post(path, json=body)
        assert reply.status_code == 404, reply.text
    for path in ("/v1/members/nobody/matches", "/v1/members/nobody/matches/x"):
        assert shared.client.get(path).status_code == 404
    for bad, status in (
        ("limit=0", 422), ("limit=201", 422), ("limit=many", 422), ("cursor=%20", 400), ("cursor=SECRET", 400),
        ("cursor=" + "A" * 200, 400),
    ):  # fmt: skip
        reply = shared.client.get(f"/v1/members/nobody/matches?{bad}")
        assert reply.status_code == status, bad
        assert "SECRET" not in reply.text


def test_answers_have_the_documented_shapes(serve: Serve) -> None:
    with serve() as served:
        served.put(person("a", buddy_capacity=10))
        for number in range(5):
            served.put(person(f"peer-{number}"))
            made = served.client.post(
                "/v1/matches", json={"kind": "buddy", "member_id": "a", "peer_id": f"peer-{number}"}
            )
            assert made.status_code == 201
            MatchShape.model_validate(made.json())
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = served.client.get("/v1/members/a/matches", params=asked).json()
            MatchPageShape.model_validate(page)
            seen += [match["peer_id"] for match in page["matches"]]
            cursor = page["next_cursor"]
        assert seen == [f"peer-{number}" for number in reversed(range(5))]
