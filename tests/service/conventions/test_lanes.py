"""Who is let in, who waits and who is sent away, by a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from service.api.lanes import GivesWay, Lane
from service.api.patience import Patience
from service.api.reserve import Reserve


class Watch:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


SHORT = Patience(target_s=0.02, burst_s=0.3)


async def turns(count: int = 1) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


def in_a_loop(test: Callable[[Watch, Lane], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        watch = Watch()
        await test(watch, Lane(2, 3, SHORT, watch))

    asyncio.run(run())


def entering(lane: Lane) -> asyncio.Task[bool]:
    async def enter() -> bool:
        return await lane.enter()

    return asyncio.get_running_loop().create_task(enter())


async def all_of(*tasks: Awaitable[bool]) -> list[bool]:
    return list(await asyncio.gather(*tasks))


def test_places_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    async def test(_: Watch, lane: Lane) -> None:
        tasks = [entering(lane) for _ in range(2)]
        await turns(4)
        tasks += [entering(lane) for _ in range(3)]
        await turns(4)
        assert [task.done() for task in tasks] == [True, True, False, False, False]
        assert (lane.inside, lane.waiting) == (2, 3)
        assert await entering(lane) is False, "so many may wait and no more"
        for number in (2, 3, 4):
            lane.leave()
            await turns(4)
            assert [task.done() for task in tasks] == [True] * (number + 1) + [False] * (4 - number)
        assert await all_of(*tasks) == [True] * 5
        lane.leave()
        lane.leave()
        assert (lane.inside, lane.waiting) == (0, 0)

    in_a_loop(test)


def test_one_begins_in_each_turn_of_the_loop() -> None:
    async def test(_: Watch, lane: Lane) -> None:
        seen: list[str] = []

        async def answer(name: str) -> None:
            assert await lane.enter()
            seen.append(name)
            lane.leave()

        async def turn_by_turn() -> None:
            for _ in range(12):
                seen.append("-")
                await asyncio.sleep(0)

        await asyncio.gather(turn_by_turn(), answer("a"), answer("b"), answer("c"))
        told = "".join(seen).strip("-")
        assert told.replace("-", "") == "abc"
        assert "ab" not in told
        assert "bc" not in told

    in_a_loop(test)


def test_a_burst_may_wait_and_who_waits_longer_shows_that_too_much_is_asked() -> None:
    async def test(watch: Watch, lane: Lane) -> None:
        assert await all_of(entering(lane), entering(lane)) == [True, True]
        burst = entering(lane)
        await turns()
        watch.now = 0.29
        lane.leave()
        assert await burst is True, "as long as a burst lasts"

        waiting = entering(lane)
        await turns()
        watch.now += 0.3
        newer = entering(lane)
        await turns()
        watch.now += 0.01
        lane.leave()
        assert await all_of(waiting, newer) == [False, True]

        late = entering(lane)
        await turns()
        watch.now += 0.2
        lane.leave()
        assert await late is False, "somebody was sent away a moment ago"

        watch.now += 1.0
        calm = entering(lane)
        await turns()
        watch.now += 0.2
        lane.leave()
        assert await calm is True

    in_a_loop(test)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("asked", "stall_s"), [(0.8, 0.0), (0.8, 0.3), (0.5, 0.4)])
def test_what_can_be_answered_is_whatever_comes_between(seed: int, asked: float, stall_s: float) -> None:
    """At 80% nobody is sent away, although nothing moves for a third of a second every eight."""
    told = simulated(seed, asked, stall_s)
    assert told.sent_away == 0
    assert told.waits.max() < 0.5


@pytest.mark.parametrize("seed", range(2))
def test_who_is_let_in_waits_no_longer_however_much_is_asked(seed: int) -> None:
    told = simulated(seed, 3.0, 0.0)
    after = told.waits[250:]
    assert np.percentile(after, 99) < 0.1
    assert len(told.waits) > 0.97 * SECONDS * A_SECOND, "no time is wasted"
    assert np.percentile(told.told_no_after, 90) == 0.0, "nearly all are told at once"


class Told:
    """Seconds of waiting before a place, and before a no."""

    def __init__(self) -> None:
        self.let_in: list[float] = []
        self.no: list[float] = []

    @property
    def waits(self) -> np.ndarray:
        return np.array(self.let_in)

    @property
    def told_no_after(self) -> np.ndarray:
        return np.array(self.no)

    @property
    def sent_away(self) -> int:
        return len(self.no)


A_SECOND, SECONDS = 250, 20


def simulated(
    seed: int, asked: float, stall_s: float, reserve: Callable[[Callable[[], float]], Reserve] | None = None
) -> Told:
    """A service that answers one after the other, 250 a second, asked at ``asked`` times that by chance."""
    drawn = np.random.default_rng(seed)
    told, pace = Told(), 1 / A_SECOND
    arrivals = np.cumsum(drawn.exponential(pace / asked, round(SECONDS * A_SECOND * asked))).tolist()

    async def run() -> None:
        watch = Watch()
        lane = Lane(1, 1_000, Patience(0.02, 0.5), watch, reserve=reserve(watch) if reserve else None)
        ends: list[float] = []
        tasks: list[asyncio.Task[None]] = []

        async def ask() -> None:
            came = watch.now
            if await lane.enter():
                told.let_in.append(watch.now - came)
                ends.append(watch.now + drawn.gamma(2.0, pace / 2) + (stall_s if stalls() else 0.0))
            else:
                told.no.append(watch.now - came)

        stalled = [4.0]

        def stalls() -> bool:
            if watch.now < stalled[0]:
                return False
            stalled[0] += 8.0
            return True

        for moment in [*arrivals, SECONDS + 10.0]:
            while ends and ends[0] <= moment:
                watch.now = ends.pop()
                lane.leave()
                await turns(4)
            watch.now = moment
            tasks.append(asyncio.get_running_loop().create_task(ask()))
            await turns(2)
        await asyncio.gather(*tasks[:-1])

    asyncio.run(run())
    return told


def test_nobody_is_forgotten_while_all_places_are_taken() -> None:
    async def test(watch: Watch, _: Lane) -> None:
        lane = Lane(1, 3, Patience(0.01, 0.02), watch)
        assert await lane.enter()
        waiting = entering(lane)
        await turns()
        watch.now = 1.0
        assert await asyncio.wait_for(waiting, 10) is False
        assert (lane.inside, lane.waiting) == (1, 0)

    in_a_loop(test)


def test_who_goes_while_waiting_takes_no_place() -> None:
    async def test(_: Watch, lane: Lane) -> None:
        await all_of(entering(lane), entering(lane))
        gone, stays = entering(lane), entering(lane)
        await turns(2)
        gone.cancel()
        await turns(2)
        lane.leave()
        assert await stays is True
        assert (lane.inside, lane.waiting) == (2, 0)

        late = entering(lane)
        await turns(2)
        lane.leave()
        await turns()
        late.cancel()  # in the very moment in which it was let in
        await turns(4)
        assert (lane.inside, lane.waiting) == (1, 0)

    in_a_loop(test)


def test_a_lane_gives_way_while_others_wait_elsewhere() -> None:
    async def test(watch: Watch, first: Lane) -> None:
        behind = Lane(4, 100, Patience(10.0, 10.0), watch, 4, GivesWay(first, 5.0))
        assert await entering(behind) is True, "nobody waits"
        assert await all_of(entering(first), entering(first)) == [True, True]
        assert await entering(behind) is True, "nobody waits yet"
        ahead = entering(first)
        await turns(2)
        waiting = [entering(behind) for _ in range(2)]
        await turns(4)
        assert (first.waiting, behind.waiting) == (1, 2)
        first.leave()
        await turns(6)
        assert ahead.done()
        assert [task.done() for task in waiting] == [True, True], "as soon as nobody waits there any more"

    in_a_loop(test)


def test_nobody_gives_way_for_longer_than_that() -> None:
    async def test(watch: Watch, first: Lane) -> None:
        behind = Lane(4, 100, Patience(10.0, 10.0), watch, 4, GivesWay(first, 0.03))
        assert await all_of(entering(first), entering(first)) == [True, True]
        ahead = entering(first)
        await turns(2)
        waiting = entering(behind)
        await turns(4)
        assert not waiting.done()
        watch.now += 0.03
        assert await asyncio.wait_for(waiting, 10) is True
        assert not ahead.done()
        ahead.cancel()

    in_a_loop(test)


def test_who_waited_ahead_and_went_holds_nobody_up() -> None:
    async def test(watch: Watch, _: Lane) -> None:
        first = Lane(1, 3, Patience(0.01, 0.02), watch)
        behind = Lane(1, 100, Patience(1e9, 1e9), watch, 1, GivesWay(first, 1e9))
        assert await entering(first) is True
        ahead = entering(first)
        await turns(2)
        waiting = entering(behind)
        await turns(2)
        watch.now += 1.0
        assert await asyncio.wait_for(ahead, 10) is False, "sent away while all places are taken"
        assert await asyncio.wait_for(waiting, 10) is True

    in_a_loop(test)


def test_where_answers_take_long_a_few_of_them_may_be_waited_for() -> None:
    async def test(watch: Watch, _: Lane) -> None:
        lane = Lane(1, 100, SHORT, watch)
        assert await lane.enter()
        served: list[bool] = []
        for _round in range(60):  # seven clients, each of which asks again at once, of a machine that takes 50 ms
            tasks = [entering(lane) for _ in range(7)]
            await turns(2)
            for _answer in tasks:
                watch.now += 0.05
                lane.leave()
                await turns(4)
                if lane.inside == 0:
                    assert await lane.enter()
            served += await all_of(*tasks)
        assert not all(served[:70]), "until it is known how long they take, the target counts"
        assert all(served[-70:])

    in_a_loop(test)


def test_a_quiet_hour_says_nothing_of_how_long_answers_take() -> None:
    async def test(watch: Watch, _: Lane) -> None:
        lane = Lane(1, 100, SHORT, watch)
        for _hour in range(3):
            assert await lane.enter()
            waiting = entering(lane)
            await turns(2)
            watch.now += 0.001
            lane.leave()
            assert await waiting
            lane.leave()
            await turns(2)
            watch.now += 3_600
        assert await lane.enter()
        late = entering(lane)
        await turns(2)
        watch.now += 0.31
        lane.leave()
        assert await late is False

    in_a_loop(test)
