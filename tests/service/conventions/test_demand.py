"""Whether more is asked than can be answered, by who comes: in the long run, in a burst and after a halt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from service.api.demand import UNSEEN_S, Demand
from service.api.lanes import Lane
from service.api.patience import Patience
from service.api.reserve import IN_A_ROW, KNOWN_FROM, Reserve, Share
from tests.service.conventions.test_lanes import A_SECOND as ONE_BY_ONE
from tests.service.conventions.test_lanes import SECONDS, Watch, all_of, entering, simulated, turns
from tests.service.conventions.test_reserve import known

EACH_S, SHARE, EXCESS_S = 0.001, 0.6, 0.1005
A_SECOND = SHARE / EACH_S


def demand(watch: Watch) -> Demand:
    return Demand(SHARE, EXCESS_S, watch)


def asked(
    times: float, seconds: float, halt_s: float = 0.0, every_s: float = 2.0, seed: int = 0
) -> list[tuple[float, bool]]:
    """When who came by chance, at ``times`` what can be answered, and whether that was too much. Whoever comes in the
    ``halt_s`` at the end of every ``every_s`` is seen after it."""
    watch = Watch()
    bucket = demand(watch)
    told, moment, drawn = list[tuple[float, bool]](), 0.0, np.random.default_rng(seed)
    while moment < seconds:
        moment += drawn.exponential(1 / (times * A_SECOND))
        left_s = every_s - moment % every_s
        watch.now = max(watch.now, moment + left_s if left_s < halt_s else moment)
        bucket.came(EACH_S)
        told.append((watch.now, bucket.is_too_much()))
    return told


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("halt_s", [0.0, 0.3, UNSEEN_S])
def test_what_can_be_answered_is_not_too_much_however_long_nothing_moved(halt_s: float, seed: int) -> None:
    assert not any(too_much for _, too_much in asked(0.8, 60.0, halt_s, seed=seed))


@pytest.mark.parametrize("times", [1.5, 3.0, 10.0])
def test_too_much_is_known_soon_and_as_long_as_it_lasts(times: float) -> None:
    told = asked(times, 20.0)
    known_at = next(moment for moment, too_much in told if too_much)
    assert known_at == pytest.approx(EXCESS_S / (SHARE * (times - 1)), rel=0.5)
    assert all(too_much for moment, too_much in told if moment >= known_at)


def test_a_hundred_may_come_in_one_moment_and_more_who_were_not_seen_while_nothing_moved() -> None:
    watch = Watch()
    bucket = demand(watch)
    for _ in range(99):
        bucket.came(EACH_S)
    assert not bucket.is_too_much()
    watch.now += 10.0
    for _ in range(99 + round(UNSEEN_S * A_SECOND)):
        bucket.came(EACH_S)
    assert not bucket.is_too_much()
    bucket.came(2 * EACH_S)
    assert bucket.is_too_much()


def test_what_is_answered_faster_than_that_is_not_too_much() -> None:
    """Eight who wait, and ask again as soon as they are answered, while more than the share is begun."""
    watch = Watch()
    bucket = demand(watch)
    for _ in range(8):
        bucket.came(EACH_S)
    for _ in range(10_000):
        bucket.began(EACH_S)
        watch.now += EACH_S
        bucket.came(EACH_S)
        assert not bucket.is_too_much()


@pytest.mark.parametrize("times", [0.8, 1.5])
def test_what_is_answered_and_the_time_that_passes_are_not_counted_twice(times: float) -> None:
    watch = Watch()
    bucket = demand(watch)
    for number in range(20_000):
        watch.now += EACH_S / (times * SHARE)
        bucket.came(EACH_S)
        if number % 3 or times < 1.0:
            bucket.began(EACH_S)
    assert bucket.is_too_much() == (times > 1.0)


def test_it_is_over_when_all_who_came_could_have_been_answered() -> None:
    watch = Watch()
    bucket = demand(watch)
    for _ in range(10_000):
        bucket.came(EACH_S)
    for _ in range(80):  # half of what can be answered
        watch.now += EACH_S / (0.5 * SHARE)
        bucket.came(EACH_S)
        assert bucket.is_too_much()
    watch.now += EXCESS_S / SHARE
    assert not bucket.is_too_much()


def test_while_too_much_is_asked_who_cannot_begin_at_once_is_told_so() -> None:
    async def run() -> None:
        watch = Watch()
        reserve = Reserve(Share(SHARE, 0.0, EXCESS_S), watch)
        known(reserve, EACH_S)
        lane = Lane(1, 1_000, Patience(1e9, 1e9), watch, reserve=reserve)
        assert await lane.enter()
        waiting = [entering(lane) for _ in range(90)]
        await turns(4)
        assert not any(task.done() for task in waiting), "a burst, of which all may wait"
        late = [entering(lane) for _ in range(20)]
        await turns(4)
        assert [task.done() for task in late] == [False] * 10 + [True] * 10
        lane.leave()
        assert await all_of(*waiting, *late) == [False] * 110
        watch.now += 1.5 * EACH_S / SHARE
        assert await lane.enter() is True, "the moment is right"
        assert await lane.enter() is False

    asyncio.run(run())


class TakesAsLong(Reserve):
    """Where the clock stands still while somebody is let in."""

    def __init__(self, each_s: float, stopwatch: Callable[[], float]) -> None:
        super().__init__(Share(1.0, 1e9, 80.5 * each_s), stopwatch)
        for _ in range(IN_A_ROW * KNOWN_FROM):
            super().took(each_s, 1)

    def took(self, seconds: float, count: int) -> None:
        """That is known."""


@pytest.mark.parametrize("seed", range(3))
def test_few_of_those_who_are_let_in_are_late_from_the_first_moment_at_which_too_much_is_asked(seed: int) -> None:
    told = simulated(seed, 3.0, 0.0, lambda watch: TakesAsLong(1 / ONE_BY_ONE, watch))
    answers_ahead = told.waits * ONE_BY_ONE
    assert np.sum(answers_ahead > 4.0) < 20, "in the order in which they came it would be forty"
    assert len(answers_ahead) > 0.7 * SECONDS * ONE_BY_ONE, "with one place, and nobody who waits for it"


@pytest.mark.parametrize("seed", range(3))
def test_those_who_can_be_answered_are_so_in_the_order_in_which_they_came(seed: int) -> None:
    told, in_order = (
        simulated(seed, 0.8, 0.0, reserve) for reserve in (lambda watch: TakesAsLong(1 / ONE_BY_ONE, watch), None)
    )
    assert told.let_in == in_order.let_in
