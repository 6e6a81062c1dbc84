"""The bound over everybody says something under ``coverage`` too, where a pair counts more than all scores."""

from __future__ import annotations

from datetime import date

from matcher import PairingProblem, build_candidate_graph, sample_members, solve_pairing, verify_pairing

TODAY = date(2026, 1, 1)


def test_the_bound_over_all_pairs_is_close_under_coverage() -> None:
    graph = build_candidate_graph(sample_members(600, seed=3, as_of=TODAY), TODAY, neighbours=16)
    problem = PairingProblem(
        graph.u, graph.v, graph.weight, outside=graph.outside, objective="coverage", n=len(graph.member_ids)
    )
    solution = solve_pairing(problem)
    verify_pairing(problem, solution)
    bound = solution.upper_bound_all_pairs
    assert bound is not None
    assert solution.objective_weight <= bound <= 1.05 * solution.objective_weight
