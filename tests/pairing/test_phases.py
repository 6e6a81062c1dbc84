"""Each phase alone: what it promises the next one."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from matcher.pairing.adjacency import DUAL, build_graph, neighbourhood_order, tight_start
from matcher.pairing.augmentation import blossom_rounds, new_search
from matcher.pairing.blossom import gather
from matcher.pairing.dominant import best_first, improve_by_swaps, sweep_duals, take_dominant
from matcher.pairing.events import drop_first, push, room_for
from matcher.pairing.fractional import fractional_rounds, no_cycles
from matcher.pairing.rounding import round_cycles
from tests.pairing.drawing import random_graph

FOREVER = 2**60


@given(st.lists(st.one_of(st.integers(-50, 50), st.none()), max_size=60))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_events_come_out_in_time(steps: list[int | None]) -> None:
    events, model = room_for(64), list[int]()
    for step in steps:
        if step is not None:
            push(events, step, 1, 2)
            heapq.heappush(model, step)
        elif model:
            assert events.time[0] == heapq.heappop(model)
            drop_first(events)
        assert events.size[0] == len(model)


@pytest.mark.parametrize("seed", range(40))
def test_from_start_to_rounding(seed: int) -> None:
    n, (u, v, weight) = random_graph(np.random.default_rng(seed), 30)
    place = neighbourhood_order(n, u.astype(np.int32), v.astype(np.int32))
    assert np.array_equal(np.sort(place), np.arange(n))
    u, v = place[u].astype(np.int64), place[v].astype(np.int64)
    graph = build_graph(n, u.astype(np.int32), v.astype(np.int32), weight)
    tight_start(graph)

    def score(a: np.ndarray, b: np.ndarray) -> int:
        table = {frozenset((int(x), int(y))): int(w) for x, y, w in zip(u, v, weight, strict=True)}
        return sum(table[frozenset((int(x), int(y)))] for x, y in zip(a, b, strict=True))

    def feasible() -> bool:
        y = graph.node[:, DUAL]
        return bool((y >= 0).all() and (y[u] + y[v] >= 2 * weight).all())

    def matched_tight() -> bool:
        x = np.flatnonzero(graph.mate >= 0)
        assert np.array_equal(graph.mate[graph.mate[x]], x)
        return score(x, graph.mate[x]) == int(graph.node[x, DUAL].sum())

    assert feasible()
    assert matched_tight()

    halves, events = no_cycles(n), room_for(2 * len(u) + 4 * n + 64)
    at = 0
    while at < n:
        at = fractional_rounds(graph, halves, events, at, 1)
        assert feasible()
    incidence = np.zeros((n, len(u)))
    incidence[u, np.arange(len(u))] = incidence[v, np.arange(len(u))] = 1
    best = -linprog(-weight, A_ub=incidence, b_ub=np.ones(n), bounds=(0, 1)).fun if len(u) else 0
    assert graph.node[:, DUAL].sum() == round(2 * best)
    on_cycle = np.flatnonzero(halves.after >= 0)
    assert (graph.mate[on_cycle] < 0).all()
    whole = np.flatnonzero(graph.mate >= 0)
    assert score(whole, graph.mate[whole]) + score(on_cycle, halves.after[on_cycle]) == round(2 * best)

    exposed = int((graph.mate < 0).sum())
    cycles = round_cycles(graph, halves)
    assert int((graph.mate < 0).sum()) == exposed - len(on_cycle) + cycles
    assert (halves.after < 0).all()
    assert matched_tight()


@pytest.mark.parametrize("seed", range(40))
def test_blossoms_from_a_cold_start_in_small_steps(seed: int) -> None:
    """Without the fractional start every kind of event occurs; after each slice the duals and the forest are sound."""
    n, (u, v, weight) = random_graph(np.random.default_rng(500 + seed), 24)
    graph = build_graph(n, u.astype(np.int32), v.astype(np.int32), weight)
    graph.node[:, DUAL] = weight.max(initial=0)
    search = new_search(graph, room_for(2 * len(u) + 4 * n + 64))
    horizon, at = 1, n
    while True:
        if at == n:
            if not ((graph.mate < 0) & (graph.node[:, DUAL] > 0)).any():
                break
            horizon, at = horizon * 2, 0
        at = blossom_rounds(search, at, 1, horizon)
        y = graph.node[:, DUAL]
        covered = y[u] + y[v]
        for b in np.flatnonzero(search.blossoms.first[n:] >= 0) + n:
            nodes = search.blossoms.nodes[: gather(search.blossoms, b)].copy()
            assert len(nodes) % 2 == 1
            assert search.blossoms.z[b] >= 0
            assert search.blossoms.z[b] % 2 == 0
            covered = covered + search.blossoms.z[b] * (np.isin(u, nodes) & np.isin(v, nodes))
            assert np.isin(graph.mate[nodes], nodes).sum() == len(nodes) - 1
        assert (y >= 0).all()
        assert (covered >= 2 * weight).all()
        tight = {frozenset((int(a), int(b))) for a, b, c, w in zip(u, v, covered, weight, strict=True) if c == 2 * w}
        for x in np.flatnonzero(graph.mate >= 0):
            assert frozenset((int(x), int(graph.mate[x]))) in tight


@pytest.mark.parametrize("seed", range(20))
def test_dominant_swaps_and_sweeps_are_sound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, (first, second, weight) = random_graph(rng, 30)
    u, v = first.astype(np.int32), second.astype(np.int32)
    capacity = rng.integers(0, 4, n)
    taken = take_dominant(u, v, best_first(weight), capacity.copy())
    better = improve_by_swaps(u, v, weight, capacity, taken)
    for plan in (taken, better):
        assert (np.bincount(np.concatenate((u[plan], v[plan])), minlength=n) <= capacity).all()
        assert len(np.unique(plan)) == len(plan)
    assert weight[better].sum() >= weight[taken].sum()
    y = sweep_duals(u, v, weight, capacity)
    bound = (capacity * y).sum() + np.maximum(2 * weight - y[u] - y[v], 0).sum()
    assert (y >= 0).all()
    assert 2 * weight[better].sum() <= bound
