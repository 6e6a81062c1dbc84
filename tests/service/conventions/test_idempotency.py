"""A request that is sent twice is carried out once, whatever happens in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, func, select

from service.community import Community
from service.storage import idempotency
from service.storage.tables import kept_answers, matches
from service.use_cases.propose_match import Proposal, propose_match
from tests.service.conftest import Serve, Served, bearer
from tests.service.conventions.conftest import person, problem_of

ASKED = {"kind": "buddy", "member_id": "a", "peer_id": "b"}


def ask(
    served: Served,
    key: str | None = "one",
    path: str = "/v1/matches",
    headers: dict[str, str] | None = None,
    **body: Any,
) -> httpx.Response:
    told = (headers or {}) | ({} if key is None else {"idempotency-key": key})
    return served.client.post(path, json=ASKED | body if path == "/v1/matches" else body, headers=told)


def count(community: Community) -> int:
    with community.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(matches)).scalar_one())


def same(first: httpx.Response, again: httpx.Response) -> bool:
    names = ("content-type", "location", "etag")
    heads = [{name: reply.headers.get(name) for name in names} for reply in (first, again)]
    assert "idempotent-replayed" not in first.headers
    return (
        again.headers.get("idempotent-replayed") == "true"
        and (first.status_code, first.content) == (again.status_code, again.content)
        and heads[0] == heads[1]
    )


def test_a_repetition_is_answered_and_not_done_again(five: Served) -> None:
    first = ask(five)
    assert first.status_code == 201, first.text
    assert same(first, ask(five))
    assert count(five.community) == 1
    assert ask(five, None).status_code == 409, "without a key it is another request"
    match_id = first.json()["match_id"]
    said = ask(five, "yes", f"/v1/matches/{match_id}:accept", member_id="b")
    assert said.json()["state"] == "accepted"
    ended = ask(five, "end", f"/v1/matches/{match_id}:end", member_id="b")
    assert ended.json()["state"] == "ended"
    assert same(said, ask(five, "yes", f"/v1/matches/{match_id}:accept", member_id="b")), "as it was then"


def test_another_request_with_the_same_key_does_nothing(five: Served) -> None:
    assert ask(five).status_code == 201
    for reply in (
        ask(five, peer_id="c"),
        ask(five, path="/v1/blocks", member_id="a", blocked="c"),
        ask(five, headers={"if-match": '"1"'}),
        five.client.post("/v1/blocks", json=ASKED, headers={"idempotency-key": "one"}),
    ):
        assert reply.status_code == 422
    assert problem_of(ask(five, peer_id="c")) == "idempotency-key-reused"
    assert count(five.community) == 1
    other = bearer(five.community)
    again = ask(five, headers=other, peer_id="c")
    assert again.status_code == 201, "another access key has keys of its own"
    assert "idempotent-replayed" not in again.headers


def test_a_refusal_is_kept_too(five: Served) -> None:
    ask(five, "block", "/v1/blocks", member_id="a", blocked="b")
    no = ask(five)
    assert no.status_code == 409
    assert same(no, ask(five))
    assert ask(five, "missing", member_id="nobody").status_code == 404
    five.put(person("nobody"))
    assert ask(five, "missing", member_id="nobody").status_code == 404, "who was told no is not surprised later"
    assert ask(five, "new-try", member_id="nobody").status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "a" * 256, "é".encode()])
def test_keys_that_are_none(five: Served, key: str | bytes) -> None:
    reply = five.client.post("/v1/matches", json=ASKED, headers=[("idempotency-key", key)])  # type: ignore[arg-type]
    assert (reply.status_code, reply.json()["errors"][0]["where"]) == (422, "Idempotency-Key")
    assert count(five.community) == 0


def test_two_keys_are_none(five: Served) -> None:
    reply = five.client.post("/v1/matches", json=ASKED, headers=[("idempotency-key", "a"), ("idempotency-key", "b")])
    assert reply.status_code == 422


def test_many_at_once_do_it_once(five: Served) -> None:
    with ThreadPoolExecutor(12) as many:
        replies = list(many.map(lambda _: ask(five), range(12)))
    assert {reply.status_code for reply in replies} == {201}, [reply.text for reply in replies]
    assert len({reply.content for reply in replies}) == 1
    assert sum("idempotent-replayed" not in reply.headers for reply in replies) == 1
    assert count(five.community) == 1


def test_work_and_answer_are_stored_as_one(five: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies in between has done both or nothing."""

    def full(_: Connection, __: object, ___: str) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(idempotency, "keep", full)
        assert ask(five).status_code == 500
        assert count(five.community) == 0, "without the answer there is no work"
    with monkeypatch.context() as broken:  # the work is committed, and then the process never gets to answer
        real = propose_match

        def dies(community: Community, asked: Proposal) -> None:
            real(community, asked)
            raise ZeroDivisionError

        broken.setattr("service.api.matches.propose_match", dies)
        assert ask(five).status_code == 500
    assert count(five.community) == 1
    again = ask(five)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert count(five.community) == 1
    with five.community.database.reading() as connection:
        (match_id,) = connection.execute(select(matches.c.match_id)).scalars()
    assert again.json()["match_id"] == match_id


def test_another_process_does_not_do_it_again(five: Served, serve: Serve) -> None:
    first = ask(five)
    with serve() as other:
        other.client.headers["authorization"] = five.client.headers["authorization"]
        assert same(first, ask(other))


def test_what_it_names_can_be_forgotten(five: Served) -> None:
    ask(five)
    with five.community.database.writing() as connection:
        assert idempotency.forget(connection, "b") == 1
        assert not any(
            "b" in str(row) for row in connection.execute(select(kept_answers.c.body, kept_answers.c.headers))
        )
    gone = ask(five)
    assert (gone.status_code, problem_of(gone)) == (410, "answer-forgotten")
    assert count(five.community) == 1


def test_answers_are_kept_for_a_day(serve: Serve) -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    with serve(clock=lambda: now[0]) as served:
        served.load([person(member_id) for member_id in "ab"])
        first = ask(served)
        now[0] += timedelta(hours=23, minutes=59)
        assert same(first, ask(served))
        now[0] += timedelta(minutes=2)
        assert ask(served).status_code == 409, "it is a new request, and the match is there"
        with served.community.database.reading() as connection:
            assert len(connection.execute(select(kept_answers)).all()) == 1, "the old one is gone"


def test_every_answer_is_the_same_with_and_without_a_key(serve: Serve) -> None:
    """What is rendered within the transaction is what is rendered after it."""
    told: list[list[object]] = []
    for key in (None, "k"):
        with serve() as served:
            served.load([person(member_id) for member_id in "abcde"])
            made = ask(served, key and "1")
            match_id = made.json()["match_id"]
            steps = [made, ask(served, key and "2", f"/v1/matches/{match_id}:accept", member_id="b")]
            said = {"match_id": match_id, "member_id": "a", "fit": 4, "keep": True}
            steps += [ask(served, key and "3", "/v1/feedback", **said)]
            steps += [ask(served, key and "4", f"/v1/matches/{match_id}:end", member_id="b", reason="other")]
            steps += [ask(served, key and "5", "/v1/blocks", member_id="b", blocked="c")]
            no = ask(served, key and "6", member_id="d", peer_id="e").json()["match_id"]
            steps += [ask(served, key and "7", f"/v1/matches/{no}:decline", member_id="e")]
            told.append([(step.status_code, sorted(step.json())) for step in steps])
            for name in "abcde":
                served.client.delete(f"/v1/members/{name}")
            with served.community.database.writing() as connection:
                for table in (matches, kept_answers):
                    connection.execute(table.delete())
    assert told[0] == told[1]
