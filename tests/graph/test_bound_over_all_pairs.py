"""The bound over all pairs holds for the best pairing of everybody with everybody."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pytest

from matcher import (
    CandidateGraph,
    MemberProfile,
    PairingProblem,
    PairingSolution,
    build_candidate_graph,
    sample_members,
    solve_pairing,
    verify_pairing,
)
from matcher.members.sample import SAMPLE_DAY
from matcher.pairing.problem import Objective
from tests.graph.conftest import Truth

EVERYBODY = 1000


def solved(graph: CandidateGraph, room: npt.NDArray[np.int64], objective: Objective = "total") -> PairingSolution:
    problem = PairingProblem(graph.u, graph.v, graph.weight, room, outside=graph.outside, objective=objective)
    solution = solve_pairing(problem)
    verify_pairing(problem, solution)
    return solution


@pytest.fixture(scope="module")
def few() -> list[MemberProfile]:
    return sample_members(500, seed=21)


@pytest.fixture(scope="module")
def complete(few: list[MemberProfile]) -> CandidateGraph:
    return build_candidate_graph(few, SAMPLE_DAY, EVERYBODY)


def test_the_complete_graph_is_complete(complete: CandidateGraph, few: list[MemberProfile]) -> None:
    truth = Truth.of(few, "buddy")
    assert np.array_equal(np.argwhere(np.triu(truth.eligible)), np.stack((complete.u, complete.v), 1))
    assert np.abs(truth.scores[complete.u, complete.v] - complete.weight).max() <= 0.501


@pytest.mark.parametrize("most", [1, 3])
@pytest.mark.parametrize("neighbours", [1, 4, 8])
def test_it_holds_for_500_members(
    few: list[MemberProfile], complete: CandidateGraph, neighbours: int, most: int
) -> None:
    room_of = {member.member_id: min(most, member.buddy_capacity) for member in few}
    room = np.array([room_of[name] for name in complete.member_ids])
    best = solved(complete, room)
    assert best.status == "optimal"
    assert best.upper_bound_all_pairs == best.total_weight, "nothing is outside the complete graph"
    found = solved(build_candidate_graph(few, SAMPLE_DAY, neighbours), room)
    assert found.status == "optimal"
    assert found.upper_bound_all_pairs is not None
    assert found.total_weight <= best.total_weight <= found.upper_bound_all_pairs
    assert found.upper_bound <= found.upper_bound_all_pairs


def test_more_neighbours_bring_plan_and_bound_together(few: list[MemberProfile]) -> None:
    gaps = []
    for neighbours in (4, 16, 64):
        graph = build_candidate_graph(few, SAMPLE_DAY, neighbours)
        found = solved(graph, np.ones(len(graph), np.int64))
        assert found.upper_bound_all_pairs is not None
        gaps.append(1 - found.total_weight / found.upper_bound_all_pairs)
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.01


def test_coverage_is_bounded_over_all_pairs_too(few: list[MemberProfile], complete: CandidateGraph) -> None:
    """The prize of a pair differs from graph to graph, so the best plan is counted with the small graph's."""
    room = np.ones(len(few), np.int64)
    best = solved(complete, room, "coverage")
    found = solved(build_candidate_graph(few, SAMPLE_DAY, 4), room, "coverage")
    assert found.upper_bound_all_pairs is not None
    worth = best.total_weight + found.certificate.pair_prize * len(best.pairs)
    assert found.objective_weight <= worth <= found.upper_bound_all_pairs


def test_it_holds_against_networkx() -> None:
    fewer = sample_members(150, seed=22)
    complete = build_candidate_graph(fewer, SAMPLE_DAY, EVERYBODY)
    whole: Any = nx.Graph()
    whole.add_weighted_edges_from(zip(complete.u.tolist(), complete.v.tolist(), complete.weight.tolist(), strict=True))
    best = sum(whole[one][other]["weight"] for one, other in nx.max_weight_matching(whole))
    room = np.ones(len(complete), np.int64)
    assert solved(complete, room).total_weight == best
    for neighbours in (2, 4, 8):
        found = solved(build_candidate_graph(fewer, SAMPLE_DAY, neighbours), room)
        assert found.upper_bound_all_pairs is not None
        assert found.total_weight <= best <= found.upper_bound_all_pairs
