"""The gain table against sums written out from the definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from matcher.grouping.gain_table import (
    apply_move,
    apply_swap,
    fill_gains,
    inside_sum,
    move_change,
    swap_change,
)


def drawn(seed: int, n: int = 13, groups: int = 4) -> tuple[np.random.Generator, Any, Any, Any, Any]:
    rng = np.random.default_rng(seed)
    affinity = rng.normal(size=(n, n))
    affinity += affinity.T
    np.fill_diagonal(affinity, 0.0)
    group_of = rng.integers(-1, groups, n).astype(np.int32)
    sizes = np.array([(group_of == g).sum() for g in range(groups)], np.int32)
    gains = np.full((groups, n), 7.0)
    fill_gains(affinity, group_of, gains)
    return rng, affinity, group_of, sizes, gains


def inside(affinity: Any, group_of: Any) -> float:
    n = len(group_of)
    return float(sum(affinity[i, j] for i in range(n) for j in range(i) if group_of[i] == group_of[j] >= 0))


def expected_gains(affinity: Any, group_of: Any, groups: int) -> Any:
    n = len(group_of)
    return np.array(
        [
            [sum(affinity[i, j] for j in range(n) if j != i and group_of[j] == g) for i in range(n)]
            for g in range(groups)
        ]
    )


def test_fill_follows_the_definition() -> None:
    _, affinity, group_of, _, gains = drawn(0)
    np.testing.assert_allclose(gains, expected_gains(affinity, group_of, 4), atol=1e-12)
    assert inside_sum(gains, group_of) == pytest.approx(inside(affinity, group_of))


def test_fill_does_not_read_the_diagonal() -> None:
    _, affinity, group_of, _, gains = drawn(1)
    np.fill_diagonal(affinity, 1e9)
    again = np.empty_like(gains)
    fill_gains(affinity, group_of, again)
    np.testing.assert_array_equal(again, gains)


@pytest.mark.parametrize("seed", range(20))
def test_changes_are_what_the_objective_does(seed: int) -> None:
    rng, affinity, group_of, sizes, gains = drawn(seed)
    for _ in range(60):
        before = inside(affinity, group_of)
        i, j = rng.integers(0, len(group_of), 2)
        target = int(rng.integers(-1, 4))
        if rng.random() < 0.5 and group_of[i] != group_of[j]:
            change = swap_change(affinity, gains, group_of, i, j)
            apply_swap(affinity, gains, group_of, i, j)
        elif target != group_of[i]:
            change = move_change(gains, group_of, i, target)
            apply_move(affinity, gains, group_of, sizes, i, target)
        else:
            continue
        assert change == pytest.approx(inside(affinity, group_of) - before, abs=1e-9)
    np.testing.assert_allclose(gains, expected_gains(affinity, group_of, 4), atol=1e-9)
    assert sizes.tolist() == [int((group_of == g).sum()) for g in range(4)]
