"""Two clients change one member: the one who saw an older version is told, and nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.service.conftest import Served
from tests.service.conventions.conftest import person, problem_of

AT = "/v1/members/a"


def put(
    served: Served, headers: dict[str, str] | None = None, member_id: str = "a", **fields: object
) -> httpx.Response:
    body = person(member_id, **fields).model_dump(mode="json", exclude_defaults=True)
    return served.client.put(f"/v1/members/{member_id}", json=body, headers=headers or {})


def test_a_change_is_made_to_the_version_that_was_seen(five: Served) -> None:
    seen = five.client.get(AT).headers["etag"]
    first = put(five, {"if-match": seen}, buddy_capacity=1)
    assert first.status_code == 200
    second = put(five, {"if-match": seen}, buddy_capacity=3)
    assert (second.status_code, problem_of(second)) == (412, "changed-since")
    assert five.client.get(AT).json()["buddy_capacity"] == 1
    newest = first.headers["etag"]
    for tags in (newest, f'"0", {newest}', f"W/{newest}", "*"):
        again = put(five, {"if-match": tags}, buddy_capacity=1)
        assert (again.status_code, again.headers["etag"]) == (200, newest), "no change, no version"
    assert put(five, buddy_capacity=2).status_code == 200, "without a condition the last one wins"


def test_a_new_member_is_not_put_over_another(five: Served) -> None:
    there = put(five, {"if-none-match": "*"}, buddy_capacity=1)
    assert (there.status_code, problem_of(there)) == (412, "already-there")
    assert put(five, {"if-none-match": "*"}, member_id="new").status_code == 201
    for absent in ('"1"', "*"):
        assert problem_of(put(five, {"if-match": absent}, member_id="newer")) == "changed-since"
    assert five.client.get("/v1/members/newer").status_code == 404


def test_a_removal_can_be_conditional(five: Served) -> None:
    seen = five.client.get(AT).headers["etag"]
    put(five, buddy_capacity=1)
    assert problem_of(five.client.delete(AT, headers={"if-match": seen})) == "changed-since"
    newest = five.client.get(AT).headers["etag"]
    assert five.client.delete(AT, headers={"if-match": newest}).status_code == 204
    assert five.client.delete(AT, headers={"if-match": newest}).status_code == 404
    assert put(five).headers["etag"] not in {seen, newest}, "who comes back is another version"


def test_what_is_known_is_not_sent_again(five: Served) -> None:
    seen = five.client.get(AT).headers["etag"]
    known = five.client.get(AT, headers={"if-none-match": seen})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", seen)
    put(five, buddy_capacity=1)
    assert five.client.get(AT, headers={"if-none-match": seen}).status_code == 200


@pytest.mark.parametrize("tags", ["1", '"1', 'x"1"', '"1" "2"', "", "*, *"])
def test_tags_that_are_none(five: Served, tags: str) -> None:
    for reply in (
        put(five, {"if-match": tags}),
        put(five, {"if-none-match": tags}),
        five.client.delete(AT, headers={"if-match": tags}),
        five.client.get(AT, headers={"if-none-match": tags}),
    ):
        assert reply.status_code == 422, (reply.request.method, tags)
    assert problem_of(put(five, {"if-match": '"anything-else"'})) == "changed-since"


def test_of_many_who_saw_the_same_one_wins(five: Served) -> None:
    seen = five.client.get(AT).headers["etag"]
    with ThreadPoolExecutor(8) as many:
        replies = list(many.map(lambda n: put(five, {"if-match": seen}, birth_year=1950 + n), range(8)))
    assert sorted(reply.status_code for reply in replies) == [200] + [412] * 7
    (winner,) = (reply for reply in replies if reply.status_code == 200)
    assert five.client.get(AT).headers["etag"] == winner.headers["etag"]
