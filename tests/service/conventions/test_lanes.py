"""Who is let in, who waits and who is sent away, by a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from service.api.lanes import Lane, Patience


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


def test_a_burst_may_wait_and_a_queue_that_stands_may_not() -> None:
    async def test(watch: Watch, lane: Lane) -> None:
        assert await all_of(entering(lane), entering(lane)) == [True, True]
        burst = entering(lane)
        await turns()
        watch.now = 0.29
        lane.leave()
        assert await burst is True, "nobody had to wait a moment ago"

        waiting = entering(lane)
        await turns()
        watch.now += 0.3
        newer = entering(lane)
        await turns()
        watch.now += 0.01  # somebody has waited for longer than a burst lasts: the target counts from now on
        lane.leave()
        assert await all_of(waiting, newer) == [False, True]

        late = entering(lane)
        await turns()
        watch.now += 0.03  # the queue was empty a moment ago
        lane.leave()
        assert await late is True

    in_a_loop(test)


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


def test_where_answers_take_long_a_few_of_them_may_be_waited_for() -> None:
    async def test(watch: Watch, _: Lane) -> None:
        lane = Lane(1, 100, SHORT, watch)
        assert await lane.enter()
        served: list[bool] = []
        for _round in range(60):  # eight clients, each of which asks again at once, of a machine that takes 50 ms
            tasks = [entering(lane) for _ in range(8)]
            await turns(2)
            for _answer in tasks:
                watch.now += 0.05
                lane.leave()
                await turns(4)
                if lane.inside == 0:
                    assert await lane.enter()
            served += await all_of(*tasks)
        assert not all(served[:80]), "until it is known how long they take, the target counts"
        assert all(served[-80:])

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
