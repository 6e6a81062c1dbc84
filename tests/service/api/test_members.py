"""One member: stored, read, changed, removed, and what the next answer makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from matcher import MemberProfile
from tests.service.conftest import Serve, Served


def test_put_get_delete(serve: Serve, people: list[MemberProfile]) -> None:
    member = people[0]
    with serve() as served:
        assert served.put(member).status_code == 201
        again = served.put(member)
        assert (again.status_code, again.headers["etag"]) == (200, '"1"'), "what changes nothing is no change"
        changed = served.put(member, alias="new-name")
        assert (changed.headers["etag"], changed.json()["alias"]) == ('"2"', "new-name")
        told = served.client.get(f"/v1/members/{member.member_id}")
        assert MemberProfile.parse(told.json()) == member.model_copy(update={"alias": "new-name"})
        assert served.client.delete(f"/v1/members/{member.member_id}").status_code == 204
        for reply in (
            served.client.get(f"/v1/members/{member.member_id}"),
            served.client.delete(f"/v1/members/{member.member_id}"),
        ):
            assert reply.status_code == 404


@pytest.mark.parametrize(
    "change",
    [{"status": "paused"}, {"status": "withdrawn"}, {"status": "held"}, {"consent": False}, {"buddy_capacity": 0}],
)
def test_a_change_is_in_the_next_answer(
    serve: Serve, people: list[MemberProfile], seeker: MemberProfile, change: dict[str, Any]
) -> None:
    by_id = {member.member_id: member for member in people}
    with serve() as served:
        served.load(people)
        best = by_id[served.peers(seeker.member_id)[0]]
        served.put(best, **change)
        assert best.member_id not in served.peers(seeker.member_id, k=1000)
        assert served.peers(best.member_id, k=1000) == []
        served.put(best)
        assert served.peers(seeker.member_id)[0] == best.member_id
        served.client.delete(f"/v1/members/{best.member_id}")
        assert best.member_id not in served.peers(seeker.member_id, k=1000)


def test_blocks_are_permanent_both_ways(serve: Serve, people: list[MemberProfile], seeker: MemberProfile) -> None:
    by_id = {member.member_id: member for member in people}
    with serve() as served:
        served.load(people)
        other = by_id[served.peers(seeker.member_id)[0]]

        def meet() -> bool:
            return seeker.member_id in served.peers(other.member_id, k=1000) or other.member_id in served.peers(
                seeker.member_id, k=1000
            )

        assert meet()
        served.put(other, blocked=[seeker.member_id])
        assert not meet()
        told = served.put(other)
        assert told.json()["blocked"] == [seeker.member_id], "a profile that leaves a block out does not lift it"
        assert not meet()
        for gone in (other, seeker):
            served.client.delete(f"/v1/members/{gone.member_id}")
            served.put(gone)
            assert not meet(), "the block stands when either comes back"
        profile = other.model_dump(mode="json")
        search = served.client.post("/v1/buddies:search", json={"profile": profile, "k": 1000}).json()
        assert seeker.member_id not in {peer["member_id"] for peer in search["peers"]}


def test_more_blocks_than_a_profile_holds(serve: Serve, people: list[MemberProfile]) -> None:
    with serve() as served:
        served.put(people[0], blocked=[f"a{i}" for i in range(1000)])
        fields = people[0].model_dump(mode="json") | {"blocked": ["one-more"]}
        reply = served.client.put(f"/v1/members/{people[0].member_id}", json=fields)
        assert reply.status_code == 422
        assert reply.json()["errors"][0]["where"] == "blocked"
        assert len(served.client.get(f"/v1/members/{people[0].member_id}").json()["blocked"]) == 1000


BAD_PROFILES: dict[str, tuple[str, str]] = {
    "unknown field": ('{"shoe_size": 41}', "shoe_size"),
    "wrong type": ('{"consent": "yes"}', "consent"),
    "unknown procedure": ('{"procedures": [{"procedure": "magic"}]}', "procedures[0].procedure"),
    "no date": ('{"procedures": [{"procedure": "rhinoplasty", "date": "soon"}]}', "procedures[0].date"),
    "no zone": ('{"time_zone": "Mars/Olympus"}', "time_zone"),
    "under 13": ('{"birth_year": 2015}', "birth_year"),
    "another id": ('{"member_id": "b"}', "member_id"),
    "no JSON": ('{"alias": ', "body"),
    "no object": ("[]", "body"),
    "nothing": ("", "body"),
    "blank": (" \n", "body"),
    "NaN": ('{"birth_year": NaN}', "body"),
    "a key twice": ('{"alias": "a", "alias": "b"}', "body"),
    "deep": ("[" * 100_000, "body"),
    "a lone surrogate": ('{"alias": "\\ud800"}', "alias"),
    "a long number": ('{"birth_year": ' + "9" * 5000 + "}", "body"),
}


@pytest.mark.parametrize("name", BAD_PROFILES)
def test_bad_profiles(shared: Served, name: str) -> None:
    body, where = BAD_PROFILES[name]
    reply = shared.client.put("/v1/members/a", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert where in [error["where"] for error in reply.json()["errors"]]
    assert shared.client.get("/v1/members/a").status_code == 404


def test_every_problem_at_once_and_no_value(shared: Served) -> None:
    fields = {"alias": "x" * 65, "status": "SECRET-STATUS", "topics": ["SECRET-TOPIC"], "birth_year": 1}
    reply = shared.client.put("/v1/members/a", json=fields)
    assert {error["where"] for error in reply.json()["errors"]} == {"alias", "status", "topics[0]", "birth_year"}
    assert "SECRET" not in reply.text


def test_not_utf_8_and_surrogates_in_names(shared: Served) -> None:
    headers = {"content-type": "application/json"}
    for body in (b"\xff\xfe", b'{"\\ud800": 1}', b'{"alias": "\xff"}'):
        reply = shared.client.put("/v1/members/a", content=body, headers=headers)
        assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")


def test_null_is_an_unknown_field(shared: Served) -> None:
    reply = shared.client.put("/v1/members/null-fields", json={"alias": None, "status": None})
    assert reply.status_code == 201
    assert reply.json()["status"] == "active"
    assert shared.client.delete("/v1/members/null-fields").status_code == 204
