"""Simulated annealing of a grouping by swaps and moves, one member against all others at a time.

A step takes one member and prices its swaps with everybody at once: plain loops over contiguous rows of the gain table
and of the affinities, which become vector instructions, at about a nanosecond a swap. Of the swaps that pass the test
of Metropolis et al. (1953), each against a random threshold of its own, the first from a random place on is made. Where
sizes are open the member then gets the same offer for its moves. The thresholds T log(u) come from a shuffled table of
logarithms, entered at a random place: no logarithm a swap, and no visible difference to fresh ones.

Random numbers are a xorshift64* generator (Vigna, ACM TOMS 42, 2016) whose state the caller holds, so a result depends
on the state and not on the thread that runs it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compilation import compiled, compiled_in_place
from matcher.grouping.gain_table import apply_move, apply_swap, fill_gains, inside_sum

TABLE_BITS = 12


def threshold_logs(n: int) -> npt.NDArray[np.float64]:
    """(4096 + n,) float64: log u for evenly spread u, shuffled and repeated, so that no reader has to wrap around."""
    count = 1 << TABLE_BITS
    logs = np.log((np.arange(count) + 0.5) / count)
    np.random.default_rng(20220827).shuffle(logs)
    return np.resize(logs, count + n)


@compiled_in_place
def _price_swaps(
    to_groups: Any,
    group_of: Any,
    gains_here: Any,
    own: Any,
    row: Any,
    logs: Any,
    temperature: float,
    least: float,
    by: Any,
) -> int:
    """Write by how much each swap passes its threshold into ``by``; how many do."""
    n = group_of.shape[0]
    # A loop of its own: the look-up cannot become vector instructions and would keep the rest from it.
    for j in range(n):
        by[j] = to_groups[group_of[j]]
    passed = 0
    for j in range(n):
        excess = (by[j] + (gains_here[j] - own[j]) - 2.0 * row[j]) - (temperature * logs[j] + least)
        by[j] = excess
        passed += excess > 0.0
    return passed


@compiled
def anneal(
    affinity: Any,
    gains: Any,
    group_of: Any,
    sizes: Any,
    size_min: Any,
    size_max: Any,
    temperature: float,
    first: int,
    steps: int,
    state: Any,
    logs: Any,
    best_of: Any,
    best: float,
) -> Any:
    """Do ``steps`` steps at one temperature, members in turn; O(n) a step and O(n) a change.

    Args:
        affinity: (n, n) float64, symmetric, zero diagonal.
        gains: (groups, n) float64, overwritten.
        group_of: (n,) int32, everybody in a group, changed.
        sizes: (groups,) int32, changed.
        size_min, size_max: (groups,) int32.
        temperature: in units of affinity. Below zero only changes that gain something are made; minus the temperature
            then should be about the rounding error.
        first: the member to begin with.
        steps: how many members get their turn.
        state: (1,) uint64, not zero, the random generator's state, changed.
        logs: what :func:`threshold_logs` returns.
        best_of: (n,) int32, overwritten with every grouping better than ``best``.
        best: the objective to surpass.

    Returns:
        (best objective, number of changes made).
    """
    n, groups = group_of.shape[0], sizes.shape[0]
    fill_gains(affinity, group_of, gains)
    current = inside_sum(gains, group_of)
    own, by, to_groups = np.empty(n), np.empty(n), np.empty(groups)
    for k in range(n):
        own[k] = gains[group_of[k], k]
    open_sizes = False
    for g in range(groups):
        open_sizes = open_sizes or size_min[g] < size_max[g]
    if current > best:
        best = current
        best_of[:] = group_of
    changes, i = 0, first
    x = state[0]
    for _ in range(steps):
        here = group_of[i]
        x ^= x >> np.uint64(12)
        x ^= x << np.uint64(25)
        x ^= x >> np.uint64(27)
        drawn = x * np.uint64(2685821657736338717)
        at = np.int64(drawn >> np.uint64(64 - TABLE_BITS))
        for g in range(groups):
            to_groups[g] = gains[g, i]
        to_groups[here] = -np.inf  # no swaps inside the group
        gain = own[i]
        if _price_swaps(to_groups, group_of, gains[here], own, affinity[i], logs[at : at + n], temperature, gain, by):
            j: Any = np.int64(((drawn & np.uint64(0xFFFFFFFF)) * np.uint64(n)) >> np.uint64(32))
            while by[j] <= 0.0:
                j = j + 1 if j + 1 < n else 0
            current += by[j] + temperature * logs[at + j]
            apply_swap(affinity, gains, group_of, i, j)
            for k in range(n):
                own[k] = gains[group_of[k], k]
            changes += 1
            if current > best:
                best = current
                best_of[:] = group_of
        if open_sizes and sizes[group_of[i]] > size_min[group_of[i]]:
            here = group_of[i]
            target: Any = np.int64(((drawn >> np.uint64(20)) & np.uint64(0xFFFFFFFF)) % np.uint64(groups))
            for _ in range(groups):
                target = target + 1 if target + 1 < groups else 0
                if target != here and sizes[target] < size_max[target]:
                    change = gains[target, i] - gains[here, i]
                    if change > temperature * logs[(at + n + target) & ((1 << TABLE_BITS) - 1)]:
                        apply_move(affinity, gains, group_of, sizes, i, target)
                        for k in range(n):
                            own[k] = gains[group_of[k], k]
                        current += change
                        changes += 1
                        if current > best:
                            best = current
                            best_of[:] = group_of
                        break
        i = i + 1 if i + 1 < n else 0
    state[0] = x
    return best, changes
