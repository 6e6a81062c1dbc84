"""Draws follow their weights."""

from __future__ import annotations

import numpy as np

from matcher.members.draws import Draws, distinct, zipf_weights


def draws(n: int) -> Draws:
    return Draws(np.random.Generator(np.random.PCG64(1)), n)


def test_picks_follow_the_weights() -> None:
    counts = np.bincount(draws(100_000).pick([1, 0, 3, 6]), minlength=4) / 100_000
    assert np.allclose(counts, [0.1, 0, 0.3, 0.6], atol=0.01)


def test_rows_follow_their_own_weights() -> None:
    weights = np.array([[1, 0, 0], [0, 1, 1], [5, 0, 5]])
    rows = np.arange(30_000) % 3
    picked = draws(30_000).pick_from_rows(weights, rows, 2)
    for row in range(3):
        counts = np.bincount(picked[rows == row].ravel(), minlength=3) / 20_000
        assert np.allclose(counts, weights[row] / weights[row].sum(), atol=0.02)


def test_days_lie_between_quantiles() -> None:
    days = draws(10_000).days(np.array([0, 10, 100]))
    assert days.min() >= 0
    assert days.max() < 100
    assert 0.47 < (days < 10).mean() < 0.53


def test_distinct_keeps_order_and_count() -> None:
    rows = np.array([[2, 2, 1], [0, 1, 2], [0, 0, 0]])
    assert distinct(rows, np.array([2, 0, 3]), "abc") == [("c", "b"), None, ("a",)]


def test_zipf_falls() -> None:
    weights = zipf_weights(50)
    assert (np.diff(weights) < 0).all()
    assert weights[-1] > 0
