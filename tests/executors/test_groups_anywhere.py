"""Parts of a large cohort make the same groups in threads, in processes and on a cluster."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Executor
from typing import Any

import pytest

from matcher import GroupSpec, MemberProfile, form_groups
from matcher.executors.opening import open_executor
from matcher.grouping import form, rounds
from matcher.members.sample import SAMPLE_DAY
from tests.executors.conftest import LEFT_OPEN

pytestmark = LEFT_OPEN
SPEC = GroupSpec.parse({"size": {"min": 4, "max": 7}})


@pytest.fixture
def divided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any cohort is divided, into small parts."""
    monkeypatch.setattr(form, "MOST_AT_ONCE", 50)
    monkeypatch.setattr(rounds, "_FIRST", rounds._FIRST._replace(size=60))
    monkeypatch.setattr(rounds, "_CYCLE", tuple(turn._replace(size=60) for turn in rounds._CYCLE))


@pytest.mark.usefixtures("divided")
def test_same_groups(dask: Any, members: list[MemberProfile], monkeypatch: pytest.MonkeyPatch) -> None:
    def formed(executor: Executor | None) -> str:
        plan = form_groups(
            members[:300], SPEC, SAMPLE_DAY, 5, 3600.0, iterations=3, diagnose=False, threads=1, executor=executor
        )
        assert plan.groups
        return repr(dataclasses.astuple(plan))

    here = formed(None)
    with open_executor(address=dask.scheduler_address) as executor:
        assert formed(executor) == here
        monkeypatch.delattr(rounds, "_improve_there")
        with pytest.raises(NameError):  # it was there that they were formed
            formed(executor)
