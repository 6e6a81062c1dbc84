"""What a plan says beyond its pairs: reasons, triads, bounds over everyone, progress; and larger capacities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from matcher.pairing.problem import Objective, PairingProblem
from matcher.pairing.solution import PairingSolution
from matcher.pairing.solver import solve_pairing
from matcher.verification.pairing import verify_pairing
from tests.pairing.drawing import neighbour_graph
from tests.pairing.oracle import best_by_milp
from tests.pairing.test_small import confirm_rise, verified


def reasons(solution: PairingSolution) -> dict[int, str]:
    return {left.member: left.why for left in solution.unmatched}


def test_each_reason_has_its_case() -> None:
    # 0-1 beats 0-2 and 0-12; 3 has only a banned edge; 4-5 is too weak; 6 wants 7, whom a lock gives to 8; 9 to 11
    # are three.
    problem = PairingProblem(
        [0, 0, 3, 4, 6, 7, 9, 9, 10, 0],
        [1, 2, 0, 5, 7, 8, 10, 11, 11, 12],
        [9, 6, 9, 1, 9, 2, 5, 5, 5, 3],
        locked=[(7, 8)],
        banned=[(0, 3)],
        threshold=2,
        capacity=[1] * 13 + [0],
    )
    solution = verified(problem)
    found = reasons(solution)
    (odd,) = {9, 10, 11} & set(found)
    assert found.pop(odd) == "parity_or_capacity"
    assert found == {
        2: "outcompeted",
        3: "no_candidates",
        4: "below_threshold",
        5: "below_threshold",
        6: "parity_or_capacity",
        12: "outcompeted",
    }
    (two,) = (left for left in solution.unmatched if left.member == 2)
    assert two.score_rise == 4
    confirm_rise(PairingProblem([0, 0], [1, 2], [9, 6]), 2, 4)


def test_rises_on_a_neighbour_graph_are_confirmed() -> None:
    n, (u, v, weight) = neighbour_graph(121, 5, 4)
    problem = PairingProblem(u, v, weight, n=n, threshold=0)
    solution = verified(problem)
    assert solution.unmatched
    for left in solution.unmatched:
        if left.score_rise is not None:
            confirm_rise(problem, left.member, left.score_rise)


def test_an_odd_one_out_joins_the_best_pair_it_may() -> None:
    u, v, weight = [0, 0, 1, 0, 2], [1, 2, 2, 3, 3], [9, 4, 4, 2, 1]
    plain = verified(PairingProblem(u, v, weight, banned=[(2, 3)]))
    assert len(plain.triads) == 0
    joined = verified(PairingProblem(u, v, weight, banned=[(2, 3)], triads=True))
    assert joined.pairs.tolist() == [[0, 1]]
    assert joined.triads.tolist() == [[2, 0, 1]]
    locked = verified(PairingProblem(u, v, weight, banned=[(2, 3)], locked=[(0, 1)], triads=True))
    assert len(locked.triads) == 0


@pytest.mark.parametrize("objective", ["total", "coverage"])
@pytest.mark.parametrize("seed", range(6))
def test_bound_over_all_pairs_holds(seed: int, objective: str) -> None:
    rng = np.random.default_rng(seed)
    n = 24
    u, v = np.triu_indices(n, 1)
    weight = rng.integers(0, 1000, len(u))
    score = np.full((n, n), -1)
    score[u, v] = score[v, u] = weight
    kept = np.zeros((n, n), bool)
    for x, near in enumerate(np.argsort(-score, axis=1, kind="stable")[:, :4]):
        kept[x, near] = kept[near, x] = True
    outside = np.where(kept, -1, score).max(axis=1)
    inside = kept[u, v]
    capacity = rng.integers(1, 1 + (2 if objective == "total" else 1), n)
    goal: Objective = "total" if objective == "total" else "coverage"
    few = (u[inside], v[inside], weight[inside])
    part = verified(PairingProblem(*few, capacity=capacity, outside=outside, objective=goal, n=n))
    whole = verified(PairingProblem(u, v, weight, capacity, objective=goal, n=n))
    assert part.upper_bound_all_pairs is not None
    extra = part.certificate.pair_prize * len(whole.pairs)
    assert part.upper_bound_all_pairs >= whole.total_weight + extra
    assert part.upper_bound_all_pairs >= part.upper_bound


@pytest.mark.parametrize("seed", range(12))
def test_capacities_against_milp(seed: int) -> None:
    n, (u, v, weight) = neighbour_graph(40, 6, seed)
    capacity = np.random.default_rng(seed).integers(0, 5, n)
    problem = PairingProblem(u, v, weight // 1000, capacity=capacity)
    solution = verified(problem)
    assert (solution.status, solution.gap) == ("optimal", 0.0)
    assert solution.total_weight == best_by_milp(problem)


def mentors(members: int, mentors: int, k: int, seed: int) -> PairingProblem:
    """Members with ``k`` mentors each to choose from; a mentor takes one to five."""
    rng = np.random.default_rng(seed)
    choice = np.argsort(rng.random((members, min(mentors, 4 * k))), axis=1)[:, :k]
    offset = rng.integers(0, mentors, members)
    u = np.repeat(np.arange(members), k)
    v = members + (choice + offset[:, None]).ravel() % mentors
    weight = rng.integers(1, 10**6, len(u))
    capacity = np.concatenate((np.ones(members, np.int64), rng.integers(1, 6, mentors)))
    return PairingProblem(u, v, weight, capacity=capacity)


def test_mentors_against_assignment_of_copies() -> None:
    problem = mentors(400, 60, 8, 0)
    solution = verified(problem)
    assert (solution.status, solution.gap) == ("optimal", 0.0)
    place = np.repeat(np.arange(460), problem.capacity)[400:] - 400
    score = np.zeros((400, 60), np.int64)
    score[problem.u, problem.v - 400] = problem.weight
    dense = score[:, place]
    rows, columns = linear_sum_assignment(dense, maximize=True)
    assert solution.total_weight == dense[rows, columns].sum()


@pytest.mark.long
def test_fifty_thousand_members_and_two_thousand_mentors() -> None:
    solution = verified(mentors(50_000, 2_000, 20, 1))
    assert (solution.status, solution.gap) == ("optimal", 0.0)


def test_incumbents_stay_while_their_bonus_outweighs() -> None:
    edges = [0, 1, 2], [1, 2, 3], [5, 9, 5]
    assert verified(PairingProblem(*edges)).pairs.tolist() == [[0, 1], [2, 3]]
    kept = verified(PairingProblem(*edges, incumbent=[(2, 1)], incumbent_bonus=2))
    assert kept.pairs.tolist() == [[1, 2]]
    assert (kept.total_weight, kept.objective_weight) == (9, 11)


def test_each_incumbent_has_its_own_bonus_and_of_two_the_higher() -> None:
    edges = [0, 1, 2], [1, 2, 3], [5, 9, 5]
    kept = verified(PairingProblem(*edges, incumbent=[(2, 1), (0, 1)], incumbent_bonus=[2, 1]))
    assert (kept.pairs.tolist(), kept.objective_weight) == ([[0, 1], [2, 3]], 11)
    twice = verified(PairingProblem(*edges, incumbent=[(2, 1), (0, 3), (1, 2)], incumbent_bonus=[2, 9, 4]))
    assert (twice.pairs.tolist(), twice.objective_weight) == ([[1, 2]], 13)


def test_the_order_of_edges_and_ends_changes_nothing_in_value() -> None:
    n, (u, v, weight) = neighbour_graph(200, 6, 9)
    order = np.random.default_rng(0).permutation(len(u))
    one = verified(PairingProblem(u, v, weight, n=n))
    again = verified(PairingProblem(u, v, weight, n=n))
    other = verified(PairingProblem(v[order], u[order], weight[order], n=n))
    assert np.array_equal(one.pairs, again.pairs)
    assert one.total_weight == other.total_weight


def test_progress_is_told_and_may_stop_the_search() -> None:
    n, (u, v, weight) = neighbour_graph(400, 8, 2)
    problem = PairingProblem(u, v, weight, n=n)
    heard: list[tuple[str, float, int, int]] = []
    best = solve_pairing(problem, progress=lambda *report: heard.append(report))
    assert {phase for phase, *_ in heard} == {"fractional", "blossoms"}
    assert all(0 <= fraction <= 1 and plan <= best.total_weight <= bound for _, fraction, plan, bound in heard)
    stopped = solve_pairing(problem, progress=lambda phase, *_: phase != "blossoms")
    verify_pairing(problem, stopped)
    assert stopped.status == "feasible"
    assert stopped.gap < 0.1
    assert all(left.score_rise is None for left in stopped.unmatched)

    def object_to(*_: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        solve_pairing(problem, progress=object_to)


def test_what_does_not_fit_into_copies_is_still_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.pairing.solver.MOST_EDGES", 10)
    n, (u, v, weight) = neighbour_graph(300, 10, 5)
    capacity = np.random.default_rng(5).integers(0, 4, n)
    solution = verified(PairingProblem(u, v, weight, capacity=capacity))
    assert solution.status == "feasible"
    assert solution.gap < 0.06
