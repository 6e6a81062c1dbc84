"""Graphs to pair: drawn small ones of every kind, and clustered points with their nearest neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from matcher.pairing.problem import PairingProblem

Edges = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]


def random_graph(rng: np.random.Generator, largest: int = 60) -> tuple[int, Edges]:
    """Sparse to complete, with weights from all equal to all different; one in four is a chain of odd cycles."""
    n = int(rng.integers(2, largest + 1))
    u, v = np.triu_indices(n, 1)
    keep = rng.random(len(u)) < rng.choice([0.05, 0.1, 0.2, 0.5, 1.0])
    if rng.random() < 0.25:
        keep = chain_of_cycles(n, u, v, int(rng.integers(3, 8)))
    u, v = u[keep], v[keep]
    weight = rng.integers(rng.choice([0, 1]), rng.choice([2, 4, 20, 10**6]), len(u))
    return n, (u, v, weight)


def chain_of_cycles(n: int, u: npt.NDArray[np.intp], v: npt.NDArray[np.intp], step: int) -> npt.NDArray[np.bool_]:
    """A path with chords over an even number of its edges: odd cycles that overlap, so blossoms nest deeply."""
    chords: npt.NDArray[np.bool_] = (
        (v - u == 1) | ((v - u == 2) & (u % step == 0)) | ((v - u == 4) & (u % (step + 1) == 1))
    )
    return chords


def neighbour_graph(n: int, k: int, seed: int) -> tuple[int, Edges]:
    """The k nearest neighbours of clustered Gaussian points in four dimensions; scores fall with distance."""
    rng = np.random.default_rng(seed)
    centres = 3 * rng.normal(size=(max(2, n // 200), 4))
    points = centres[rng.integers(0, len(centres), n)] + 0.5 * rng.normal(size=(n, 4))
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = np.argsort(distance, axis=1, kind="stable")[:, 1 : k + 1]
    one, other = np.repeat(np.arange(n), k), near.ravel()
    keys = np.unique(np.minimum(one, other) * n + np.maximum(one, other))
    u, v = keys // n, keys % n
    return n, (u, v, np.round(1e6 * np.exp(-distance[u, v])).astype(np.int64))


@st.composite
def problems(draw: st.DrawFn, most_capacity: int = 1, largest: int = 9) -> PairingProblem:
    """A small problem with everything: locks that can be kept, bans, incumbents, threshold, any objective."""
    n = draw(st.integers(2, largest))
    every = [(a, b) for a in range(n) for b in range(a + 1, n)]
    edges = draw(st.lists(st.sampled_from(every), unique=True, min_size=1, max_size=14))
    top = draw(st.sampled_from([1, 3, 30]))
    weight = draw(st.lists(st.integers(0, top), min_size=len(edges), max_size=len(edges)))
    capacity = draw(st.lists(st.integers(0, most_capacity), min_size=n, max_size=n)) if most_capacity > 1 else [1] * n
    wishes = draw(
        st.lists(st.sampled_from(["", "", "", "lock", "ban", "keep"]), min_size=len(edges), max_size=len(edges))
    )
    left = list(capacity)
    locked = []
    for (a, b), wish in zip(edges, wishes, strict=True):
        if wish == "lock" and left[a] and left[b]:
            left[a], left[b] = left[a] - 1, left[b] - 1
            locked.append((a, b))
    incumbent = [edge for edge, wish in zip(edges, wishes, strict=True) if wish == "keep"]
    return PairingProblem(
        [a for a, _ in edges],
        [b for _, b in edges],
        weight,
        capacity=capacity,
        locked=locked,
        banned=[edge for edge, wish in zip(edges, wishes, strict=True) if wish == "ban"],
        incumbent=incumbent,
        incumbent_bonus=draw(
            st.integers(0, 5) | st.lists(st.integers(0, 5), min_size=len(incumbent), max_size=len(incumbent))
        ),
        objective=draw(st.sampled_from(["total", "total", "coverage", "stable"])),
        threshold=draw(st.sampled_from([0, 0, 2])),
        triads=draw(st.booleans()),
    )
