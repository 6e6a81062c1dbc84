"""Many at once: what was acknowledged holds for every answer that starts later."""

from __future__ import annotations

import functools
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pytest

from matcher import MemberProfile
from service.api.admission import PLACES, STORING_GIVES_WAY_S
from service.use_cases.find_buddies import search_buddies
from service.use_cases.member_writer import STANDS_BACK_S
from tests.service.conftest import Serve


def test_readers_and_writers_at_once(serve: Serve, people: list[MemberProfile], seeker: MemberProfile) -> None:
    by_id = {member.member_id: member for member in people}
    with serve() as served:
        served.load(people)
        toggled = [by_id[peer] for peer in served.peers(seeker.member_id, k=3)]
        done = Event()

        def toggle(member: MemberProfile) -> None:
            for _ in range(6):
                served.put(member, status="paused")
                assert member.member_id not in served.peers(seeker.member_id, k=50)
                served.put(member)
                assert member.member_id in served.peers(seeker.member_id, k=50)

        def read() -> int:
            asked = 0
            with httpx.Client(base_url=served.client.base_url, headers=served.client.headers) as client:
                while not done.is_set():
                    told = client.get(f"/v1/members/{seeker.member_id}/buddies?k=20").json()
                    assert told["certified"] is True
                    assert len(told["peers"]) == 20
                    asked += 1
            return asked

        with ThreadPoolExecutor(5) as pool:
            reading = [pool.submit(read) for _ in range(2)]
            list(pool.map(toggle, toggled))
            done.set()
            assert all(readers.result() > 0 for readers in reading)


def test_a_change_gives_way_to_searches_but_not_for_ever(
    serve: Serve, people: list[MemberProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, inside = Event(), list[None]()

    def held_up(*asked: object) -> object:
        inside.append(None)
        assert go_on.wait(30)
        return search_buddies(*asked)  # type: ignore[arg-type]

    def seconds_of_a_change(status: str) -> float:
        began = time.monotonic()
        served.put(people[1], status=status)
        return time.monotonic() - began

    profile = people[0].model_dump(mode="json", exclude_defaults=True)
    profile.pop("member_id")
    with serve() as served, ThreadPoolExecutor(PLACES["search"] + 1) as pool:
        served.load(people)
        monkeypatch.setattr("service.api.buddies.search_buddies", held_up)
        ask = functools.partial(served.client.post, "/v1/buddies:search", json={"profile": profile, "k": 3})
        asking = [pool.submit(ask)]
        while not inside:
            time.sleep(0.001)
        beside_one = seconds_of_a_change("paused")
        asking += [pool.submit(ask) for _ in range(PLACES["search"])]
        while len(inside) < PLACES["search"] or served.community.metrics.waiting._value.get() != 1:
            time.sleep(0.001)
        beside_one_that_waits = seconds_of_a_change("active")
        assert not any(reply.done() for reply in asking)
        go_on.set()
        assert [reply.result().status_code for reply in asking] == [200] * len(asking)
    assert beside_one_that_waits >= 0.9 * STORING_GIVES_WAY_S
    if served.community.database.in_process:
        assert beside_one >= 0.9 * STANDS_BACK_S
