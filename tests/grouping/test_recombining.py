"""Plans put together from remembered groups, and the counting that opens groups."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from matcher.grouping.annealing import Annealing
from matcher.grouping.block import Block
from matcher.grouping.blocks import block_of, state_of, whole
from matcher.grouping.cohort import gather
from matcher.grouping.instance import instance_of
from matcher.grouping.lots import lots_of
from matcher.grouping.masks import lowest_bit
from matcher.grouping.packing import Choice, Packed, pack
from matcher.grouping.recombining import Recombining, can_recombine
from matcher.grouping.remembered import merge, remember_all, retain
from matcher.grouping.tally import most_common_bit
from matcher.members.sample import SAMPLE_DAY, sample_members
from tests.grouping.people import MEANS, spec_of, weekly

HOURS = weekly(*(f"{day} 08:00-22:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat")))
STAFF = [
    {"name": f"Staff {n}", "languages": ["en"], "time_zone": "UTC", "availability": HOURS, "most_groups": 4}
    for n in range(6)
]
MEETING = {"time_zone": "UTC", "start_date": "2026-03-02", "weeks": 2, "unknown_availability": "assumed"}


def _searches(members: int) -> tuple[Block, list[Annealing]]:
    spec = spec_of(meeting=MEETING, facilitation={"per_group": 1, "staff": STAFF})
    instance = instance_of(gather(sample_members(members, seed=3), spec, SAMPLE_DAY, MEANS))
    part = whole(instance)
    block = block_of(instance, part)
    runs = [Annealing(block, state_of(block, part, lots_of(5, number)), 1 << 12) for number in range(2)]
    for run in runs:
        run.begin()
        run.one_pass(0.3, 0.0, 0.5)
    return block, runs


def test_the_lowest_bit_of_a_word() -> None:
    rng = random.Random(0)
    for at in range(64):
        for above in (0, rng.getrandbits(64)):
            word = (1 << at) | (above >> at << at)
            assert lowest_bit(np.uint64(word)) == at


def test_the_time_that_most_can_come_to() -> None:
    block, runs = _searches(120)
    state, slot_words = runs[0].state, int(block.limits[7])
    plenty = 1
    while plenty < 2 * block.limits[2]:
        plenty *= 2
    bit, base = np.empty(1, np.int64), np.full(block.masks.shape[1], ~np.uint64(0))
    units = np.arange(block.unit_start.size - 1)
    bits = np.unpackbits(block.masks.view(np.uint8), axis=1, bitorder="little")
    seen = set()
    for size in (1, 3, 7, 12, 40, 80):
        pool = np.random.default_rng(size).permutation(units)[:size]
        most = most_common_bit(block, state, base, 0, slot_words, pool, pool.size, -1, bit)
        shared = np.minimum(bits[block.unit_members[block.unit_start[pool]]].sum(axis=0), plenty)
        assert most == shared[: 64 * slot_words].max() == shared[bit[0]]
        seen.add(most)
    assert plenty in seen
    assert len(seen) > 3


def _goes_together(choice: Choice, groups: tuple[int, ...]) -> bool:
    units = [unit for c in groups for unit in choice.units[c].tolist() if unit >= 0]
    meetings = [(leader, int(choice.slots[c])) for c in groups for leader in choice.leaders[c].tolist()]
    load = [sum(one == leader for one, _ in meetings) for leader in range(choice.room.size)]
    return (
        len(set(units)) == len(units)
        and len(set(meetings)) == len(meetings)
        and all(used <= room for used, room in zip(load, choice.room, strict=True))
        and len(groups) <= choice.most
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_best_packing_of_a_dozen_groups(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups, units = 12, 14
    taken = np.full((groups, 5), -1, np.int32)
    for c in range(groups):
        size = rng.integers(2, 5)
        taken[c, :size] = rng.choice(units, size, replace=False)
    at, column = np.nonzero(taken >= 0)
    unit = taken[at, column]
    start = np.zeros(units + 1, np.int64)
    start[1:] = np.cumsum(np.bincount(unit, minlength=units))
    worth = 3.0 * (taken >= 0).sum(axis=1) + rng.random(groups)
    choice = Choice(
        taken, rng.integers(0, 3, (groups, 1)), rng.integers(0, 2, groups), worth, worth.copy(), start,
        at[np.argsort(unit, kind="stable")].astype(np.int64), np.array([1, 2, 2]),
        np.array([[1], [2]], np.uint64), int(rng.integers(2, 5)),
    )  # fmt: skip
    packed = Packed(
        np.zeros(groups, np.int64), np.full(groups, -1, np.int64), np.full(units, -1, np.int64),
        np.zeros((3, 2), np.int64), np.zeros(3, np.int64), np.zeros(1, np.int64),
    )  # fmt: skip
    every = (some for size in range(5) for some in itertools.combinations(range(groups), size))
    best = max(worth[list(some)].sum() for some in every if _goes_together(choice, some))
    chosen = pack(choice, packed, np.empty(0, np.int64), lots_of(seed), 5000, 3.0, 0.1)
    assert _goes_together(choice, tuple(chosen.tolist()))
    assert worth[chosen].sum() == pytest.approx(best)


def test_a_group_is_remembered_once() -> None:
    block, (one, other) = _searches(120)
    first = remember_all(block, one.state, one.known)
    assert first.size == (one.state.size > 0).sum()
    held = int(one.known.held[0])
    assert (remember_all(block, one.state, one.known) == first).all()
    merge(one.known, other.known)
    both = int(one.known.held[0])
    assert held < both <= held + int(other.known.held[0])
    assert np.unique(one.known.keys[:both]).size == both
    merge(one.known, other.known)
    assert one.known.held[0] == both
    retain(one.known, first)
    assert (remember_all(block, one.state, one.known) == np.arange(first.size)).all()


def test_a_meeting_leaves_no_search_with_less_than_the_best_had() -> None:
    block, runs = _searches(240)
    assert can_recombine(block)
    before = max(tuple(run.best.score) for run in runs)
    Recombining(block).meet(runs, lambda work, searches: list(map(work, searches)))
    for run in runs:
        state = run.state
        assert tuple(run.best.score) > before
        assert (state.counts[1], state.value.sum()) == pytest.approx(tuple(run.best.score))
        assert (state.value > -1e299).all()
        assert (
            np.bincount(state.leaders[state.size > 0, 0], minlength=block.leader_room.size) <= block.leader_room
        ).all()
        for g in np.flatnonzero(state.size > 0).tolist():
            assert int(state.common[g, state.slot[g] >> 6]) >> int(state.slot[g] & 63) & 1
