"""The optimum against networkx, on the graphs that break matching code: ties, zeros, odd cycles, nested blossoms."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.pairing.problem import PairingProblem
from tests.pairing.drawing import Edges, neighbour_graph, random_graph
from tests.pairing.oracle import networkx_matching
from tests.pairing.test_small import verified


def hold_against_networkx(n: int, edges: Edges) -> None:
    total = verified(PairingProblem(*edges, n=n))
    assert (total.status, total.gap) == ("optimal", 0.0)
    assert total.total_weight == networkx_matching(n, edges, cardinality=False)[1]


def cover_as_networkx_does(n: int, edges: Edges) -> None:
    coverage = verified(PairingProblem(*edges, n=n, objective="coverage"))
    assert (coverage.status, coverage.gap) == ("optimal", 0.0)
    assert (len(coverage.pairs), coverage.total_weight) == networkx_matching(n, edges, cardinality=True)


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs(seed: int) -> None:
    n, edges = random_graph(np.random.default_rng(seed), 40)
    hold_against_networkx(n, edges)
    cover_as_networkx_does(n, edges)


def test_neighbour_graph() -> None:
    hold_against_networkx(*neighbour_graph(300, 8, 0))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000))
def test_a_thousand_random_graphs(seed: int) -> None:
    n, edges = random_graph(np.random.default_rng(10_000 + seed))
    hold_against_networkx(n, edges)
    cover_as_networkx_does(n, edges)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(50))
def test_fifty_neighbour_graphs(seed: int) -> None:
    hold_against_networkx(*neighbour_graph(1000, 20, seed))


# Van Rantwijk's cases for his maximum weighted matching in Python (2008), which networkx tests as well: (edges, pairs).
PUBLISHED = {
    "single edge": ("1-2:1", "1-2"),
    "path": ("1-2:10 2-3:11", "2-3"),
    "path, cardinality does not count": ("1-2:5 2-3:11 3-4:5", "2-3"),
    "blossom used for augmentation": ("1-2:8 1-3:9 2-3:10 3-4:7", "1-2 3-4"),
    "blossom with two tails": ("1-2:8 1-3:9 2-3:10 3-4:7 1-6:5 4-5:6", "1-6 2-3 4-5"),
    "blossom turns T": ("1-2:9 1-3:8 2-3:10 1-4:5 4-5:4 1-6:3", "1-6 2-3 4-5"),
    "blossom turns T, other tail": ("1-2:9 1-3:8 2-3:10 1-4:5 4-5:3 1-6:4", "1-6 2-3 4-5"),
    "blossom turns T, tail at 3": ("1-2:9 1-3:8 2-3:10 1-4:5 4-5:3 3-6:4", "1-2 3-6 4-5"),
    "nested, used": ("1-2:9 1-3:9 2-3:10 2-4:8 3-5:8 4-5:10 5-6:6", "1-3 2-4 5-6"),
    "joined blossom inside another": (
        "1-2:10 1-7:10 2-3:12 3-4:20 3-5:20 4-5:25 5-6:10 6-7:10 7-8:8",
        "1-2 3-4 5-6 7-8",
    ),
    "nested, opened": ("1-2:8 1-3:8 2-3:10 2-4:12 3-5:12 4-5:14 4-6:12 5-7:12 6-7:14 7-8:12", "1-2 3-5 4-6 7-8"),
    "turns T, then opens": ("1-2:23 1-5:22 1-6:15 2-3:25 3-4:22 4-5:25 4-8:14 5-7:13", "1-6 2-3 4-8 5-7"),
    "nested, turns T, opens": ("1-2:19 1-3:20 1-8:8 2-3:25 2-4:18 3-5:18 4-5:13 4-7:7 5-6:7", "1-8 2-3 4-7 5-6"),
    "opens, augments by a tail": (
        "1-2:45 1-5:45 2-3:50 3-4:45 4-5:50 1-6:30 3-9:35 4-8:35 5-7:26 9-10:5",
        "1-6 2-3 4-8 5-7 9-10",
    ),
    "opens, augments by another": (
        "1-2:45 1-5:45 2-3:50 3-4:45 4-5:50 1-6:30 3-9:35 4-8:26 5-7:40 9-10:5",
        "1-6 2-3 4-8 5-7 9-10",
    ),
    "opens, least slack at T": (
        "1-2:45 1-5:45 2-3:50 3-4:45 4-5:50 1-6:30 3-9:35 4-8:28 5-7:26 9-10:5",
        "1-6 2-3 4-8 5-7 9-10",
    ),
    "nested, opens and augments": (
        "1-2:45 1-7:45 2-3:50 3-4:45 4-5:95 4-6:94 5-6:94 6-7:50 1-8:30 3-11:35 5-9:36 7-10:26 11-12:5",
        "1-8 2-3 4-6 5-9 7-10 11-12",
    ),
    "relabelled, opened": (
        "1-2:40 1-3:40 2-3:60 2-4:55 3-5:55 4-5:50 1-8:15 5-7:30 7-6:10 8-10:10 4-9:30",
        "1-2 3-5 7-6 8-10 4-9",
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_cases(name: str) -> None:
    edges, expected = PUBLISHED[name]
    rows = [(*map(int, edge.split(":")[0].split("-")), int(edge.split(":")[1])) for edge in edges.split()]
    u, v, weight = np.array(rows).T
    solution = verified(PairingProblem(u, v, weight))
    pairs = {tuple(sorted(map(int, pair.split("-")))) for pair in expected.split()}
    assert {tuple(row) for row in solution.pairs.tolist()} == pairs
