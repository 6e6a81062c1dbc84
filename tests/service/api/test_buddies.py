"""Answers over HTTP: the same as in process, in the documented shape, safe to show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from matcher import FacetWeights, MemberIndex, MemberProfile, recommend_buddies
from service.api.wire import AnswerShape
from service.use_cases.find_buddies import Wish, find_at_once, find_buddies
from tests.service.conftest import Serve, Served


def fresh(shared: Served, people: list[MemberProfile]) -> MemberIndex:
    view = shared.community.index.view().index
    return MemberIndex.build(people, view.as_of, means=view.means)


@pytest.mark.parametrize("kind", ["buddy", "mentor"])
def test_answers_are_those_of_a_fresh_index(shared: Served, people: list[MemberProfile], kind: Any) -> None:
    index = fresh(shared, people)
    for member in people[:60]:
        told = shared.answer(member.member_id, kind=kind, k=7)
        AnswerShape.model_validate_json(json.dumps(told))
        expected = recommend_buddies(index, member.member_id, 7, kind)
        assert told["certified"] is True
        assert [(peer["member_id"], peer["score"]) for peer in told["peers"]] == [
            (peer.member_id, peer.score) for peer in expected.peers
        ]
        assert [peer["reasons"] for peer in told["peers"]] == [
            [{"facet": reason.facet, "text": reason.text} for reason in peer.reasons] for peer in expected.peers
        ]


def test_whoever_may_be_like_anybody_is_answered_beside_others(
    shared: Served, people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long search is no part of the event loop's work, and its answer is the same."""
    community = shared.community
    index = community.index.view().index
    told = next(member.member_id for member in people if member.procedures)
    alone = next(member.member_id for member in people if not member.procedures and member.topics)
    silent = next(m.member_id for m in people if not m.procedures and not m.topics and m.interests)
    all_of_them = (told, alone, silent)
    in_the_loop = community.database.in_process

    def at_once() -> list[bool]:
        return [find_at_once(community, name, Wish(7)) is not None for name in all_of_them]

    expected = {
        name: [peer.member_id for peer in find_buddies(community, name, Wish(7)).found.peers] for name in all_of_them
    }
    assert [index.seeker(name).looks_at_all for name in all_of_them] == [False, True, True]
    assert [index.seeker(name).rules_out_few for name in all_of_them] == [False, False, True]
    assert at_once() == [in_the_loop] * 3, "of few it does not take long"
    monkeypatch.setattr("service.use_cases.find_buddies.MOST_SCORED_AT_ONCE", len(people) - 1)
    assert at_once() == [in_the_loop, in_the_loop, False]
    monkeypatch.setattr("service.use_cases.find_buddies.MOST_LOOKED_AT_AT_ONCE", len(people) - 1)
    assert at_once() == [in_the_loop, False, False]
    assert {name: shared.peers(name, k=7) for name in all_of_them} == expected


def test_weights_of_the_request(shared: Served, people: list[MemberProfile], seeker: MemberProfile) -> None:
    weights = {"interests": 3, "topics": 1.5}
    body = {"member_id": seeker.member_id, "weights": weights, "k": 5}
    told = shared.client.post("/v1/buddies:search", json=body).json()
    AnswerShape.model_validate_json(json.dumps(told))
    expected = recommend_buddies(fresh(shared, people), seeker.member_id, 5, "buddy", FacetWeights.parse(weights))
    assert [peer["score"] for peer in told["peers"]] == [peer.score for peer in expected.peers]


def test_an_unsaved_profile(shared: Served, seeker: MemberProfile) -> None:
    profile = seeker.model_dump(mode="json", exclude={"member_id"})
    told = shared.client.post("/v1/buddies:search", json={"profile": profile, "k": 5}).json()
    names = [peer["member_id"] for peer in told["peers"]]
    assert len(names) == 5
    stored = shared.peers(seeker.member_id, k=6)
    assert set(names) <= {seeker.member_id, *stored}, "the same wishes find the same peers, and the twin"
    assert shared.client.get("/v1/members/unsaved-profile").status_code == 404


def test_the_funnel_comes_with_answers_that_are_short(shared: Served, seeker: MemberProfile) -> None:
    assert shared.answer(seeker.member_id, k=1)["funnel"] is None
    funnel = shared.answer(seeker.member_id, k=1000)["funnel"]
    assert funnel["population"] == 590, "599 others, in tens"
    codes = {removed["code"] for removed in funnel["removed"]}
    assert codes.isdisjoint({"block", "consent", "status", "no_repeat"})
    assert all(removed["at_least"] >= 10 and removed["at_least"] % 10 == 0 for removed in funnel["removed"])


def test_an_empty_answer_says_why(serve: Serve, people: list[MemberProfile], seeker: MemberProfile) -> None:
    with serve() as served:
        served.load(people[:50])
        served.put(seeker, status="paused")
        told = served.answer(seeker.member_id)
        assert told["peers"] == []
        assert told["funnel"]["barriers"] == ["status"]


def test_a_community_of_one(serve: Serve, seeker: MemberProfile) -> None:
    with serve() as served:
        served.put(seeker)
        told = served.answer(seeker.member_id)
        assert (told["peers"], told["certified"]) == ([], True)
        assert told["funnel"] == {
            "population": None, "eligible": None, "removed": [], "barriers": [], "relaxation": None
        }  # fmt: skip


BAD_SEARCHES: Mapping[str, str] = {
    "neither": "{}",
    "both": '{"member_id": "a", "profile": {}}',
    "nan": '{"member_id": "a", "weights": {"stage": NaN}}',
    "infinite": '{"member_id": "a", "weights": {"stage": 1e999}}',
    "negative": '{"member_id": "a", "weights": {"stage": -1}}',
    "zero": '{"member_id": "a", "weights": {"stage": 0}}',
    "nothing weighed": '{"member_id": "a", "weights": {}}',
    "no such facet": '{"member_id": "a", "weights": {"beauty": 1}}',
    "weight as text": '{"member_id": "a", "weights": {"stage": "1"}}',
    "weight as bool": '{"member_id": "a", "weights": {"stage": true}}',
    "half a character": '{"member_id": "a", "weights": {"\\ud800": 1}}',
    "half a field": '{"member_id": "a", "\\ud800": 1}',
    "kind": '{"member_id": "a", "kind": "group"}',
    "k of 0": '{"member_id": "a", "k": 0}',
    "k of a billion": '{"member_id": "a", "k": 1000000000}',
    "k as text": '{"member_id": "a", "k": "10"}',
    "k as bool": '{"member_id": "a", "k": true}',
    "unknown field": '{"member_id": "a", "limit": 3}',
    "bad id": '{"member_id": "a b"}',
    "bad profile": '{"profile": {"birth_year": "old"}}',
    "profile of nothing known": '{"profile": {"shoe_size": 41}}',
}


@pytest.mark.parametrize("name", BAD_SEARCHES)
def test_bad_searches(shared: Served, name: str) -> None:
    headers = {"content-type": "application/json"}
    reply = shared.client.post("/v1/buddies:search", content=BAD_SEARCHES[name], headers=headers)
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert all(set(error) == {"where", "what", "accepted"} for error in reply.json()["errors"])
    assert reply.json()["errors"]


@pytest.mark.parametrize(
    "query", ["k=0", "k=1001", "k=1000000000", "k=-1", "k=ten", "k=1.5", "k=", "kind=group", "K=3"]
)
def test_bad_queries(shared: Served, seeker: MemberProfile, query: str) -> None:
    reply = shared.client.get(f"/v1/members/{seeker.member_id}/buddies?{query}")
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["accepted"]


def test_an_unknown_member(shared: Served) -> None:
    for reply in (
        shared.client.get("/v1/members/nobody/buddies"),
        shared.client.post("/v1/buddies:search", json={"member_id": "nobody"}),
    ):
        assert reply.status_code == 404
        assert reply.json()["type"] == "urn:peer-matcher:problem:unknown-member"
