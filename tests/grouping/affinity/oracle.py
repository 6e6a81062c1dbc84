"""The best grouping of a handful of members, by trying all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def all_groupings(n: int, least: list[int], most: list[int]) -> Iterator[list[int]]:
    """Every assignment of n members to the groups that keeps the sizes."""
    sizes = [0] * len(least)
    group_of: list[int] = []

    def extend() -> Iterator[list[int]]:
        missing = sum(max(0, low - size) for low, size in zip(least, sizes, strict=True))
        if missing > n - len(group_of):
            return
        if len(group_of) == n:
            yield list(group_of)
            return
        for g in range(len(least)):
            if sizes[g] < most[g]:
                sizes[g] += 1
                group_of.append(g)
                yield from extend()
                group_of.pop()
                sizes[g] -= 1

    return extend()


def value_of(affinity: Any, group_of: Any) -> float:
    """The objective from its definition."""
    n = len(group_of)
    return float(sum(affinity[i][j] for i in range(n) for j in range(i) if group_of[i] == group_of[j]))


def best_value(affinity: Any, least: list[int], most: list[int]) -> float:
    """The greatest objective of all groupings."""
    return max(value_of(affinity, grouping) for grouping in all_groupings(len(affinity), least, most))


def drawn_affinity(n: int, seed: int, low: float = 0.0, high: float = 100.0) -> Any:
    """A symmetric matrix of uniform numbers, zero on the diagonal."""
    rng = np.random.default_rng(seed)
    half = np.triu(rng.uniform(low, high, (n, n)), 1)
    return half + half.T


def distances(n: int, seed: int, dimension: int = 5) -> Any:
    """Euclidean distances of random points."""
    points = np.random.default_rng(seed).uniform(0, 10, (n, dimension))
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
