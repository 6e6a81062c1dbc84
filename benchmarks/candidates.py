"""How long does the candidate graph take, does it hold everybody's best peers, and how good is the pairing made of it?

Recall is measured against a scoring of all eligible members that shares no code with the index (``tests/oracle``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from benchmarks.community import DAY
from benchmarks.measuring import Took, seconds_of
from benchmarks.tables import Table, three, verdict
from matcher import (
    CandidateGraph,
    FacetWeights,
    MemberIndex,
    MemberProfile,
    PairingProblem,
    PairingSolution,
    build_candidate_graph,
    sample_members,
    solve_pairing,
    verify_pairing,
)
from tests.oracle.vectorised import VectorisedOracle

SIZES = (20_000, 100_000)
NEIGHBOURS = 32
TRIED_NEIGHBOURS = (16, 32, 64)
SAMPLED, QUICK_SAMPLED = 2_000, 100
TIME_BAR_S, TIME_BAR_AT = 60.0, 100_000
GAP_BAR, GAP_BAR_AT = 0.03, 20_000
TIE = 1e-9
"""Scores this close are the same, summed in another order."""


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """A table on the graphs and a table on the pairings made of them."""
    graphs = Table(
        f"Candidate graph of sample members, {NEIGHBOURS} neighbours each",
        ("members", "edges", "one worker", "cpu", "bar", "two workers", "bar", "recall", "of members"),
        notes=("Index and processes are made within the time.",),
    )
    pairings = Table(
        "Pairing of the candidate graph, one buddy each",
        ("members, neighbours", "edges", "seconds", "with a partner", "gap", "gap over all pairs", "bar"),
        notes=("Every plan is verified. The gap over all pairs also counts pairs that are not in the graph.",),
    )
    warm_up()
    for size in sizes or ((2_000,) if quick else SIZES):
        members = sample_members(size, as_of=DAY)
        alone, graph = timed(members)
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            together, same = timed(members, executor=pool)
        if not all(np.array_equal(getattr(graph, part), getattr(same, part)) for part in ("u", "v", "weight")):
            raise AssertionError("two workers build another graph than one")
        sampled = QUICK_SAMPLED if quick else SAMPLED
        bar = TIME_BAR_S if size >= TIME_BAR_AT else None
        graphs.add(
            f"{size:,}",
            f"{graph.u.size:,}",
            f"{three(alone.seconds)} s",
            f"{three(alone.processor)} s",
            verdict(alone.seconds, bar, "{:g} s".format),
            f"{three(together.seconds)} s",
            verdict(together.seconds, bar, "{:g} s".format),
            f"{recall(members, graph, sampled):.6f}",
            f"{sampled:,}",
        )
        for neighbours in TRIED_NEIGHBOURS if size <= GAP_BAR_AT else (NEIGHBOURS,):
            of = graph if neighbours == NEIGHBOURS else timed(members, neighbours)[1]
            _pair(pairings, members, of, neighbours)
        pairings.divide()
    yield graphs
    yield pairings


def timed(
    members: Sequence[MemberProfile], neighbours: int = NEIGHBOURS, executor: Executor | None = None
) -> tuple[Took, CandidateGraph]:
    """The graph of ``members`` and what it took, index included."""
    return seconds_of(lambda: build_candidate_graph(members, DAY, neighbours, executor=executor))


def warm_up() -> None:
    """Load compiled code, or compile it on a machine's first run."""
    members = sample_members(500, as_of=DAY)
    solved(members, build_candidate_graph(members, DAY, 4))


def recall(members: Sequence[MemberProfile], graph: CandidateGraph, sampled: int) -> float:
    """Share of the best peers of ``sampled`` members that are edges; one as good as the last of them may stand in."""
    means = dataclasses.asdict(MemberIndex.build(members, DAY).means)
    weights = dataclasses.asdict(FacetWeights.buddy())
    oracle = VectorisedOracle(members, DAY)
    row_of = {name: row for row, name in enumerate(oracle.member_ids)}
    rows = np.array([row_of[name] for name in graph.member_ids])
    ends, others = np.concatenate((graph.u, graph.v)), np.concatenate((graph.v, graph.u))
    order = np.argsort(ends, kind="stable")
    start = np.searchsorted(ends[order], np.arange(len(graph) + 1))
    found = due = 0
    for node in np.random.default_rng(1).choice(len(graph), min(sampled, len(graph)), replace=False).tolist():
        seeker = members[rows[node]]
        scores = np.where(oracle.rules.eligible(seeker), oracle.scores(seeker, "buddy", weights, means), -1.0)
        best = min(NEIGHBOURS, int((scores >= 0).sum()))
        if best:
            worst = -np.partition(-scores, best - 1)[best - 1]
            peers = rows[others[order[start[node] : start[node + 1]]]]
            found += min(best, int((scores[peers] >= worst - TIE).sum()))
            due += best
    return found / due if due else 1.0


def solved(members: Sequence[MemberProfile], graph: CandidateGraph) -> tuple[Took, PairingSolution]:
    """The verified pairing of a graph and what solving took."""
    room_of = {member.member_id: min(1, member.buddy_capacity) for member in members}
    room = [room_of[name] for name in graph.member_ids]
    problem = PairingProblem(graph.u, graph.v, graph.weight, room, outside=graph.outside)
    took, solution = seconds_of(lambda: solve_pairing(problem))
    verify_pairing(problem, solution)
    return took, solution


def _pair(table: Table, members: Sequence[MemberProfile], graph: CandidateGraph, neighbours: int) -> None:
    took, solution = solved(members, graph)
    bound = solution.upper_bound_all_pairs
    over_all = 1 - solution.objective_weight / bound if bound else 0.0
    bar = GAP_BAR if len(graph) == GAP_BAR_AT and neighbours == NEIGHBOURS else None
    table.add(
        f"{len(graph):,}, {neighbours}",
        f"{graph.u.size:,}",
        three(took.seconds),
        f"{2 * len(solution.pairs):,}",
        f"{solution.gap:.3%} {solution.status}",
        f"{over_all:.2%}",
        verdict(over_all, bar, "{:.0%}".format),
    )
