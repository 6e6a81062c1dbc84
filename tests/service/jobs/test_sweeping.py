"""Jobs and plans go with their files when their time is over; folders that nobody uses go; nothing else does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from service import job_folders, sweeping
from service.community import Community
from service.settings import Settings, moved
from service.storage import groups, jobs
from service.storage.groups import PlanRow
from service.storage.jobs import JobRow
from service.storage.tables import jobs as jobs_table
from service.use_cases import sweep_jobs as module
from service.use_cases.sweep_jobs import SweptJobs, sweep_jobs
from tests.database_places import Place
from tests.service.matches.conftest import Clock

OWNER = "0123456789ab"
DAYS = 10


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def community(place: Place, tmp_path: Path, clock: Clock) -> Iterator[Community]:
    settings = Settings(place.target, jobs_folder=tmp_path / "jobs", keep_jobs_days=DAYS, clock=clock)
    opened = Community.open(settings)
    yield opened
    opened.database.close()


def name_of(letter: str) -> str:
    return letter * 24


def job(community: Community, letter: str, state: str = "done", *, attempt: int = 1, kind: str = "letter") -> str:
    """A job that came into its state just now."""
    now = community.settings.now()
    row = JobRow(name_of(letter), kind, OWNER, "{}", now, state, attempt=attempt)  # type: ignore[arg-type]
    ended = None if state in {"queued", "running"} else now
    row = replace(row, ended_at=ended, lease_until=now if state == "running" else None)
    values = [{name: getattr(row, name) for name in JobRow.__dataclass_fields__}]
    community.database.write(lambda connection: connection.execute(insert(jobs_table), values))
    return row.job_id


def plan(community: Community, letter: str, job_id: str, **fields: object) -> str:
    row = replace(PlanRow(name_of(letter), job_id, OWNER, community.settings.now(), revision=1), **fields)  # type: ignore[arg-type]
    community.database.write(lambda connection: groups.add(connection, row))
    return row.plan_id


def filled(community: Community, name: str) -> Path:
    with job_folders.filling(community.settings.jobs, name) as folder:
        (folder / "plan.json").write_text("{}")
    return job_folders.place_of(community.settings.jobs, name)


def rows(community: Community, *letters: str) -> str:
    """Those of the letters whose job or plan there still is."""
    ids = [name_of(letter) for letter in letters]
    with community.database.reading() as connection:
        found = jobs.some(connection, ids).keys() | groups.some(connection, ids).keys()
    return "".join(letter for letter in letters if name_of(letter) in found)


def test_jobs_go_with_their_files_when_their_time_is_over(community: Community, clock: Clock) -> None:
    old = filled(community, f"{job(community, 'a')}/attempt-1")
    job(community, "b", "failed")
    clock.move(days=DAYS - 1)
    young = filled(community, f"{job(community, 'c')}/attempt-1")
    job(community, "d", "cancelled")
    assert sweep_jobs(community) == SweptJobs()
    clock.move(days=1)
    assert sweep_jobs(community) == SweptJobs(jobs=2, folders=1)
    assert rows(community, *"abcd") == "cd"
    assert not old.parent.exists()
    assert young.exists()
    assert sweep_jobs(community) == SweptJobs()


def test_what_is_to_be_done_stays_however_long_it_takes(community: Community, clock: Clock) -> None:
    job(community, "a", "queued", attempt=0)
    running = filled(community, f"{job(community, 'b', 'running', attempt=2)}/attempt-2")
    clock.move(days=10 * DAYS)
    assert sweep_jobs(community) == SweptJobs()
    assert rows(community, *"ab") == "ab"
    assert running.exists()


def test_plans_go_unless_they_are_published_or_still_changed(community: Community, clock: Clock) -> None:
    now = community.settings.now()
    gone = filled(community, f"{job(community, 'a', kind='group-plan')}/attempt-1")
    plan(community, "0", name_of("a"), folder=f"{name_of('a')}/attempt-1", changed_at=now)
    job(community, "b", kind="group-plan")
    published = filled(community, f"{job(community, 'c', kind='group-files')}/attempt-1")
    plan(
        community, "1", name_of("b"), folder=f"{name_of('c')}/attempt-1", files_job=name_of("c"), changed_at=now,
        published_at=now, published_revision=1,
    )  # fmt: skip
    job(community, "d", kind="group-plan")
    changed = filled(community, f"{name_of('2')}/revision-2-00000000")
    later = moved(now, DAYS)
    plan(community, "2", name_of("d"), folder=f"{name_of('2')}/revision-2-00000000", changed_at=later)
    job(community, "e", kind="group-plan")
    job(community, "f", "running", kind="group-files")
    plan(community, "3", name_of("e"), files_job=name_of("f"), changed_at=now)
    clock.move(days=DAYS)
    assert sweep_jobs(community) == SweptJobs(plans=1, folders=1)
    assert rows(community, *"0123abcdef") == "123bcdef"
    assert not gone.parent.exists()
    assert published.exists()
    assert changed.exists()


def test_more_than_one_portion(community: Community, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_A_TIME", 2)
    for letter in "abcde":
        filled(community, f"{job(community, letter)}/attempt-1")
    clock.move(days=DAYS)
    assert sweep_jobs(community) == SweptJobs(jobs=5, folders=5)
    assert list(community.settings.jobs.iterdir()) == []


def test_folders_that_nobody_uses_go_at_once(community: Community) -> None:
    job(community, "a", "running", attempt=3)
    job(community, "b", "failed", attempt=1)
    job(community, "c", "done", attempt=2)
    job(community, "d", "done", kind="group-plan")
    plan(community, "0", name_of("d"), folder=f"{name_of('0')}/revision-2-aaaaaaaa", revision=2)
    orphans = [
        filled(community, f"{name_of('a')}/attempt-2"), filled(community, f"{name_of('a')}/.attempt-1-xyz"),
        filled(community, f"{name_of('b')}/attempt-1"), filled(community, f"{name_of('c')}/.attempt-2-xyz"),
        filled(community, f"{name_of('c')}/attempt-1"), filled(community, f"{name_of('d')}/attempt-1"),
        filled(community, f"{name_of('0')}/revision-2-bbbbbbbb"), filled(community, f"{name_of('0')}/.revision-3-c-d"),
    ]  # fmt: skip
    used = [
        filled(community, f"{name_of('a')}/.attempt-3-xyz"), filled(community, f"{name_of('c')}/attempt-2"),
        filled(community, f"{name_of('a')}/attempt-3"), filled(community, f"{name_of('0')}/revision-2-aaaaaaaa"),
    ]  # fmt: skip
    assert sweep_jobs(community) == SweptJobs(folders=len(orphans))
    assert [path for path in orphans if path.exists()] == []
    assert [path for path in used if not path.exists()] == []


def test_what_no_row_of_ours_has_named_is_let_be(community: Community) -> None:
    others = [filled(community, f"{name_of('e')}/attempt-1"), filled(community, f"{name_of('f')}/revision-1-aaaaaaaa")]
    others.append(filled(community, "notes/of-the-operator"))
    (community.settings.jobs / "README").write_text("ours")
    assert sweep_jobs(community) == SweptJobs()
    assert all(path.exists() for path in others)


def test_broken_off_anywhere_it_goes_on_at_the_next_turn(
    community: Community, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = filled(community, f"{job(community, 'a')}/attempt-1")
    clock.move(days=DAYS)

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            sweep_jobs(community)
    assert rows(community, "a") == "a", "the transaction came to nothing"
    assert folder.exists()
    for name in ("kept", "clear"):
        with monkeypatch.context() as patched:
            patched.setattr(job_folders, name, killed)
            with pytest.raises(KeyboardInterrupt):
                sweep_jobs(community)
        assert rows(community, "a") == ""
        assert list(community.settings.jobs.rglob("plan.json"))
    assert sweep_jobs(community) == SweptJobs(folders=1)
    assert list(community.settings.jobs.iterdir()) == []


def test_beside_somebody_who_changes_a_plan(community: Community) -> None:
    """The folder of the revision in force is there at every moment, and no other one is left at the end."""
    job(community, "d", kind="group-plan")
    plan_id, folder = plan(community, "0", name_of("d"), folder=None), community.settings.jobs
    done = threading.Event()

    def change() -> None:
        for revision in range(1, 25):

            def put(connection: Connection, revision: int = revision) -> str:
                name = f"{plan_id}/revision-{revision + 1}-{revision:08x}"
                with job_folders.filling(folder, name) as place:
                    (place / "plan.json").write_text("{}")
                assert groups.next_revision(connection, plan_id, revision, name, community.settings.now())
                return name

            name = community.database.write(put)
            assert (job_folders.place_of(folder, name) / "plan.json").exists()
        done.set()

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        while not changing.done():
            sweep_jobs(community)
        changing.result()
    sweep_jobs(community)
    assert [path.name for path in (folder / plan_id).iterdir()] == [f"revision-25-{24:08x}"]


def test_one_sweep_that_fails_does_not_keep_others_from_theirs(
    community: Community, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job(community, "a")
    clock.move(days=DAYS)

    class OnlyOnce(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return super().wait(timeout)

    def away(*_: object, **__: object) -> int:
        raise OSError("the disk is away")

    with monkeypatch.context() as patched:
        patched.setattr(sweeping, "sweep_matches", away)
        sweeping.sweep_regularly(community, OnlyOnce())
    assert rows(community, "a") == ""
