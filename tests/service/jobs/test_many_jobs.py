"""A key waits for so many jobs at once, and others' jobs come to their turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from matcher.grouping.spec import GroupSpec
from matcher.rematch.config import RematchConfig
from service.caller import Caller
from service.community import Community
from service.group_run import Effort
from service.problems import RequestError
from service.storage import jobs
from service.use_cases.group_plans import FILES_KIND, ask_for_plan
from service.use_cases.jobs import cancel_job, queue
from service.use_cases.rematches import ask_for_rematch
from tests.service.conftest import Serve, bearer

ONE, OTHER = Caller("0123456789ab", "admin"), Caller("ba9876543210", "admin")
SPEC = GroupSpec.parse({"name": "Circles"})
CONFIG = RematchConfig.parse({"groups": None})
EFFORT = Effort(1, None, 1)


@pytest.fixture
def community(community: Community) -> Community:
    return replace(community, settings=replace(community.settings, jobs_per_key=2))


def test_a_key_that_waits_for_as_many_as_it_may(community: Community) -> None:
    first = ask_for_plan(community, ONE, SPEC, EFFORT)
    ask_for_rematch(community, ONE, CONFIG, 1)
    asks = (
        lambda: ask_for_plan(community, ONE, SPEC, EFFORT),
        lambda: ask_for_rematch(community, ONE, CONFIG, 1),
    )
    for ask in asks:
        with pytest.raises(RequestError, match="waits for 2 jobs") as refused:
            ask()
        assert (refused.value.details.status, refused.value.details.name) == (429, "too-many-jobs")
        assert int(refused.value.details.headers["Retry-After"]) > 0
    ask_for_plan(community, OTHER, SPEC, EFFORT)
    with community.database.reading() as connection:
        assert jobs.count_by_state(connection)["queued"] == 3, "nothing else was queued"
    cancel_job(community, ONE, first.job.job_id)
    ask_for_rematch(community, ONE, CONFIG, 1)


def test_those_that_are_under_way_count_and_those_that_make_files_do_not(community: Community) -> None:
    now = community.settings.now()
    for _ in range(3):
        community.database.write(lambda connection: queue(connection, FILES_KIND, ONE.key_id, {}, now))
    asked = ask_for_plan(community, ONE, SPEC, EFFORT)

    def claim(connection: Connection) -> None:
        row = jobs.one(connection, asked.job.job_id)
        assert row is not None
        assert jobs.claim(connection, row, "worker", now, now, lost=0)

    community.database.write(claim)
    ask_for_plan(community, ONE, SPEC, EFFORT)
    with pytest.raises(RequestError, match="waits for 2 jobs"):
        ask_for_plan(community, ONE, SPEC, EFFORT)


def test_over_http(serve: Serve, tmp_path: Path) -> None:
    with serve(jobs_folder=tmp_path / "jobs", jobs_per_key=1) as served:
        key = bearer(served.community, "coordinator")
        asked = {"spec": {"name": "Circles"}, "iterations": 1}
        replies = [served.client.post("/v1/group-plans", headers=key, json=asked) for _ in range(2)]
        assert [reply.status_code for reply in replies] == [202, 429]
        assert replies[1].json()["type"] == "urn:peer-matcher:problem:too-many-jobs"
        assert int(replies[1].headers["retry-after"]) > 0
        again = served.client.post(f"{replies[0].headers['location']}:resolve", headers=key, json={"iterations": 1})
        assert again.status_code == 409, "it is not formed yet"
