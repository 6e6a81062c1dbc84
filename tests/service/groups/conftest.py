"""A small community that is served, and a worker at hand for its group plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from matcher import MemberProfile, sample_members
from tests.database_places import POSTGRESQL, SQLITE
from tests.service.conftest import AS_OF, Serve, Served, bearer, do_all_jobs

SPEC: dict[str, Any] = {"name": "Circles", "size": {"min": 3, "target": 4, "max": 5}}
ASKED: dict[str, Any] = {"spec": SPEC, "iterations": 2}


@pytest.fixture(scope="session", params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.long)])
def stored_in(request: pytest.FixtureRequest) -> str:
    """Each kind in turn; the rows themselves are tested on both in the contract suite."""
    return str(request.param)


@pytest.fixture(scope="session")
def crowd() -> list[MemberProfile]:
    """Members who all may be in groups."""
    found = [
        member
        for member in sample_members(400, seed=11, as_of=AS_OF)
        if member.status == "active" and member.consent and "group" in member.seeks and member.birth_year
        and 1950 < member.birth_year < 2000 and not member.only_genders and not member.avoid_topics
        and not member.blocked and any(language.startswith("en") for language in member.languages)
    ]  # fmt: skip
    assert len(found) >= 24
    return found[:24]


@dataclass
class Groups:
    """A service, and a coordinator who asks it."""

    served: Served
    key: dict[str, str]

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        return self.served.client.request(method, path, headers=self.key | (headers or {}), **more)

    def work(self) -> None:
        """Do every job that waits."""
        do_all_jobs(self.served.community)

    def form(self, **changed: Any) -> tuple[str, dict[str, Any]]:
        """A plan that is formed: its address, and what it is."""
        reply = self.ask("POST", "/v1/group-plans", json=ASKED | changed)
        assert reply.status_code == 202, reply.text
        self.work()
        return reply.headers["location"], self.plan(reply.headers["location"])

    def plan(self, address: str) -> dict[str, Any]:
        reply = self.ask("GET", address)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        assert reply.headers["etag"] == f'"{found["revision"]}"'
        return found

    def edit(self, address: str, revision: int, **edit: Any) -> httpx.Response:
        return self.ask("POST", f"{address}:edit", {"if-match": f'"{revision}"'}, json=edit)

    def publish(self, address: str, revision: int) -> httpx.Response:
        return self.ask("POST", f"{address}:publish", {"if-match": f'"{revision}"'})


@pytest.fixture
def groups(serve: Serve, tmp_path: Path, crowd: list[MemberProfile]) -> Iterator[Groups]:
    with serve(jobs_folder=tmp_path / "jobs") as served:
        served.load(crowd)
        yield Groups(served, bearer(served.community, "coordinator"))


def members_of(plan: dict[str, Any]) -> dict[str, list[str]]:
    """Ids by group."""
    return {group["name"]: [place["member_id"] for place in group["members"]] for group in plan["plan"]["groups"]}
