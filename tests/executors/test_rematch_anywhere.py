"""A whole rematch is the same in this process, in two others and on a cluster."""

from __future__ import annotations

import dataclasses
import datetime
from concurrent.futures import Executor

import pytest

from matcher import History, MemberProfile, RematchConfig, RematchPlan, Tie, rematch
from matcher.executors.opening import open_executor
from matcher.members.sample import SAMPLE_DAY
from tests.executors.conftest import LEFT_OPEN

pytestmark = LEFT_OPEN
CONFIG = RematchConfig.parse({"ties": ["buddy", "mentor"], "audit": ["role"], "churn": {"limit": 1}})


def plan_of(members: list[MemberProfile], executor: Executor | None) -> str:
    ids = [member.member_id for member in members]
    days = datetime.timedelta(days=20)
    ended = [Tie("buddy", one, other, "declined", SAMPLE_DAY - days) for one, other in zip(ids, ids[9:], strict=False)]
    first = rematch(members, History(tuple(ended)), CONFIG, SAMPLE_DAY, 3)
    ties = [Tie("buddy", tie.member_id, tie.peer_id, "current", SAMPLE_DAY - days) for tie in first.pairs[::2]]
    plan: RematchPlan = rematch(members, History((*ended, *ties)), CONFIG, SAMPLE_DAY, 3, executor)
    assert plan.pairs
    assert plan.mentors
    return repr(dataclasses.replace(plan, timings={}))


@pytest.fixture(scope="module")
def here(members: list[MemberProfile]) -> str:
    return plan_of(members[:200], None)


@pytest.mark.parametrize("where", ["processes", "dask"])
def test_same_plan(where: str, here: str, members: list[MemberProfile], request: pytest.FixtureRequest) -> None:
    if where == "processes":
        assert plan_of(members[:200], request.getfixturevalue("processes")) == here
    else:
        with open_executor(address=request.getfixturevalue("dask").scheduler_address) as executor:
            assert plan_of(members[:200], executor) == here
