"""Members of group plans are erased: several at once, and where the plans' files are gone."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

from service.storage import erasures
from service.use_cases.without_member import names
from tests.service.groups.conftest import Groups, members_of


def erase(groups: Groups, members: list[str]) -> set[int]:
    client = groups.served.client
    with ThreadPoolExecutor(len(members)) as many:
        replies = list(many.map(lambda one: client.delete(f"/v1/members/{one}"), members))
    return {reply.status_code for reply in replies}


def test_several_at_once_and_without_files(groups: Groups) -> None:
    address, plan = groups.form()
    first, second, *_ = members_of(plan).values()
    gone = [*first[:2], *second[:1]]
    assert erase(groups, gone) == {204}
    jobs = groups.served.community.settings.jobs
    for path in jobs.rglob("*.json"):
        assert not any(names(path.read_bytes(), one) for one in gone), path
    assert groups.plan(address)["revision"] == 1 + len(gone)
    shutil.rmtree(jobs)
    assert erase(groups, second[1:2]) == {204}, "a database that came back without its files"
    with groups.served.community.database.reading() as connection:
        assert erasures.under_way(connection) == []
