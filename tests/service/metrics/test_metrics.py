"""What a scrape tells, and to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from matcher import MemberProfile
from service.metrics import METHODS, Metrics
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.scrape import scrape
from service.use_cases.store_members import store_members
from tests.service.conftest import Serve, Served, bearer
from tests.service.matches.conftest import person

Sample = tuple[str, frozenset[tuple[str, str]]]


def samples(text: str) -> dict[Sample, float]:
    return {
        (found.name, frozenset(found.labels.items())): found.value
        for family in text_string_to_metric_families(text)
        for found in family.samples
    }


def value(found: dict[Sample, float], name: str, **labels: str) -> float:
    return found[f"peer_matcher_{name}", frozenset(labels.items())]


@pytest.fixture
def served(serve: Serve) -> Iterator[Served]:
    with serve(metrics_every_s=0.0, follow_every_s=0.01, exposure_every_s=0.01) as running:
        store_members(running.community.database, [person(member_id) for member_id in "abcde"])
        running.community.index.catch_up()
        yield running


def scraped(served: Served) -> str:
    reply = served.client.get("/metrics", headers=bearer(served.community, "admin"))
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith("text/plain")
    return reply.text


def test_admins_and_analysts_may_ask(served: Served) -> None:
    with httpx.Client(base_url=served.client.base_url) as client:
        assert client.get("/metrics").status_code == 401
        for role, status in (("platform", 403), ("coordinator", 403), ("analyst", 200), ("admin", 200)):
            assert client.get("/metrics", headers=bearer(served.community, role)).status_code == status  # type: ignore[arg-type]


def test_requests_are_counted_by_route_and_class_of_status(served: Served) -> None:
    assert len(served.answer("a", k=3)["peers"]) == 3
    assert served.client.get("/v1/members/nobody/buddies").status_code == 404
    served.client.get("/v1/nothing-here")
    served.client.request("PATCH", "/livez")
    found = samples(scraped(served))
    route = "/v1/members/{member_id}/buddies"
    assert value(found, "request_seconds_count", method="GET", route=route, status="2xx") == 1
    assert value(found, "request_seconds_count", method="GET", route=route, status="4xx") == 1
    assert value(found, "request_seconds_bucket", method="GET", route=route, status="2xx", le="10.0") == 1
    assert value(found, "request_seconds_count", method="GET", route="none", status="4xx") == 1
    assert value(found, "request_seconds_count", method="other", route="/livez", status="4xx") == 1
    assert value(found, "requests_in_flight") == 1, "the scrape itself"


def test_the_state_of_the_community(served: Served) -> None:
    served.put(person("held", consent=False))
    propose_match(served.community, Proposal("buddy", "a", "b"))
    propose_match(served.community, Proposal("mentor", "c", "d"))
    found = samples(scraped(served))
    assert value(found, "members", which="all") == 6
    assert value(found, "members", which="matchable") == 5
    assert value(found, "matches", state="proposed") == 2
    assert value(found, "matches", state="accepted") == 0
    assert value(found, "jobs", state="queued") == 0
    assert value(found, "seq", of="database") >= value(found, "seq", of="index") > 5
    assert value(found, "index_lag_changes") >= 0
    assert value(found, "database_up") == 1
    assert found["process_open_fds", frozenset()] > 0


def test_a_no_moves_no_figure(served: Served) -> None:
    made = propose_match(served.community, Proposal("buddy", "a", "b"))
    before = samples(scraped(served))
    reply = served.client.post(f"/v1/matches/{made.match_id}:decline", json={"member_id": "b"})
    assert reply.status_code == 200, reply.text
    after = samples(scraped(served))
    for state in ("proposed", "accepted", "expired", "ended"):
        assert value(after, "matches", state=state) == value(before, "matches", state=state)


def test_nobody_is_named(served: Served) -> None:
    served.put(person("somebody-in-particular"))
    served.answer("somebody-in-particular", k=2)
    text = scraped(served)
    assert "somebody-in-particular" not in text
    labels = {label for name, pairs in samples(text) for label, _ in pairs if name.startswith("peer_matcher")}
    assert labels == {"method", "route", "status", "le", "of", "which", "state", "figure"}
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert all("{" in route or route.count("/") <= 2 or route == "none" for route in routes)
    assert set(re.findall(r'method="([^"]*)"', text)) <= METHODS | {"other"}


def test_shown_members_move_the_gini_coefficient(served: Served, people: list[MemberProfile]) -> None:
    assert value(samples(scrape(served.community).decode()), "exposure", figure="gini") == 0
    served.answer("a", k=1)
    served.community.exposure.turn(served.community.index.view().index)
    found = samples(scraped(served))
    assert value(found, "exposure", figure="gini") == pytest.approx(0.8), "one of five has everything"
    assert value(found, "exposure", figure="most") == pytest.approx(1, abs=1e-4)
    assert value(found, "exposure", figure="mean") == pytest.approx(0.2, abs=1e-4)


def test_a_database_that_is_away_is_a_figure_and_no_error(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    community = served.community

    def away() -> None:
        raise OperationalError("select", {}, OSError("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(community.database, "reading", away)
        found = samples(scrape(community).decode())
    assert value(found, "database_up") == 0
    assert value(found, "database_errors_total") >= 1
    assert ("peer_matcher_members", frozenset({("which", "all")})) not in found, "nothing is shown as it was"
    assert value(samples(scrape(community).decode()), "database_up") == 1


def test_what_is_looked_up_is_kept_for_a_while() -> None:
    looked_up = Metrics().looked_up
    assert looked_up.due(10.0, 5.0)
    assert not looked_up.due(14.9, 5.0)
    assert looked_up.due(15.0, 5.0)


def test_every_application_counts_for_itself() -> None:
    one, other = Metrics(), Metrics()
    one.rechecks.inc()
    assert value(samples(one.text().decode()), "rule_check_retries_total") == 1
    assert value(samples(other.text().decode()), "rule_check_retries_total") == 0
