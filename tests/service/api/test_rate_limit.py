"""A key asks so often and no oftener, measured by a stopwatch that the test holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matcher import MemberProfile
from service.api.rate_limit import RateLimit
from tests.service.conftest import Serve, bearer


def test_a_minutes_worth_and_then_in_step(serve: Serve, people: list[MemberProfile]) -> None:
    now = 1000.0
    with serve(stopwatch=lambda: now, requests_a_minute=2) as served:
        three = bearer(served.community, requests_a_minute=3)
        unlimited = bearer(served.community, requests_a_minute=0)
        default = bearer(served.community, requests_a_minute=None)

        def ask(key: dict[str, str]) -> int:
            return served.client.get("/v1/members/a", headers=key).status_code

        assert [ask(three) for _ in range(5)] == [404, 404, 404, 429, 429]
        assert [ask(default) for _ in range(3)] == [404, 404, 429], "each key has its own, and the service a default"
        assert {ask(unlimited) for _ in range(20)} == {404}
        fields = people[0].model_dump(mode="json")
        reply = served.client.put(f"/v1/members/{people[0].member_id}", json=fields, headers=three)
        assert (reply.status_code, reply.headers["retry-after"]) == (429, "20")
        assert reply.headers["content-type"] == "application/problem+json"
        assert served.client.get(f"/v1/members/{people[0].member_id}", headers=unlimited).status_code == 404, "no work"
        analyst = bearer(served.community, "analyst", requests_a_minute=1)
        assert [ask(analyst), ask(analyst)] == [403, 429], "refusals count"
        now += 19.9
        assert ask(three) == 429
        now += 0.2
        assert [ask(three), ask(three)] == [404, 429]
        now += 3600
        assert [ask(three) for _ in range(4)] == [404, 404, 404, 429], "a minute's worth at most"
        assert served.client.get("/livez", headers=three).status_code == 200


@given(
    st.integers(1, 50),
    st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=200),
)
def test_never_more_than_the_bucket_lets_through(limit: int, pauses: list[float]) -> None:
    now = 0.0
    buckets = RateLimit(lambda: now)
    passed: list[float] = []
    for pause in pauses:
        now += pause
        wait = buckets.wait_s("a", limit)
        if not wait:
            passed.append(now)
        else:
            now += wait
            assert buckets.wait_s("a", limit) == 0, "who waits as long as was said comes through"
            passed.append(now)
    for first, began in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= limit * (1 + (passed[last] - began) / 60) + 1e-6
