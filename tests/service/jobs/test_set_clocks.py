"""Leases while the clock is set: whoever has lost a job finds out, and it is done once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.community import Community
from service.use_cases.job_claims import Claim, ClaimLostError, Outcome, claim_next, end_done, keep_claim
from service.use_cases.jobs import see_job
from tests.service.jobs.conftest import OWNER, Queue


class Clock:
    """The moment, as somebody has set it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


def claimed(community: Community, worker: str) -> Claim:
    claim = claim_next(community, ["count"], worker)
    assert claim is not None
    return claim


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=400)], ids=str)
def test_set_forward(community: Community, queued: Queue, jump: timedelta) -> None:
    clock = Clock()
    community = replace(community, settings=replace(community.settings, clock=clock))
    job_id = queued()
    first = claimed(community, "one")
    clock.moment += jump
    second = claimed(community, "two")
    assert second.row.attempt == first.row.attempt + 1
    with pytest.raises(ClaimLostError):
        keep_claim(community, first)
    with pytest.raises(ClaimLostError):
        end_done(community, first, Outcome({"by": 1}))
    clock.moment -= jump
    end_done(community, second, Outcome({"by": 2}))
    assert see_job(community, OWNER, job_id).result == {"by": 2}


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=400)], ids=str)
def test_set_back(community: Community, queued: Queue, jump: timedelta) -> None:
    clock = Clock()
    community = replace(community, settings=replace(community.settings, clock=clock))
    job_id = queued()
    first = claimed(community, "one")
    clock.moment -= jump
    assert claim_next(community, ["count"], "two") is None
    keep_claim(community, first)
    assert claim_next(community, ["count"], "two") is None
    clock.moment += timedelta(seconds=community.settings.job_lease_s + 1)
    second = claimed(community, "two")
    with pytest.raises(ClaimLostError):
        end_done(community, first, Outcome({"by": 1}))
    end_done(community, second, Outcome({"by": 2}))
    assert see_job(community, OWNER, job_id).result == {"by": 2}
