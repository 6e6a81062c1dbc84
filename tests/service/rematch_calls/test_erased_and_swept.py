"""A member who is erased is in no file and no row of a rematch; and rematches go when their time is over."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from matcher.errors import ReadingError
from service.caller import Caller
from service.reports.rematch_diff import RunDiff, diff_runs
from service.use_cases.erase_member import erase_member
from service.use_cases.rematch_diff import diff_rematches
from service.use_cases.sweep_jobs import sweep_jobs
from service.use_cases.without_member import names
from tests.service.matches.conftest import Clock
from tests.service.rematch_calls.conftest import Rematches, drawn

GONE = "m00"


@pytest.fixture
def planned(asking: Rematches) -> tuple[Rematches, str, str]:
    """Two rematches, of which the second one is applied."""
    asking.served.load(drawn(16))
    asking.tie("buddy", "m00", "m01")
    groups = {"spec": {"size": {"min": 3, "target": 4, "max": 5}, "who": {"exclude": ["m00", "m03"]}}}
    first, plan = asking.plan(ties=["buddy", "group"], groups=groups)
    assert plan["state"] == "done", plan
    second, _ = asking.plan()
    assert asking.apply(second).status_code == 200
    return asking, first, second


def test_nothing_of_the_member_is_left(planned: tuple[Rematches, str, str]) -> None:
    asking, first, second = planned
    community = asking.served.community
    assert GONE in asking.ask("GET", f"{second}/files/applied.csv").text
    erase_member(community, GONE)
    for path in community.settings.jobs.rglob("*"):
        if path.is_file():
            assert not names(path.read_bytes(), GONE), path
            if path.suffix == ".parquet":
                assert GONE not in str(pq.read_table(path).to_pylist()), path
    for address in (first, second):
        seen = asking.ask("GET", address)
        assert seen.headers["etag"] == ('"2"' if address == first else '"3"')
        assert "m01" in asking.ask("GET", f"{address}/files/ties.csv").text
    assert GONE not in asking.ask("GET", f"{second}/files/applied.csv").text
    assert asking.ask("GET", f"{first}/diff/{second.rpartition('/')[2]}").status_code == 200
    assert asking.apply(first).json()["type"].endswith("changed-since")
    assert asking.apply(first, 2).status_code == 200
    assert GONE not in asking.ask("GET", f"{first}/files/applied.csv").text
    job = asking.ask("GET", f"/v1/jobs/{asking.ask('GET', first).json()['job_id']}")
    assert not names(job.content, GONE)


def test_kept_no_longer_than_jobs(planned: tuple[Rematches, str, str], clock: Clock) -> None:
    asking, first, second = planned
    community = asking.served.community
    clock.move(days=community.settings.keep_jobs_days - 1)
    assert sweep_jobs(community).plans == 0
    assert asking.ask("GET", f"{first}/files/ties.csv").status_code == 200
    clock.move(days=2)
    assert sweep_jobs(community).plans == 2
    assert asking.ask("GET", second).status_code == 404
    assert not [path for path in community.settings.jobs.rglob("*") if path.is_file()]


def test_compared_while_somebody_is_erased(
    planned: tuple[Rematches, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, first, second = planned
    compared: list[Path] = []

    def meanwhile(one: Path, other: Path) -> RunDiff:
        if not compared:
            erase_member(asking.served.community, GONE)
        compared.append(one)
        return diff_runs(one, other)

    monkeypatch.setattr("service.use_cases.rematch_diff.diff_runs", meanwhile)
    reply = asking.ask("GET", f"{first}/diff/{second.rpartition('/')[2]}")
    assert reply.status_code == 200, reply.text
    assert GONE not in reply.text
    assert len(set(compared)) == 2, "the folder that was replaced, and the one in its place"


def test_a_damaged_plan_is_not_taken_for_a_replaced_one(
    planned: tuple[Rematches, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, first, second = planned
    caller = Caller("0123456789ab", "admin")
    for manifest in asking.served.community.settings.jobs.rglob("manifest.json"):
        manifest.write_text("{")
    with pytest.raises(ReadingError, match="is no JSON"):
        diff_rematches(asking.served.community, caller, first.rpartition("/")[2], second.rpartition("/")[2])
