"""Rows of jobs: claimed by one, kept by whoever holds the newest attempt, ended once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from service.storage import jobs
from service.storage.database import Database
from service.storage.jobs import JobRow

KINDS = ("plan", "letter")
T = [f"2026-01-02T03:04:{second:02}.000000+00:00" for second in range(60)]


def queued(database: Database, name: str, kind: str = "plan", at: str = T[0]) -> JobRow:
    row = JobRow(name * 24, kind, "0123456789ab", "{}", at)
    with database.writing() as connection:
        jobs.add(connection, row)
    return row


def claimed(database: Database, now: str, until: str, worker: str = "w") -> JobRow | None:
    with database.writing() as connection:
        row = jobs.next_to_claim(connection, KINDS, now)
        if row is None:
            return None
        return jobs.claim(connection, row, worker, now, until, lost=row.lost + (row.state == "running"))


def stored(database: Database, row: JobRow) -> JobRow:
    with database.reading() as connection:
        found = jobs.one(connection, row.job_id)
    assert found is not None
    return found


def test_the_oldest_first_and_only_of_the_kinds_that_are_asked_for(database: Database) -> None:
    queued(database, "a", "other", T[0])
    late, early = queued(database, "b", at=T[2]), queued(database, "c", "letter", T[1])
    assert stored(database, late) == late
    first = claimed(database, T[3], T[9])
    assert first is not None
    assert (first.job_id, first.state, first.attempt, first.lost) == (early.job_id, "running", 1, 0)
    assert (first.worker, first.lease_until, first.started_at, first.event) == ("w", T[9], T[3], 2)
    second = claimed(database, T[3], T[9])
    assert second is not None
    assert second.job_id == late.job_id
    assert claimed(database, T[3], T[9]) is None
    with database.reading() as connection:
        assert jobs.one(connection, "none") is None
        counted = {"queued": 1, "running": 2, "done": 0, "failed": 0, "cancelled": 0}
        assert jobs.count_by_state(connection) == counted


def test_a_claim_that_lapsed_goes_to_another_and_the_first_writes_nothing(database: Database) -> None:
    row = queued(database, "a")
    first = claimed(database, T[1], T[5], "first")
    assert first is not None
    assert claimed(database, T[5], T[9]) is None, "not before it is over"
    second = claimed(database, T[6], T[9], "second")
    assert second is not None
    assert (second.attempt, second.lost, second.worker, second.started_at) == (2, 1, "second", T[1])
    with database.writing() as connection:
        assert not jobs.renew(connection, row.job_id, 1, T[20], '{"share":1}')
        assert not jobs.end(connection, first, "done", T[7], result="{}")
        assert not jobs.give_back(connection, row.job_id, 1, lost=1)
        assert jobs.cancel_is_asked(connection, row.job_id, 1) is None
        assert jobs.claim(connection, first, "third", T[7], T[9], lost=0) is None
    assert stored(database, row) == second, "nothing of it was written"
    with database.writing() as connection:
        assert jobs.renew(connection, row.job_id, 2, T[20], '{"share":1}')
        assert jobs.cancel_is_asked(connection, row.job_id, 2) is False
        assert jobs.end(connection, second, "done", T[8], result='{"x":1}')
        assert not jobs.end(connection, second, "failed", T[8]), "once"
        assert not jobs.ask_to_cancel(connection, row.job_id)
    ended = stored(database, row)
    assert (ended.state, ended.result, ended.ended_at, ended.lease_until) == ("done", '{"x":1}', T[8], None)
    assert ended.event > second.event


def test_a_lease_is_renewed_without_an_event_and_progress_is_one(database: Database) -> None:
    row = queued(database, "a")
    assert claimed(database, T[1], T[5]) is not None
    with database.writing() as connection:
        assert jobs.renew(connection, row.job_id, 1, T[10], None)
    assert (stored(database, row).lease_until, stored(database, row).event) == (T[10], 2)
    with database.writing() as connection:
        assert jobs.renew(connection, row.job_id, 1, T[10], '{"share":0.5}')
    assert (stored(database, row).progress, stored(database, row).event) == ('{"share":0.5}', 3)


def test_given_back_and_cancelled(database: Database) -> None:
    row = queued(database, "a")
    with database.writing() as connection:
        assert not jobs.ask_to_cancel(connection, row.job_id), "it does not run"
    assert claimed(database, T[1], T[5]) is not None
    with database.writing() as connection:
        assert jobs.give_back(connection, row.job_id, 1, lost=1)
    again = claimed(database, T[2], T[5])
    assert again is not None
    assert (again.attempt, again.lost) == (2, 1)
    with database.writing() as connection:
        assert jobs.ask_to_cancel(connection, row.job_id)
        assert not jobs.ask_to_cancel(connection, row.job_id), "once is enough"
        assert jobs.cancel_is_asked(connection, row.job_id, 2) is True
        assert not jobs.end(connection, again, "done", T[3], result="{}"), "its owner wants nothing of it any more"
        assert jobs.end(connection, again, "cancelled", T[3])
    assert (stored(database, row).state, stored(database, row).result) == ("cancelled", None)


def test_of_many_who_claim_at_once_each_job_has_one(database: Database) -> None:
    for name in "abcdef":
        queued(database, name)

    def claim_all(worker: int) -> list[str]:
        found = []
        while (row := claimed(database, T[1], T[5], str(worker))) is not None:
            found.append(row.job_id)
        return found

    with ThreadPoolExecutor(6) as pool:
        got = [job for found in pool.map(claim_all, range(6)) for job in found]
    assert sorted(got) == sorted(name * 24 for name in "abcdef")


@pytest.mark.parametrize("wrong", [{"state": "lost"}, {"state": "running"}, {"lease_until": T[1]}])
def test_rows_that_are_none(database: Database, wrong: dict[str, str]) -> None:
    row = JobRow("a" * 24, "plan", "0123456789ab", "{}", T[0], **wrong)  # type: ignore[arg-type]
    with pytest.raises(IntegrityError), database.writing() as connection:
        jobs.add(connection, row)
