"""Many at once: what was acknowledged holds for every answer that starts later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx

from matcher import MemberProfile
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
