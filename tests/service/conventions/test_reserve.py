"""A lane that leaves a reserve: how much it takes in the long run, in a burst and in a slow moment."""

from __future__ import annotations

import asyncio

import pytest

from service.api.lanes import GivesWay, Lane
from service.api.patience import Patience
from service.api.reserve import IN_A_ROW, KNOWN_FROM, REMEMBERED, Reserve, Share
from tests.service.conventions.test_lanes import Watch, entering, turns

EACH_S = 0.001
HALF = Share(0.5, 0.05)


def known(reserve: Reserve, each_s: float, means: int = KNOWN_FROM) -> None:
    for _ in range(IN_A_ROW * means):
        reserve.took(each_s, 1)


def begun(share: Share, seconds: float, each_s: float = EACH_S, every_s: float = 0.0) -> tuple[int, float]:
    """How many begin in so many seconds, and how long one waited at most: one comes every ``every_s``, or at once."""
    watch = Watch()
    reserve = Reserve(share, watch)
    known(reserve, each_s)
    number, longest, due = 0, 0.0, 0.0
    while watch.now < seconds:
        if wait_s := reserve.wait_s():
            longest = max(longest, watch.now + wait_s - due)
            watch.now += wait_s
        reserve.began()
        watch.now += each_s
        reserve.took(each_s, 1)
        number += 1
        due = number * every_s
        watch.now = max(watch.now, due)
    return number, longest


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_in_the_long_run_it_is_the_share_and_once_a_burst(share: float) -> None:
    number, _ = begun(Share(share, 0.05), 20.0)
    assert number * EACH_S == pytest.approx(20.0 * share + 0.05, rel=0.01)


def test_who_asks_for_less_never_waits() -> None:
    assert begun(HALF, 20.0, every_s=EACH_S / 0.4)[1] == 0.0


def test_a_slow_moment_is_what_the_reserve_is_for() -> None:
    """What one takes counts as at the machine's best: at 80% of the share nobody waits while all take twice as long."""
    watch = Watch()
    reserve = Reserve(HALF, watch)
    waited = 0.0
    for number in range(8_000):
        each_s = 2 * EACH_S if number >= 4_000 else EACH_S
        waited = max(waited, reserve.wait_s())
        reserve.began()
        reserve.took(each_s, 1)
        watch.now += EACH_S / (0.8 * HALF.of_time)
    assert waited == 0.0


def test_a_halt_is_nobodys_work() -> None:
    watch = Watch()
    reserve = Reserve(Share(0.5, 0.0), watch)
    reserve.took(60.0, 1)
    known(reserve, EACH_S)
    reserve.took(60.0, 1)
    known(reserve, EACH_S, 1)
    reserve.began()
    assert reserve.wait_s() == pytest.approx(EACH_S / 0.5)


def test_a_machine_that_stays_slow_is_known_after_a_while() -> None:
    watch = Watch()
    reserve = Reserve(Share(0.5, 0.0), watch)
    known(reserve, EACH_S)
    known(reserve, 3 * EACH_S, REMEMBERED - 1)
    reserve.began()
    assert reserve.wait_s() == pytest.approx(EACH_S / 0.5)
    watch.now += 1.0
    known(reserve, 3 * EACH_S, 1)
    reserve.began()
    assert reserve.wait_s() == pytest.approx(3 * EACH_S / 0.5)


def test_until_it_is_known_what_one_takes_nobody_waits() -> None:
    watch = Watch()
    reserve = Reserve(Share(0.1, 0.0), watch)
    for _ in range(IN_A_ROW * KNOWN_FROM - 1):
        reserve.began()
        reserve.took(1.0, 1)
    assert reserve.wait_s() == 0.0


def test_while_a_lane_rests_it_is_the_turn_of_others() -> None:
    async def run() -> None:
        watch = Watch()
        reserve = Reserve(Share(0.1, 0.0), watch)
        searches = Lane(4, 100, Patience(1e9, 1e9), watch, reserve=reserve)
        behind = Lane(4, 100, Patience(1e9, 1e9), watch, 1, GivesWay(searches, 1e9))
        known(reserve, 0.002)
        first = entering(searches)
        await turns(4)
        assert first.done()
        second = entering(searches)
        change = entering(behind)
        await turns(4)
        assert (second.done(), searches.waiting, change.done()) == (False, 1, True)
        assert searches.busy(), "the first one is still in it"
        searches.leave()
        await turns(4)
        assert not searches.busy(), "nobody is in it, and nobody could be"
        watch.now += 1.0
        assert await asyncio.wait_for(second, 10) is True
        assert searches.busy()

    asyncio.run(run())


def test_while_too_much_may_be_asked_the_newest_goes_first() -> None:
    async def run() -> None:
        watch = Watch()
        reserve = Reserve(Share(0.5, 1.0, 4 * 10.5 * EACH_S), watch)
        known(reserve, EACH_S)
        lane = Lane(1, 100, Patience(1e9, 1e9), watch, reserve=reserve)
        assert await lane.enter()
        order: list[int] = []

        async def ask(number: int) -> None:
            assert await lane.enter()
            order.append(number)

        asking = [asyncio.create_task(ask(number)) for number in range(14)]
        await turns(4)
        asking[12].cancel()
        for _ in range(13):
            await turns(4)
            lane.leave()
        await asyncio.gather(*asking, return_exceptions=True)
        assert order == [13, 11, 10, 9, *range(9)], "in order again when ten are left of those who came"

    asyncio.run(run())
