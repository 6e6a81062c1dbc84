"""Pairing against its peers in one run: time, total, gap, members left over, on the same graph.

    python -m benchmarks.run pairing --sizes 1000 10000     with peers, and a mentor assignment
    python -m benchmarks.pairing 1000 10000 100000          nearest neighbours of clustered Gaussian points, k = 20
    python -m benchmarks.pairing 1000000 --time-limit 240   peers that would take hours leave themselves out
    python -m benchmarks.pairing --mentors                  50,000 members, 2,000 mentors with room for one to five

A peer that is not installed is listed as such. Every answer of ours is verified before its row is printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from benchmarks.tables import Table, three
from matcher.pairing.problem import PairingProblem
from matcher.pairing.solver import solve_pairing
from matcher.verification.pairing import verify_pairing

Ints = npt.NDArray[np.int64]
Answer = tuple[int, int]
"""(total, members left over)."""


def neighbour_graph(n: int, k: int = 20, seed: int = 0) -> tuple[Ints, Ints, Ints]:
    """The k nearest neighbours of clustered Gaussian points in four dimensions, by distance; scores up to a million."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(seed)
    centres = 3 * rng.normal(size=(max(2, n // 200), 4))
    points = centres[rng.integers(0, len(centres), n)] + 0.5 * rng.normal(size=(n, 4))
    distance, near = cKDTree(points).query(points, k + 1)
    one, other = np.repeat(np.arange(n), k), near[:, 1:].ravel()
    keys, first = np.unique(np.minimum(one, other) * n + np.maximum(one, other), return_index=True)
    weight = np.round(1e6 * np.exp(-distance[:, 1:].ravel()[first])).astype(np.int64)
    return keys // n, keys % n, weight


def mentor_graph(members: int, mentors: int, k: int = 20, seed: int = 0) -> PairingProblem:
    """Members with ``k`` random mentors to choose from; a mentor takes one to five."""
    rng = np.random.default_rng(seed)
    keys = np.unique(np.repeat(np.arange(members), k) * mentors + rng.integers(0, mentors, members * k))
    capacity = np.concatenate((np.ones(members, np.int64), rng.integers(1, 6, mentors)))
    weight = rng.integers(1, 10**6, len(keys))
    return PairingProblem(keys // mentors, members + keys % mentors, weight, capacity=capacity)


def by_networkx(n: int, u: Ints, v: Ints, weight: Ints) -> Answer:
    import networkx as nx

    graph: Any = nx.Graph()
    graph.add_weighted_edges_from(zip(u.tolist(), v.tolist(), weight.tolist(), strict=True))
    pairs = nx.max_weight_matching(graph)
    return sum(graph[a][b]["weight"] for a, b in pairs), n - 2 * len(pairs)


def by_rustworkx(n: int, u: Ints, v: Ints, weight: Ints) -> Answer:
    import rustworkx as rx

    graph = rx.PyGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(list(zip(u.tolist(), v.tolist(), weight.tolist(), strict=True)))
    pairs = rx.max_weight_matching(graph, weight_fn=int)
    return sum(graph.get_edge_data(a, b) for a, b in pairs), n - 2 * len(pairs)


def by_scipy(n: int, u: Ints, v: Ints, weight: Ints) -> Answer:
    """The bipartite relaxation: each node picks one neighbour or itself. A bound, not a plan."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    loops = np.arange(n)
    rows, columns = np.concatenate((u, v, loops)), np.concatenate((v, u, loops))
    scores = np.concatenate((weight, weight, 0 * loops)) + 1
    table = coo_array((scores.astype(float), (rows, columns)), shape=(n, n)).tocsr()
    chosen = min_weight_full_bipartite_matching(table, maximize=True)
    return int(sum(table[chosen].tolist()) - n) // 2, int((chosen[0] == chosen[1]).sum())


def by_greedy(n: int, u: Ints, v: Ints, weight: Ints) -> Answer:
    solution = solve_pairing(PairingProblem(u, v, weight, n=n, objective="stable"))
    return solution.total_weight, len(solution.unmatched)


def by_suitor(n: int, u: Ints, v: Ints, weight: Ints) -> Answer:
    import networkit as nk

    graph = nk.GraphFromCoo((weight.astype(float), (u, v)), n=n, weighted=True, directed=False)
    suitor = nk.matching.SuitorMatcher(graph, sortSuitor=False)
    suitor.run()
    partner = np.array(suitor.getMatching().getVector())
    matched = partner < n
    score = {(a, b): w for a, b, w in zip(u.tolist(), v.tolist(), weight.tolist(), strict=True)}
    pairs = [(x, int(y)) for x, y in enumerate(partner) if y < n and x < y]
    return sum(score[pair] for pair in pairs), int(n - matched.sum())


PEERS: list[tuple[str, str, int, Callable[[int, Ints, Ints, Ints], Answer]]] = [
    ("networkx", "networkx", 2_000, by_networkx),
    ("rustworkx", "rustworkx", 12_000, by_rustworkx),
    ("scipy LAPJVsp (bound)", "scipy", 12_000, by_scipy),
    ("networkit Suitor", "networkit", 200_000, by_suitor),
    ("dominant (stable)", "numpy", 10**9, by_greedy),
]
"""(name, module, largest graph it is asked for, how)."""


COLUMNS = ("method", "seconds", "total", "gap", "left over", "times ours")
SIZES = (1000, 10_000, 100_000)


def ours(table: Table, problem: PairingProblem, time_limit_s: float | None) -> tuple[float, int]:
    """Solve, verify, add our row; returns (seconds, total)."""
    began = perf_counter()
    solution = solve_pairing(problem, time_limit_s)
    took = perf_counter() - began
    verify_pairing(problem, solution)
    gap = f"{solution.gap:.4%} {solution.status}"
    table.add("peer matcher", three(took), f"{solution.total_weight:,}", gap, f"{len(solution.unmatched):,}", "")
    return took, solution.total_weight


def against_peers(n: int, time_limit_s: float | None) -> Table:
    """Us and everyone who can, on one graph of neighbours."""
    u, v, weight = neighbour_graph(n)
    table = Table(f"Pairing, {n:,} members, {len(u):,} edges", COLUMNS)
    seconds, best = ours(table, PairingProblem(u, v, weight, n=n), time_limit_s)
    table.notes = (f"memory at its highest {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB",)
    for name, module, largest, solve in PEERS:
        if n > largest:
            continue
        if importlib.util.find_spec(module) is None:
            table.add(name, "not installed", "", "", "", "")
            continue
        began = perf_counter()
        total, left = solve(n, u, v, weight)
        took = perf_counter() - began
        apart = f"{total / best - 1:+.4%} of ours"
        table.add(name, three(took), f"{total:,}", apart, f"{left:,}", f"{took / seconds:.1f}")
    return table


def mentoring(time_limit_s: float | None, members: int = 50_000, mentors: int = 2_000) -> Table:
    """The assignment of mentors with room for one to five."""
    table = Table(f"Pairing, {members:,} members and {mentors:,} mentors", COLUMNS)
    ours(table, mentor_graph(members, mentors), time_limit_s)
    return table


def warm_up() -> None:
    """Load compiled code of every way that is measured, or compile it on a machine's first run."""
    graph = neighbour_graph(301, 6)
    for problem in (PairingProblem(*graph), PairingProblem(*graph, objective="stable"), mentor_graph(300, 20, 5)):
        solve_pairing(problem)


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """A table a size, and one on mentors."""
    warm_up()
    for n in sizes or (SIZES[:1] if quick else SIZES):
        yield against_peers(n, None)
    yield mentoring(None, *((5_000, 200) if quick else ()))


def main(argv: Sequence[str] | None = None) -> int:
    """Print one table a graph."""
    parser = argparse.ArgumentParser(prog="benchmarks.pairing", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES[:2])
    parser.add_argument("--time-limit", type=float, default=None)
    parser.add_argument("--mentors", action="store_true")
    options = parser.parse_args(argv)
    warm_up()
    console = Console(width=140)
    if options.mentors:
        mentoring(options.time_limit).show(console)
        return 0
    for n in options.sizes:
        against_peers(n, options.time_limit).show(console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
