"""The best plan by trying all, and by other people's solvers; written from the definition alone."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from matcher.pairing.problem import PairingProblem


def open_edges(problem: PairingProblem) -> tuple[list[int], list[int]]:
    """Edges that a plan may still take, and the room that locks leave."""
    room = problem.capacity.tolist()
    shut = {tuple(sorted(row)) for row in (*problem.banned.tolist(), *problem.locked.tolist())}
    for a, b in problem.locked.tolist():
        room[a] -= 1
        room[b] -= 1
    edges = []
    for e in range(len(problem.u)):
        a, b = int(problem.u[e]), int(problem.v[e])
        if tuple(sorted((a, b))) not in shut and problem.weight[e] >= problem.threshold:
            edges.append(e)
    return edges, room


def worths(problem: PairingProblem) -> list[int]:
    """Score and bonus of each edge."""
    kept: dict[tuple[int, ...], int] = {}
    for row, bonus in zip(problem.incumbent.tolist(), problem.incumbent_bonus.tolist(), strict=True):
        pair = tuple(sorted(row))
        kept[pair] = max(bonus, kept.get(pair, 0))
    return [
        int(w) + kept.get(tuple(sorted((int(a), int(b)))), 0)
        for a, b, w in zip(problem.u, problem.v, problem.weight, strict=True)
    ]


def best_by_trying(problem: PairingProblem) -> tuple[int, int]:
    """(pairs, worth) of the best plan, locks included, compared as the objective says."""
    edges, room = open_edges(problem)
    worth = worths(problem)
    best = (0, 0)
    for size in range(len(edges) + 1):
        for chosen in combinations(edges, size):
            used = np.bincount(np.concatenate((problem.u[list(chosen)], problem.v[list(chosen)])), minlength=problem.n)
            if (used > room).any():
                continue
            found = (size if problem.objective == "coverage" else 0, sum(worth[e] for e in chosen))
            best = max(best, found)
    locked = [
        e
        for e in range(len(problem.u))
        if [*sorted((int(problem.u[e]), int(problem.v[e])))] in np.sort(problem.locked, 1).tolist()
    ]
    return best[0] + len(locked), best[1] + sum(worth[e] for e in locked)


def best_by_milp(problem: PairingProblem) -> int:
    """The total of the best plan by HiGHS' branch and bound; no wishes, objective ``total``."""
    m = len(problem.u)
    incidence = np.zeros((problem.n, m))
    incidence[problem.u, np.arange(m)] = incidence[problem.v, np.arange(m)] = 1
    solved = milp(
        -problem.weight.astype(float),
        constraints=LinearConstraint(incidence, ub=problem.capacity.astype(float)),
        bounds=Bounds(0, 1),
        integrality=np.ones(m),
        options={"mip_rel_gap": 0.0},
    )
    total = -solved.fun
    return int(np.rint(total))


def networkx_matching(n: int, edges: tuple[np.ndarray, np.ndarray, np.ndarray], cardinality: bool) -> tuple[int, int]:
    """(pairs, total) of networkx's maximum weight matching."""
    graph: Any = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_weighted_edges_from(zip(*(part.tolist() for part in edges), strict=True))
    matching = nx.max_weight_matching(graph, maxcardinality=cardinality)
    return len(matching), sum(graph[a][b]["weight"] for a, b in matching)
